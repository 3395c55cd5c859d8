"""The printed record: everything that was handed in, nothing that was typed runs, and who may print what."""

from __future__ import annotations

import json
import re
import uuid
import zlib
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from inspections.models import Visit, VisitVersion
from inspections.printing import record as printing
from inspections.printing.record import visit_record_pdf
from inspections.services.photos import Sent, receive_photo
from inspections.services.visits import correct_visit, review_visit
from shuangjian.accounts.models import User
from shuangjian.files.services import location
from shuangjian.journal.models import AuditEntry
from tests.files.test_store import timed
from tests.inspections import visit_make
from tests.inspections.visit_make import NOW, answer, begun, details, filed, filled, handed_in, jpeg

pytestmark = pytest.mark.django_db

#: What would be markup, an import or a formula if it were read as source.
MARKUP = '#import "/etc/passwd" #panic("x") *强调* $x$ \\ @ref <label> // 注释'


class Printed:
    """What was printed: the data that the layout got, its folder's photos, and the PDF."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.data: dict[str, Any] = {}
        self.said: dict[str, Any] = {}
        compile_ = printing.typst.compile

        def seen(source: str, **said: Any) -> bytes:
            self.said = said
            self.data = json.loads(said["sys_inputs"]["data"])
            return bytes(compile_(source, **said))

        monkeypatch.setattr(printing.typst, "compile", seen)

    @property
    def words(self) -> str:
        return json.dumps(self.data, ensure_ascii=False)


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> Printed:
    return Printed(monkeypatch)


def version_of(visit: Visit) -> VisitVersion:
    return visit.versions.all()[0]


def pages(pdf: bytes) -> int:
    return sum(len(re.findall(rb"/Type\s*/Page\b", part)) for part in unpacked(pdf))


def unpacked(pdf: bytes) -> list[bytes]:
    """The PDF and each of its streams, decompressed where they are compressed."""
    parts = [pdf]
    for found in re.finditer(rb"stream\r?\n", pdf):
        try:
            parts.append(zlib.decompressobj().decompress(pdf[found.end() :]))
        except zlib.error:
            continue
    return parts


def get(person: User | None, visit: Visit, **query: Any) -> Any:
    client = Client()
    if person:
        client.force_login(person)
    return client.get(reverse("visit_record_pdf", args=[visit.key]), query)


def rich(cast: SimpleNamespace) -> Visit:
    """A visit with photos, companions, a summary, a complaint of markup, and a clue beside what was found true."""
    visit = begun(cast, purpose="接到反映")
    data = jpeg(5, side=300)
    sent = Sent(
        total=len(data), name="门头.jpg", item="S-02", caption="前台登记本", taken_at=NOW, latitude=22.937001,
        longitude=113.384002,
    )  # fmt: skip
    receive_photo(visit.pk, uuid.uuid4(), sent=sent, stream=BytesIO(data), actor=cast.first, now=NOW)
    visit_make.photo(visit, cast.second, item="S-01", seed=8)
    filled(cast, visit, note=MARKUP, requirement="收起登记本")
    answer(visit, "S-01", cast.first, verdict="failed", note="门口有旧招牌", decision="clue")
    return details(
        visit, cast.first, summary=f"到场后出示证件。\n{MARKUP}", place_note="示范大街 1 号",
        companions=[{"name": "虚构丙", "unit": "示范派出所"}],
    )  # fmt: skip


def test_the_record_tells_all_that_was_handed_in(cast: SimpleNamespace, printed: Printed) -> None:
    visit = _filed(cast)
    version = version_of(visit)
    pdf = visit_record_pdf(visit, version)
    assert pdf.startswith(b"%PDF-")
    data = printed.data
    facts = dict(data["facts"])
    assert facts["被检查单位"].startswith("虚构培训一部\n校外培训机构")
    assert facts["检查地点"].splitlines()[0] == "示范大街 1 号"
    assert "距登记地点约 30 米" in facts["检查地点"]
    assert facts["检查人员"] == "测试员（演示东街）　主办\n测试员（演示东街）"
    assert (facts["同行人员"], facts["在场人员"]) == ("虚构丙（示范派出所）", "虚构甲（校长）")
    assert (facts["检查事由"], facts["检查结果"]) == ("接到反映", "发现问题，责令限期整改")
    assert facts["审核"] == "测试员（演示东街）"
    clue, confirmed = (dict(each["lines"]) for each in data["found"])
    assert (confirmed["情况"], confirmed["处理"], confirmed["整改要求"]) == (MARKUP, "查实", "收起登记本")
    assert (confirmed["整改期限"], confirmed["预警等级"], confirmed["照片"]) == ("2026-12-04", "违规", "1")
    assert (clue["情况"], clue["处理"]) == ("门口有旧招牌", "线索")
    rows = [row for group in data["groups"] for row in group["lines"]]
    assert [(row["code"], row["verdict"]) for row in rows] == [("S-01", "不符合"), ("S-02", "不符合"), ("S-03", "符合")]
    assert (data["sha256"], data["version"], data["is-fictional"]) == (version.sha256, 1, True)
    assert data["signers"] == ["测试员", "测试员", "虚构丙"]
    first = data["photos"][0]
    stored = visit.photos.get(item__code="S-02").stored
    assert (first["title"], first["caption"], "".join(first["sha256"])) == ("照片 1　S-02", "前台登记本", stored.sha256)
    assert first["times"].startswith("拍摄 2026-11-24 10:00:00　收到 20")
    assert first["file"] == "1.jpg"


def _filed(cast: SimpleNamespace) -> Visit:
    visit = rich(cast)
    visit_make.hand_in_visit(visit.pk, actor=cast.first, now=NOW)
    return review_visit(visit.pk, decision="file", actor=cast.town, now=NOW)


def test_fonts_are_embedded_and_nothing_of_the_machine_is_needed(cast: SimpleNamespace, printed: Printed) -> None:
    visit = filed(cast)
    parts = unpacked(visit_record_pdf(visit, version_of(visit)))
    fonts = {name for part in parts for name in re.findall(rb"/FontName\s*/(?:[A-Z]{6}\+)?([\w-]+)", part)}
    assert {b"NotoSerifSC-Regular", b"NotoSansSC-Regular"} <= fonts
    descriptors = [one for part in parts for one in re.findall(rb"<<[^<>]*/Type\s*/FontDescriptor[^<>]*>>", part)]
    assert descriptors
    assert all(b"/FontFile" in each for each in descriptors)
    assert printed.said["ignore_system_fonts"] is True
    assert any(b"pdfaid" in part for part in parts)  # PDF/A: kept as an archive wants it


def test_what_was_typed_is_words_and_never_source(cast: SimpleNamespace, printed: Printed) -> None:
    """Pasted into the source, MARKUP would stop the compiler or read a file; here it is printed as it stands."""
    assert visit_record_pdf(_filed(cast), VisitVersion.objects.get()).startswith(b"%PDF-")
    assert MARKUP in printed.data["summary"]
    assert MARKUP not in printing._SOURCE.read_text(encoding="utf-8")


def test_the_same_version_prints_the_same_bytes(cast: SimpleNamespace) -> None:
    visit = filed(cast)
    assert visit_record_pdf(visit, version_of(visit)) == visit_record_pdf(visit, version_of(visit))


def test_a_photo_whose_file_is_lost_is_told_and_the_rest_printed(cast: SimpleNamespace, printed: Printed) -> None:
    visit = _filed(cast)
    location(visit.photos.get(item__code="S-02").stored.path).unlink()
    assert visit_record_pdf(visit, version_of(visit)).startswith(b"%PDF-")
    assert [each["file"] for each in printed.data["photos"]] == ["", "2.jpg", "3.jpg"]


def test_sixty_photos_print_in_pages_of_six(cast: SimpleNamespace, tmp_path: Path) -> None:
    visit = begun(cast)
    for number in range(59):
        visit_make.photo(visit, cast.first, item="S-01" if number % 2 else "", seed=number + 10)
    visit = filed(cast, visit)
    with timed("60 photos"):
        pdf = visit_record_pdf(visit, version_of(visit))
    print(f"{len(pdf) // 1024} KB")
    assert 11 <= pages(pdf) <= 14
    assert not list(tmp_path.glob("record-*"))


def test_a_correction_is_told_with_its_reason_and_the_version_before(cast: SimpleNamespace, printed: Printed) -> None:
    visit = filed(cast)
    first = version_of(visit)
    correct_visit(visit.pk, reason="期限写错", actor=cast.first, now=NOW)
    visit_make.hand_in_visit(visit.pk, actor=cast.first, now=NOW)
    visit = review_visit(visit.pk, decision="file", actor=cast.town, now=NOW)
    second = version_of(visit)
    visit_record_pdf(visit, second)
    assert [(row["number"], row["reason"]) for row in printed.data["versions"]] == [
        ("1", ""),
        ("2", "更正原因：期限写错"),
    ]
    assert ["".join(row["sha256"]) for row in printed.data["versions"]] == [first.sha256, second.sha256]
    assert printed.data["status"] == "第 2 版　2026-11-24 归档"
    visit_record_pdf(visit, first)
    assert printed.data["status"] == "第 1 版　已由第 2 版更正"
    assert [row["number"] for row in printed.data["versions"]] == ["1"]


def test_what_is_not_filed_says_that_it_proves_nothing(cast: SimpleNamespace, printed: Printed) -> None:
    visit = handed_in(cast)
    visit_record_pdf(visit, version_of(visit))
    assert printed.data["status"] == "第 1 版　待审核，不作依据"
    review_visit(visit.pk, decision="return", remark="请补充", actor=cast.town, now=NOW)
    visit_record_pdf(visit, version_of(visit))
    assert printed.data["status"] == "第 1 版　已退回，不作依据"


def test_the_institution_gets_what_it_may_know_and_no_more(cast: SimpleNamespace, printed: Printed) -> None:
    visit = _filed(cast)
    response = get(cast.org_person, visit)
    assert (response.status_code, response["Content-Type"]) == (200, "application/pdf")
    data = printed.data
    assert dict(data["facts"])["检查结果"] == "发现问题，责令限期整改"
    assert [dict(each["lines"])["整改要求"] for each in data["found"]] == ["收起登记本"]
    assert (data["photos"], data["groups"], data["summary"], data["versions"]) == ([], [], "", [])
    hidden = ["接到反映", "虚构丙", "示范派出所", "门口有旧招牌", "到场后出示证件", "线索", "前台登记本", "违规"]
    assert [word for word in hidden if word in printed.words] == []


def test_the_institution_prints_nothing_that_is_not_filed(cast: SimpleNamespace) -> None:
    visit = handed_in(cast)
    assert get(cast.org_person, visit).status_code == 404
    assert get(cast.town, visit).status_code == 200
    review_visit(visit.pk, decision="file", actor=cast.town, now=NOW)
    assert get(cast.org_person, visit).status_code == 200
    correct_visit(visit.pk, reason="期限写错", actor=cast.first, now=NOW)
    visit_make.hand_in_visit(visit.pk, actor=cast.first, now=NOW)
    assert get(cast.org_person, visit, version="2").status_code == 404


def test_whoever_may_see_the_visit_prints_it_and_each_time_is_written_down(
    cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = filed(cast)
    monkeypatch.setattr("inspections.services.printing.visit_record_pdf", lambda *_, **__: b"%PDF-")
    allowed = [cast.bureau, cast.town, cast.first, cast.second, cast.org_person]
    assert [get(person, visit).status_code for person in allowed] == [200] * 5
    refused = [cast.other_town, cast.other_inspector, cast.dept]
    assert [get(person, visit).status_code for person in refused] == [404] * 3
    assert get(None, visit).headers["Location"].startswith("/login/")
    entries = AuditEntry.objects.filter(act="print_visit_record", target=f"visit:{visit.number}")
    assert [entry.actor for entry in entries.order_by("pk")] == allowed


@pytest.mark.parametrize("version", ["2", "0", "-1", "eins", "1'; --", "９"])
def test_a_version_that_is_not_there_is_404(cast: SimpleNamespace, version: str) -> None:
    assert get(cast.town, filed(cast), version=version).status_code == 404


def test_a_visit_that_was_never_handed_in_has_no_record(cast: SimpleNamespace) -> None:
    assert get(cast.town, begun(cast)).status_code == 404


def test_it_goes_out_as_a_document_of_this_person_alone(cast: SimpleNamespace) -> None:
    response = get(cast.town, filed(cast), version="1")
    assert "inline" in response["Content-Disposition"]
    assert "%E6%A3%80%E6%9F%A5%E8%AE%B0%E5%BD%95_JC-2026-00001" in response["Content-Disposition"]
    assert (response["Cache-Control"], response["X-Content-Type-Options"]) == ("private, no-store", "nosniff")


def test_runs_of_photos_are_told_in_short() -> None:
    number_of = {str(number): number for number in range(1, 12)}
    assert printing._numbers(["3", "1", "2", "7", "9", "10", "x"], number_of) == "1–3、7、9、10"
