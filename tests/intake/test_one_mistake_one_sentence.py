"""One validation path: the same mistake gives the same sentence in the web form, the workbook, the API and the CSV.

Each mistake is made at every door by what a person or program would do there: type into the cell of the form, write
into the cell of the worksheet, send the JSON value, write the field of the CSV line. All of it over HTTP where there is
HTTP. The sentences are those that people read.
"""

from __future__ import annotations

import html
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from shuangjian.accounts.tokens import create_api_token
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.intake import services
from shuangjian.intake.models import ImportBatch, WeeklyReturn
from tests import make
from tests.intake.bulk import build
from tests.intake.test_form_pages import fields

WEEK = make.WEEK
FRIDAY = clock.at(WEEK.days[4], 16 * 60)
MONDAY, TUESDAY = "2026-11-02", "2026-11-03"
CLASS = "2026-03-01"
PLAIN = {
    "kind": None, "marked_by": None, "asks_parents": None, "done_at_school": None, "published_on": None,
    "publication": None,
}  # fmt: skip


@dataclass(frozen=True)
class Mistake:
    """One wrong value: the payload key and column, and how it is made at each door.

    ``typed`` is what stands in the form's ``cell`` and in the CSV; ``value`` the JSON value; ``in_sheet`` what stands
    in the worksheet's cell under ``header``.
    """

    name: str
    key: str
    column: str
    sentence: str
    typed: str
    value: Any
    cell: str
    sheet: str
    header: str
    in_sheet: Any = None
    at: str = ""
    raw_json: str = ""

    @property
    def sheet_value(self) -> Any:
        return self.typed if self.in_sheet is None else self.in_sheet


def _minutes(name: str, typed: str, value: Any, says: str, **more: Any) -> Mistake:
    sentence = f"“分钟数”应为 1–300 的整数（分钟），现为{says}没有作业请勾选“当日无作业”。"
    cell = f"hw-{CLASS}-0-m2"
    return Mistake(name, "homework", "minutes", sentence, typed, value, cell, "作业", "分钟", **more)


def _service(
    name: str, column: str, header: str, cell: str, typed: str, value: Any, sentence: str, **more: Any
) -> Mistake:
    return Mistake(
        name, "after_school", column, sentence, typed, value, f"as-primary-{cell}", "课后服务", header, **more
    )


MISTAKES = [
    _minutes("too many minutes", "301", 301, "301。", in_sheet=301),
    _minutes("no minutes", "0", 0, "0。", in_sheet=0),
    _minutes("negative minutes", "-5", -5, "-5。", in_sheet=-5),
    _minutes("full-width digits", "６０", "６０", "“６０”。请改用半角数字。"),
    _minutes("a number with its unit", "60分钟", "60分钟", "“60分钟”。请只填数字，不带单位。"),
    _minutes("a fraction", "20.5", 20.5, "20.5。", in_sheet=20.5),
    _minutes("words", "很多", "很多", "“很多”。"),
    Mistake(
        "an unknown subject", "homework", "subject",
        "“学科”应为 ", "奥数", "奥数", f"hw-{CLASS}-0-subject", "作业", "学科",
    ),
    Mistake(
        "a first lesson in words", "school_day", "first_lesson",
        "“第一节课”应为 24 小时制时刻，如 \"08:20\"，现为“8点20”。",
        "8点20", "8点20", "sd-primary-1", "作息", "第一节课",
    ),
    Mistake(
        "a first lesson at five", "school_day", "first_lesson",
        "“第一节课”05:59 不合常理，应在 06:00 与 12:00 之间，请核对。",
        "05:59", "05:59", "sd-primary-1", "作息", "第一节课",
    ),
    Mistake(
        "an arrival after the first lesson", "school_day", "arrival",
        "要求到校时间 09:00 晚于第一节课 08:20，请核对。",
        "09:00", "09:00", "sd-primary-arrival-1", "作息", "要求到校时间",
    ),
    _service(
        "no service minutes", "minutes", "服务分钟数", "1", "0", 0,
        "“服务分钟数”应为 1–300 的整数（分钟），现为0。没有开展请勾选“当日无课后服务”。", in_sheet=0,
    ),
    _service(
        "more pupils than there are", "served", "实际参加人数", "served-1", "10000", 10000,
        "“实际参加人数”应为 0–9999 的整数（人），现为10000。", in_sheet=10000,
    ),
    Mistake(
        "a share above all", "homework", "done_at_school",
        "“校内完成占比”应在 0 与 1 之间（即 0%–100%，最多四位小数），现为1.2。", "120", 1.2,
        f"hw-{CLASS}-0-share", "作业", "校内完成占比", in_sheet=1.2,
    ),
    Mistake(
        "a publication on no date", "homework", "published_on",
        "“公示日期”应为日期，如 ", "11月3号", "11月3号", f"hw-{CLASS}-pd-2", "作业", "公示日期",
    ),
    Mistake(
        "a publication before the guideline", "homework", "published_on",
        "“公示日期”2020-09-01 不合常理，应在 2021-09-01 与 ", "2020-09-01", "2020-09-01",
        f"hw-{CLASS}-pd-2", "作业", "公示日期",
    ),
    Mistake(
        "a publication without a date", "homework", "publication",
        "有公示链接或照片，但没有公示日期，请填写公示日期。",
        "照片 3", "照片 3", f"hw-{CLASS}-pl-2", "作业", "公示链接或照片编号",
    ),
    Mistake(
        "a layer mark that is too long", "homework", "alternative",
        "“分层标记”应为 1–20 个字的文字（首尾无空格，不含换行和不可见字符），现为“", "层" * 21, "层" * 21,
        f"hw-{CLASS}-0-alternative", "作业", "分层标记",
    ),
]  # fmt: skip
_OVER = Mistake(
    "a number beyond all numbers", "homework", "minutes", "", "1e309", None, f"hw-{CLASS}-0-m2", "作业", "分钟",
    raw_json="1e309",
)  # fmt: skip


