"""The printed record of a visit: what one frozen version says, laid out by record.typ.

Fonts come with the program and are embedded, so a reader's machine and a server without fonts show the same.
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
import typst

from inspections.choices import Decision, Verdict
from inspections.models import Visit, VisitVersion
from inspections.pages.form import clause_label
from inspections.pages.people import position_words
from inspections.printing.pictures import for_print
from shuangjian.accounts.models import BUREAU_NAME
from shuangjian.core import clock
from shuangjian.core.choices import Severity
from shuangjian.files.models import StoredFile

_SOURCE = Path(__file__).with_name("record.typ")
_FONTS = Path(pylopdf_fonts_zh_cn.serif_path()).parent
_HASH_NOTE = (
    "校验值为该版记录的 SHA-256：记录按键名排序、无空格、UTF-8 编码的 JSON 计算，任何改动都会使它不同。"
    "现场签字以纸质原件为准。"
)
_SIGNING = "以上情况经现场核对。对检查结果有异议的，可在签字处注明，也可书面向区教育局提出。"
_SIGNING_OWN = "本联由被检查单位留存。对检查结果有异议的，可书面向区教育局提出。"


def visit_record_pdf(visit: Visit, version: VisitVersion, *, for_institution: bool = False) -> bytes:
    """The record of ``version`` as PDF/A with everything on it: people, place, items, photos, hashes, signatures.

    ``for_institution``: what the institution itself may know: who came, the result, the items found true with what is
    required and by when; no purpose, complaint, companions, clues, remarks and photos.
    """
    with tempfile.TemporaryDirectory(prefix="record-") as name:
        folder = Path(name)
        (folder / _SOURCE.name).write_bytes(_SOURCE.read_bytes())
        data = _of_institution(visit, version) if for_institution else _of_record(visit, version, folder)
        return typst.compile(
            str(folder / _SOURCE.name),
            root=str(folder),
            font_paths=[str(_FONTS)],
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            pdf_standards=["a-2b"],
            timestamp=version.handed_in_at.astimezone(dt.UTC).replace(microsecond=0),
        )


def _of_record(visit: Visit, version: VisitVersion, folder: Path) -> dict[str, Any]:
    record = version.record
    number_of = {each["key"]: number for number, each in enumerate(record["photos"], 1)}
    failed = [each for each in record["answers"] if each["verdict"] == Verdict.FAILED]
    return {
        **_head(visit, version),
        "title": "双减专项检查记录",
        "signers": [each["name"] for each in (*record["inspectors"], *record["companions"])],
        "facts": _facts(record, version),
        "summary": record["summary"],
        "found-title": f"不符合的要点（{len(failed)} 项）",
        "found-none": "没有不符合的要点。",
        "found": [_found(each, number_of) for each in failed],
        "items-title": f"检查要点（{len(record['answers'])} 项）",
        "groups": _groups(record["answers"], number_of),
        "versions": [_version(each) for each in _versions_up_to(visit, version)],
        "hash-note": _HASH_NOTE,
        "signing": _SIGNING,
        "photos": _photos(record["photos"], folder),
        "photos-note": "拍摄时间按手机，收到时间按服务器；校验值为所收原件的 SHA-256，原件由区教育局封存。",
    }


def _of_institution(visit: Visit, version: VisitVersion) -> dict[str, Any]:
    record = version.record
    found = [
        each
        for each in record["answers"]
        if each["verdict"] == Verdict.FAILED and each["decision"] == Decision.CONFIRMED
    ]
    facts = [
        ("被检查单位", record["institution"]["name"]),
        ("检查方式", record["kind_label"]),
        ("检查时间", _minute(record["started_at"]) or record["planned_on"]),
        ("检查人员", "\n".join(_named(each) for each in record["inspectors"])),
        ("在场人员", "\n".join(_joined(each, "post") for each in record["people_met"])),
        ("检查结果", record["result_label"]),
    ]
    return {
        **_head(visit, version),
        "title": "双减专项检查结果告知",
        "facts": [fact for fact in facts if fact[1]],
        "summary": "",
        "found-title": f"查实的问题与整改要求（{len(found)} 项）",
        "found-none": "没有查实的问题。",
        "found": [_found(each, {}, own=True) for each in found],
        "items-title": "",
        "groups": [],
        "versions": [],
        "hash-note": "",
        "signing": _SIGNING_OWN,
        "photos": [],
        "photos-note": "",
    }


def _head(visit: Visit, version: VisitVersion) -> dict[str, Any]:
    record = version.record
    return {
        "unit": BUREAU_NAME,
        "number": record["number"],
        "version": version.number,
        "sha256": version.sha256,
        "status": _status(visit, version),
        "is-fictional": visit.institution.is_fictional,
        "signers": [each["name"] for each in record["inspectors"]],
    }


def _status(visit: Visit, version: VisitVersion) -> str:
    later = visit.versions.filter(filed_at__isnull=False, pk__gt=version.pk).order_by("-pk").first()
    if later is not None:
        return f"第 {version.number} 版　已由第 {later.number} 版更正"
    if version.filed_at is not None:
        return f"第 {version.number} 版　{version.filed_at.astimezone(clock.LOCAL):%Y-%m-%d} 归档"
    return f"第 {version.number} 版　" + ("已退回，不作依据" if version.reviewed_by_id else "待审核，不作依据")


def _facts(record: dict[str, Any], version: VisitVersion) -> list[tuple[str, str]]:
    place, begun, checklist = record["place"], record["started_at"], record["checklist"]
    where = position_words(place["latitude"], place["accuracy_m"], place["distance_m"]) if begun else ""
    at = f"北纬 {place['latitude']}，东经 {place['longitude']}" if place["latitude"] else ""
    unit = record["institution"]
    reviewed = f"{version.reviewed_by.name}（{version.reviewed_by.unit_name}）" if version.reviewed_by else ""
    facts = [
        (
            "被检查单位",
            "\n".join(filter(None, [unit["name"], f"{unit['kind_label']}　{unit['code']}　{unit['town']}"])),
        ),
        ("检查方式", record["kind_label"]),
        ("计划日期", record["planned_on"]),
        ("开始时间", _minute(begun)),
        ("检查地点", "\n".join(filter(None, [place["note"], where, at]))),
        ("检查事由", record["purpose"]),
        ("投诉线索", record["complaint"]),
        ("回头看", record["follows"]),
        ("检查人员", "\n".join(_named(each) + ("　主办" if each["is_lead"] else "") for each in record["inspectors"])),
        ("参与部门", "、".join(each["name"] for each in record["departments"])),
        ("同行人员", "\n".join(_joined(each, "unit") for each in record["companions"])),
        ("在场人员", "\n".join(_joined(each, "post") for each in record["people_met"])),
        ("检查表", f"{checklist['title']} 第 {checklist['number']} 版" if checklist else ""),
        ("检查结果", record["result_label"]),
        ("提交", _stamp(record.get("handed_in_by"), record.get("handed_in_at"))),
        ("审核", "\n".join(filter(None, [reviewed, version.remark]))),
    ]
    return [fact for fact in facts if fact[1]]


def _found(answer: dict[str, Any], number_of: dict[str, int], *, own: bool = False) -> dict[str, Any]:
    severity = answer["severity"] or answer["default_severity"]
    lines = [
        ("依据", clause_label(answer["clause"])),
        ("情况", answer["note"]),
        ("处理", "" if own else str(Decision(answer["decision"]).label) if answer["decision"] else "未定"),
        ("预警等级", "" if own else str(Severity(severity).label)),
        ("整改要求", answer["requirement"] or (f"按要求整改：{answer['text']}" if answer["due_on"] else "")),
        ("整改期限", answer["due_on"] or ""),
        ("照片", _numbers(answer["photos"], number_of)),
    ]
    return {"text": f"{answer['item']} {answer['text']}", "lines": [line for line in lines if line[1]]}


def _groups(answers: Iterable[dict[str, Any]], number_of: dict[str, int]) -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for each in answers:
        is_failed = each["verdict"] == Verdict.FAILED
        groups.setdefault(each["group"], []).append(
            {
                "code": each["item"],
                "text": each["text"],
                "note": "" if is_failed else each["note"],  # told above already
                "verdict": str(Verdict(each["verdict"]).label) if each["verdict"] else "未填",
                "is-failed": is_failed,
                "photos": _numbers(each["photos"], number_of),
            }
        )
    return [{"name": name, "lines": lines} for name, lines in groups.items()]


def _versions_up_to(visit: Visit, version: VisitVersion) -> list[VisitVersion]:
    """Those that were filed before it, and itself."""
    return [
        each for each in visit.versions.order_by("pk") if each == version or (each.filed_at and each.pk < version.pk)
    ]


def _version(version: VisitVersion) -> dict[str, Any]:
    filed = f"\n{version.filed_at.astimezone(clock.LOCAL):%Y-%m-%d %H:%M} 归档" if version.filed_at else ""
    return {
        "number": str(version.number),
        "when": f"{version.handed_in_at.astimezone(clock.LOCAL):%Y-%m-%d %H:%M} 提交{filed}",
        "reason": f"更正原因：{version.reason}" if version.reason else "",
        "sha256": _halves(version.sha256),
    }


def _photos(photos: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    files = {str(each.key): each for each in StoredFile.objects.filter(key__in=[each["file"] for each in photos])}
    printed = []
    for number, each in enumerate(photos, 1):
        name = f"{number}.jpg"
        stored = files.get(each["file"])
        is_there = stored is not None and for_print(stored, folder, name)
        taken = f"拍摄 {_second(each['taken_at'])}　" if each["taken_at"] else ""
        printed.append(
            {
                "file": name if is_there else "",
                "title": f"照片 {number}　{each['item'] or '现场'}",
                "place": f"{each['latitude']}, {each['longitude']}" if each["latitude"] else "",
                "caption": each["caption"],
                "times": f"{taken}收到 {_second(each['received_at'])}",
                "sha256": _halves(each["sha256"]),
            }
        )
    return printed


def _numbers(keys: Iterable[str], number_of: dict[str, int]) -> str:
    """1–4、7: numbers of photos, runs of three and more in short."""
    runs: list[list[int]] = []
    for number in sorted(number_of[key] for key in keys if key in number_of):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return "、".join(f"{run[0]}–{run[-1]}" if len(run) > 2 else "、".join(map(str, run)) for run in runs)


def _halves(digest: str) -> list[str]:
    return [digest[:32], digest[32:]]


def _named(person: dict[str, Any]) -> str:
    return f"{person['name']}（{person['unit']}）"


def _joined(person: dict[str, Any], more: str) -> str:
    name, rest = str(person.get("name", "")), str(person.get(more, ""))
    return f"{name}（{rest}）" if rest else name


def _stamp(person: dict[str, Any] | None, instant: str | None) -> str:
    return "　".join(filter(None, [_named(person) if person else "", _minute(instant)]))


def _minute(instant: str | None) -> str:
    return f"{dt.datetime.fromisoformat(instant):%Y-%m-%d %H:%M}" if instant else ""


def _second(instant: str | None) -> str:
    return f"{dt.datetime.fromisoformat(instant):%Y-%m-%d %H:%M:%S}" if instant else ""
