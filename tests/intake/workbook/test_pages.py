"""Download, upload, the check with its findings, the confirmation; who may do what, and what never happens twice."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import Any
from urllib.parse import unquote

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl.workbook import Workbook

from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution
from shuangjian.core import uploads
from shuangjian.intake import services
from shuangjian.intake.models import ImportBatch, ReturnVersion, WeeklyReturn
from shuangjian.intake.workbook.files import WeekTables
from shuangjian.journal.models import AuditEntry
from tests import make
from tests.intake.workbook.conftest import FRIDAY, TUESDAY, WEEK, XLSX, edited, rich_payload
from tests.intake.workbook.excel_door import address, checked, filled, template, text_of, upload

# Download -------------------------------------------------------------------------------------------------------


def test_the_filer_downloads_a_blank_workbook_of_the_week(filer_client: Client, school: Institution) -> None:
    answer = filer_client.get(address(school, "workbook.xlsx"))
    assert answer["Content-Type"] == XLSX
    assert unquote(answer["Content-Disposition"]).endswith("周报_示范一校_2026-W45.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book["作业"]["A4"].value is None


def test_the_filer_gets_the_draft_and_readers_what_was_submitted(
    filer_client: Client, school: Institution, filer: User
) -> None:
    make.submitted(school, homework=[make.item("2026-03-01", TUESDAY, 30)])
    draft = make.full_payload(school, homework=[make.item("2026-03-01", TUESDAY, 40)])
    services.save_draft(school, WEEK, draft, actor=filer, now=FRIDAY)

    def minutes(client: Client) -> Any:
        return openpyxl.load_workbook(io.BytesIO(template(client, school)))["作业"]["D4"].value

    assert minutes(filer_client) == 40
    for role, unit in (("town", school.town), ("centre", school.centre), ("bureau", None)):
        reader = Client()
        reader.force_login(make.user(role, unit))
        assert minutes(reader) == 30


def test_readers_find_nothing_before_it_is_submitted(school: Institution, filer: User) -> None:
    services.save_draft(school, WEEK, make.full_payload(school), actor=filer, now=FRIDAY)
    reader = Client()
    reader.force_login(make.user("bureau"))
    assert reader.get(address(school, "workbook.xlsx")).status_code == 404


def test_last_week_is_carried_over_only_when_asked_and_nothing_is_saved(
    filer_client: Client, school: Institution, filer: User
) -> None:
    earlier = WEEK.plus(-1)
    day = (dt.date.fromisoformat(TUESDAY) - dt.timedelta(days=7)).isoformat()
    make.submitted(school, earlier, homework=[make.item("2026-03-01", day, 30)])
    assert openpyxl.load_workbook(io.BytesIO(template(filer_client, school)))["作业"]["A4"].value is None
    book = openpyxl.load_workbook(io.BytesIO(template(filer_client, school, "?prefill=last")))
    assert [cell.value for cell in book["作业"][4]][:4] == [
        "三年级（1）班", dt.datetime.combine(dt.date(2026, 11, 3), dt.time()), "语文", 30,
    ]  # fmt: skip
    services.save_draft(school, WEEK, make.full_payload(school), actor=filer, now=FRIDAY)
    assert (
        openpyxl.load_workbook(io.BytesIO(template(filer_client, school, "?prefill=last")))["作业"]["A4"].value is None
    )


# Upload ---------------------------------------------------------------------------------------------------------


def test_a_file_with_mistakes_is_answered_with_all_of_them_and_saves_nothing(
    filer_client: Client, school: Institution
) -> None:
    def spoil(book: Workbook) -> None:
        book["作业"]["D4"] = "60分钟"
        book["作息"]["C4"] = "8点20"

    data = edited(filled(school, homework=[make.item("2026-03-01", TUESDAY, 30)]), spoil)
    answer = upload(filer_client, school, data)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "表格有 2 处需要修改，没有保存任何内容" in page
    assert "现为“60分钟”。请只填数字，不带单位。" in page
    assert 'data-sheet="作业" data-order="1" data-row="4" data-column="3"' in page
    assert not ImportBatch.objects.exists()
    assert not WeeklyReturn.objects.exists()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "文件"),
        (b"PK\x03\x04 no workbook", "文件"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "文件"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 600, "文件"),
    ],
)
def test_what_is_no_workbook_is_refused_by_name(
    filer_client: Client, school: Institution, data: bytes, sentence: str
) -> None:
    answer = upload(filer_client, school, data)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not ImportBatch.objects.exists()


def test_a_file_cut_in_half_is_refused(filer_client: Client, school: Institution) -> None:
    data = filled(school)
    answer = upload(filer_client, school, data[: len(data) // 2])
    assert answer.status_code == 422
    assert "文件不完整，可能没有传完或没有保存完" in text_of(answer)


def test_an_upload_cut_on_its_way_saves_nothing(filer_client: Client, school: Institution) -> None:
    data = filled(school)
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.xlsx"\r\n\r\n' + data[:3000]
    answer = filer_client.generic("POST", address(school), body, "multipart/form-data; boundary=x")
    assert answer.status_code in (400, 422)
    assert not ImportBatch.objects.exists()
    assert not WeeklyReturn.objects.exists()


def test_without_a_file_the_page_says_so_at_the_field(filer_client: Client, school: Institution) -> None:
    answer = filer_client.post(address(school))
    assert answer.status_code == 422
    assert "请先选择填好的表格（.xlsx）" in text_of(answer)


def test_a_file_beyond_all_limits_never_reaches_the_view(
    filer_client: Client, school: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_BYTES", 1000)
    answer = upload(filer_client, school, filled(school))
    assert answer.status_code == 422
    assert "文件超过 20 MB，没有接收" in text_of(answer)


# Check and confirm ------------------------------------------------------------------------------------------------


def test_the_check_tells_what_the_file_would_raise_and_saves_nothing(filer_client: Client, school: Institution) -> None:
    where = checked(filer_client, school, filled(school, homework=[make.item("2026-03-01", TUESDAY, 75)]))
    answer = filer_client.get(where)
    page = text_of(answer)
    assert answer.status_code == 200
    assert "HW-02" in page
    assert "三年级（1）班 11-03（周二）" in page
    assert "本单位 75 分钟" in page
    assert "标准值 60 分钟" in page
    assert not WeeklyReturn.objects.exists()
    assert ImportBatch.objects.get().used_at is None


def test_a_lawful_file_says_that_it_can_be_submitted(filer_client: Client, school: Institution) -> None:
    page = text_of(filer_client.get(checked(filer_client, school, filled(school))))
    assert "表格无误，没有疑似问题，可以提交" in page
    assert "之前没有提交过周报，没有可对照的一周" in page


def test_confirming_submits_once_through_the_file_door(filer_client: Client, school: Institution) -> None:
    where = checked(filer_client, school, filled(school, homework=[make.item("2026-03-01", TUESDAY, 75)]))
    for said in ("已提交第 1 版", "内容与第 1 版相同，没有产生新版本"):
        answer = filer_client.post(where, {"act": "submit", "note": "期中复习"}, follow=True)
        assert said in text_of(answer)
    version = ReturnVersion.objects.get()
    assert (version.door, version.number, version.note) == ("file", 1, "期中复习")
    assert version.payload["homework"][0]["minutes"] == 75
    assert [entry.act for entry in AuditEntry.objects.filter(institution=school).order_by("id")][-3:] == [
        "upload_workbook", "submit_return", "use_workbook",
    ]  # fmt: skip
    assert "这个文件已经确认过" in text_of(filer_client.get(where))


def test_without_an_act_nothing_is_saved(filer_client: Client, school: Institution) -> None:
    assert filer_client.post(checked(filer_client, school, filled(school))).status_code == 422
    assert not WeeklyReturn.objects.exists()


def test_a_used_upload_does_not_come_back_over_later_work(
    filer_client: Client, school: Institution, filer: User
) -> None:
    where = checked(filer_client, school, filled(school))
    filer_client.post(where, {"act": "submit"})
    later = make.full_payload(school, homework=[make.item("2026-03-01", TUESDAY, 30)])
    services.submit_return(school, WEEK, actor=filer, now=FRIDAY, door="form", payload=later)
    answer = filer_client.post(where, {"act": "submit", "seen_revision": WeeklyReturn.objects.get().revision})
    assert answer.status_code == 409
    assert "这次上传已经用过一次，内容没有再次保存" in text_of(answer)
    assert ReturnVersion.objects.count() == 2


def test_the_same_file_uploaded_twice_makes_one_batch_and_one_version(
    filer_client: Client, school: Institution
) -> None:
    data = filled(school)
    first, second = checked(filer_client, school, data), checked(filer_client, school, data)
    assert first == second
    filer_client.post(first, {"act": "submit"})
    third = checked(filer_client, school, data)
    assert third != first
    assert "文件内容与已提交的版本相同" in text_of(filer_client.get(third))
    filer_client.post(third, {"act": "submit"})
    assert ReturnVersion.objects.count() == 1


def test_a_file_with_days_left_open_can_only_become_a_draft(filer_client: Client, school: Institution) -> None:
    payload = make.full_payload(school)
    payload["homework_none"] = payload["homework_none"][2:]
    where = checked(filer_client, school, WeekTables.of(school, WEEK).template(payload))
    page = filer_client.get(where)
    assert "表格无误，还有 2 个上课日没有填写" in text_of(page)
    assert "一年级（1）班" in text_of(page)
    assert 'value="submit"' not in page.content.decode()
    assert filer_client.post(where, {"act": "submit"}).status_code == 422
    assert not ReturnVersion.objects.exists()
    assert "已存为草稿" in text_of(filer_client.post(where, {"act": "draft"}, follow=True))
    stored = WeeklyReturn.objects.get()
    assert stored.draft is not None
    assert len(stored.draft["homework_none"]) == len(payload["homework_none"])


def test_what_somebody_saved_meanwhile_is_shown_before_it_is_replaced(
    filer_client: Client, school: Institution
) -> None:
    where = checked(filer_client, school, filled(school, homework=[make.item("2026-03-01", TUESDAY, 45)]))
    seen = re.search(r'name="seen_revision" value="(\d+)"', filer_client.get(where).content.decode())
    colleague = make.user("school", school, username="colleague")
    theirs = make.full_payload(school, homework=[make.item("2026-03-01", TUESDAY, 30)])
    services.save_draft(school, WEEK, theirs, actor=colleague, now=FRIDAY)
    assert seen is not None
    answer = filer_client.post(where, {"act": "submit", "seen_revision": seen[1]})
    assert answer.status_code == 409
    page = text_of(answer)
    assert "上传之后有人保存过这份周报，请先核对不同之处" in page
    assert "与已存的草稿相比，改动 1 处" in page
    assert re.search(r"三年级（1）班 11-03（周二） 语文 ?作业 · 分钟数 ?30 ?45", page)
    assert not ReturnVersion.objects.exists()
    again = re.search(r'name="seen_revision" value="(\d+)"', answer.content.decode())
    assert again is not None
    assert again[1] != seen[1]
    filer_client.post(where, {"act": "submit", "seen_revision": again[1]})
    assert ReturnVersion.objects.get().payload["homework"][0]["minutes"] == 45


def test_last_week_stands_beside_and_what_changed_much_is_marked(filer_client: Client, school: Institution) -> None:
    day = (dt.date.fromisoformat(TUESDAY) - dt.timedelta(days=7)).isoformat()
    make.submitted(school, WEEK.plus(-1), homework=[make.item("2026-03-01", day, 20)])
    data = filled(school, homework=[make.item("2026-03-01", TUESDAY, 150), make.item("2026-07-02", TUESDAY, 10)])
    page = filer_client.get(checked(filer_client, school, data)).content.decode()
    assert "与2026年第44周（10.26–11.1）对照" in page
    rows = {
        re.sub(r"<[^>]+>", "", row).split()[0]: re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row))
        for row in re.findall(r"<tr.*?</tr>", page[page.index("wb-compare") :], re.S)[2:]
    }
    assert "+130" in rows["三年级（1）班"]
    assert "变化大" in rows["三年级（1）班"]
    assert "+10" in rows["七年级（2）班"]
    assert "变化大" not in rows["七年级（2）班"]


def test_a_download_that_is_not_changed_submits_as_the_same_version(
    filer_client: Client, school: Institution, filer: User
) -> None:
    services.submit_return(school, WEEK, actor=filer, now=FRIDAY, door="api", payload=rich_payload(school))
    where = checked(filer_client, school, edited(template(filer_client, school), lambda book: None))
    answer = filer_client.post(where, {"act": "submit"}, follow=True)
    assert "内容与第 1 版相同，没有产生新版本" in text_of(answer)
    assert ReturnVersion.objects.count() == 1


def test_the_check_reads_the_calendar_as_it_is_now(filer_client: Client, school: Institution) -> None:
    where = checked(filer_client, school, filled(school))
    make.exception(dt.date(2026, 11, 3), "closed", institution=school)
    answer = filer_client.get(where)
    assert answer.status_code == 422
    assert "上传之后校历或班级有变动，请重新下载表格填写" in text_of(answer)


def test_a_week_that_has_not_begun_can_only_become_a_draft(filer_client: Client, school: Institution) -> None:
    week = WEEK.plus(1)
    data = WeekTables.of(school, week).template(make.full_payload(school, week))
    answer = filer_client.post(address(school, week=week), {"file": SimpleUploadedFile("a.xlsx", data, XLSX)})
    page = filer_client.get(answer["Location"]).content.decode()
    assert "本周还没有开始，可以先存为草稿" in page
    assert 'value="submit"' not in page