@pytest.fixture(autouse=True)
def friday() -> Iterator[None]:
    with time_machine.travel(FRIDAY, tick=False):
        yield


@pytest.fixture
def school(db: None) -> Institution:
    make.calendar()
    return make.school(town=make.town(), centre=make.centre(), classes=[CLASS])


@pytest.fixture
def filer(school: Institution) -> Client:
    client = Client()
    client.force_login(make.user("school", school, username="tianbao"))
    return client


def lawful(school: Institution) -> dict[str, Any]:
    """One written item on Tuesday and nothing that a later key could complain about."""
    payload = make.full_payload(school, homework=[make.item(CLASS, TUESDAY, 20, **PLAIN)])
    for key, names in (("school_day", ("arrival",)), ("after_school", ("wanting", "served"))):
        for row in payload[key]:
            for name in names:
                row.pop(name, None)
    if payload["after_school"]:
        payload["after_school"] = [{**row, "wanting": 30, "served": 30} for row in payload["after_school"]]
    payload["homework"] = [{k: v for k, v in row.items() if k not in PLAIN} for row in payload["homework"]]
    return payload


def saved_draft(filer: Client, school: Institution) -> None:
    services.save_draft(school, WEEK, lawful(school), actor=make.Somebody(), now=FRIDAY)


# The doors: each returns the text in which the sentences stand --------------------------------------------------------


def by_form(mistake: Mistake, filer: Client, school: Institution, _: Path) -> str:
    saved_draft(filer, school)
    cells = fields(filer, school) | {mistake.cell: mistake.typed, "act": "save"}
    answer = filer.post(f"/units/{school.code}/returns/{WEEK.key}/", cells)
    assert answer.status_code == 422
    return html.unescape(answer.content.decode())


def by_workbook(mistake: Mistake, filer: Client, school: Institution, _: Path) -> str:
    saved_draft(filer, school)
    address = f"/units/{school.code}/returns/{WEEK.key}/workbook"
    book = openpyxl.load_workbook(io.BytesIO(filer.get(f"{address}.xlsx").content))
    sheet = book[mistake.sheet]
    header = next(row for row in sheet.iter_rows() if any(cell.value == mistake.header for cell in row))
    column = next(cell.column for cell in header if cell.value == mistake.header)
    cell = sheet.cell(header[0].row + 1, column)
    cell.value = mistake.sheet_value
    buffer = io.BytesIO()
    book.save(buffer)
    answer = filer.post(f"{address}/", {"file": SimpleUploadedFile("周报.xlsx", buffer.getvalue())})
    assert answer.status_code == 422
    assert not ImportBatch.objects.exists()
    return html.unescape(answer.content.decode())


def by_api(mistake: Mistake, filer: Client, school: Institution, _: Path) -> str:
    payload = lawful(school)
    payload[mistake.key][0][mistake.column] = mistake.value
    body = json.dumps(payload, ensure_ascii=False)
    if mistake.raw_json:
        body = body.replace(f'"{mistake.column}": null', f'"{mistake.column}": {mistake.raw_json}')
    _, token = create_api_token(
        name="试用", institution=school, can_write=True, actor=None, expires_at=FRIDAY.replace(year=2027)
    )
    answer = Client().put(
        f"/api/v1/schools/{school.code}/weekly-returns/{WEEK.key}/",
        body,
        content_type="application/json",
        HTTP_AUTHORIZATION=f"Bearer {token}",
    )
    assert answer.status_code in (400, 422)
    assert not WeeklyReturn.objects.exists()
    return "\n".join(error["message"] for error in answer.json()["errors"])


def by_csv(mistake: Mistake, filer: Client, school: Institution, folder: Path) -> str:
    rows = build.lines(school, lawful(school))
    first = next(row for row in rows if row["part"] == mistake.key)
    first[mistake.column] = str(mistake.value) if mistake.column == "done_at_school" else mistake.typed
    with pytest.raises(CommandError) as refused:
        call_command("load_returns", str(build.write(folder, rows)))
    assert not WeeklyReturn.objects.exists()
    return str(refused.value)


DOORS: dict[str, Callable[[Mistake, Client, Institution, Path], str]] = {
    "form": by_form, "workbook": by_workbook, "api": by_api, "csv": by_csv,
}  # fmt: skip


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_told_in_the_same_words_at_every_door(
    mistake: Mistake, door: str, filer: Client, school: Institution, tmp_path: Path
) -> None:
    assert mistake.sentence in DOORS[door](mistake, filer, school, tmp_path)


@pytest.mark.parametrize("door", DOORS)
def test_a_number_beyond_all_numbers_is_told_in_the_same_words(
    door: str, filer: Client, school: Institution, tmp_path: Path
) -> None:
    said = DOORS[door](_OVER, filer, school, tmp_path)
    assert "“分钟数”应为 1–300 的整数（分钟），现为" in said
    assert "1e309" in said or "超出" in said
