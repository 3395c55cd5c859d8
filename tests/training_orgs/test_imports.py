"""Workbooks and forms of single rows: the sentences of API and CSV, preview, confirmation, scope."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from shuangjian.accounts.models import RoleKind, User
from shuangjian.core.errors import InvalidInput
from tests import make as platform
from tests.training_orgs import make
from training_orgs.identity import identity_hash
from training_orgs.models import Course, FeeOrder, LedgerEntry, Licence, Staff
from training_orgs.rows import save_rows

pytestmark = pytest.mark.django_db
ID_NUMBER = "11010519491231002X"  # the example of GB 11643-1999


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel("2026-11-20 10:00+08:00", tick=False):
        yield


@pytest.fixture
def unit() -> Any:
    unit = make.org("示范培训中心", town=platform.town())
    make.course(unit, "K01")
    return unit


def signed_in(role: str, unit: Any = None) -> Client:
    client = Client()
    if role == "org":
        account = User(username=f"jigou{unit.pk}", name="测试员", role_kind=RoleKind.ORG, institution=unit)
        account.set_password(platform.PASSWORD)
        account.save()
    else:
        account = platform.user(role, unit)
    client.force_login(account)
    return client


def filled(client: Client, book: str, sheets: dict[str, list[dict[str, Any]]]) -> SimpleUploadedFile:
    """The book's own template with rows written below its headers, as a person would."""
    answer = client.get(f"/training/import/{book}/template.xlsx")
    assert answer.status_code == 200
    workbook = openpyxl.load_workbook(io.BytesIO(answer.content))
    for title, rows in sheets.items():
        sheet = workbook[title]
        head = next(row for row in sheet.iter_rows() if len([cell for cell in row if cell.value]) > 1)
        at = {str(cell.value).rstrip("*"): cell.column for cell in head if cell.value}
        for number, row in enumerate(rows, start=head[0].row + 1):
            for name, value in row.items():
                sheet.cell(number, at[name], value)
    out = io.BytesIO()
    workbook.save(out)
    return SimpleUploadedFile("填好的.xlsx", out.getvalue())


def upload(client: Client, book: str, sheets: dict[str, list[dict[str, Any]]]) -> Any:
    return client.post(f"/training/import/{book}/", {"file": filled(client, book, sheets)})


def packed(answer: Any) -> str:
    match = re.search(r'name="rows" value="([^"]+)"', answer.content.decode())
    assert match, answer.content.decode()[:2000]
    return match[1]


def confirmed(client: Client, book: str, answer: Any) -> Any:
    return client.post(f"/training/import/{book}/confirm/", {"rows": packed(answer)}, follow=True)


def problems(answer: Any) -> dict[tuple[str, str, str], str]:
    assert answer.status_code == 422
    return {(each["sheet"], each["row"], each["column"]): each["message"] for each in answer.context["problems"]}


ORDER = {
    "合同编号": "HT001", "学员代号": "X001", "收费日期": "2026-09-01", "服务起": "2026-09-01", "服务止": "2026-11-30",
    "收费渠道": "监管账户", "课程编号": "K01", "课时": 30, "金额（元）": 3000,
}  # fmt: skip


def test_an_upload_is_shown_first_and_saved_by_its_confirmation_once(unit: Any) -> None:
    client = signed_in("org", unit)
    make.course(unit, "K02", subject="英语")
    answer = upload(
        client, "orders", {"收费订单": [ORDER, ORDER | {"课程编号": "K02", "课时": 10, "金额（元）": 1000.5}]}
    )
    assert answer.status_code == 200
    assert "收费订单：新增 1，修改 0，未变 0" in answer.content.decode()
    assert not FeeOrder.objects.exists()
    done = confirmed(client, "orders", answer)
    assert "已导入。收费订单：新增 1，修改 0，未变 0。" in done.content.decode()
    assert str(FeeOrder.objects.get().amount) == "4000.50"
    assert confirmed(client, "orders", answer).status_code == 409
    assert FeeOrder.objects.count() == 1


def test_every_problem_of_a_file_has_its_sheet_row_and_column(unit: Any) -> None:
    client = signed_in("org", unit)
    rows = [
        ORDER,
        ORDER | {"合同编号": "B", "金额（元）": -1},
        ORDER | {"合同编号": "C", "服务止": "2026-08-01"},
        ORDER | {"合同编号": "D", "课程编号": "K99"},
        ORDER | {"合同编号": "E", "币种": "美元"},
        ORDER | {"合同编号": "F", "课时": "=1+1"},
    ]
    found = problems(upload(client, "orders", {"收费订单": rows}))
    assert list(found) == [("收费订单", "8", "课时")]  # what cannot be read comes before what is wrong with it
    refund = {"退费编号": "T1", "合同编号": "HT001", "申请日期": "2026-10-01", "申请金额（元）": 9000}
    found = problems(upload(client, "orders", {"收费订单": rows[:5], "退费": [refund]}))
    assert list(found) == [
        ("收费订单", "4", "金额（元）"), ("收费订单", "5", "服务止"), ("收费订单", "6", "课程编号"),
        ("收费订单", "7", "币种"),
    ]  # fmt: skip
    assert not FeeOrder.objects.exists()
    found = problems(upload(client, "orders", {"收费订单": rows[:1], "退费": [refund]}))
    assert "超过可退的 3000.00 元" in found["退费", "3", "申请金额（元）"]


def test_form_sheet_file_and_api_say_the_same_sentence(unit: Any, tmp_path: Path) -> None:
    sentence = "服务止早于服务起，请改正。"
    client = signed_in("org", unit)
    sheet = problems(upload(client, "orders", {"收费订单": [ORDER | {"服务止": "2026-08-01"}]}))
    assert sheet == {("收费订单", "3", "服务止"): sentence}
    row = {
        "contract_no": "HT001", "pupil": "X001", "paid_on": "2026-09-01", "starts_on": "2026-09-01",
        "ends_on": "2026-08-01", "channel": "监管账户",
    }  # fmt: skip
    line = {"course": "K01", "hours": "30", "amount": "3000"}
    form = client.post(
        f"/training/{unit.code}/fee-orders/new/", row | {f"lines[0].{key}": value for key, value in line.items()}
    )
    assert form.status_code == 422
    assert form.context["form"].errors == {"ends_on": [sentence]}
    with pytest.raises(InvalidInput) as refused:
        save_rows("fee-orders", [row | {"lines": [line]}], actor=platform.Somebody(), institution=unit)
    assert [(each.path, each.message) for each in refused.value.problems] == [("[0].ends_on", sentence)]
    path = tmp_path / "orders.csv"
    values = {"institution": unit.code, **row, **line}
    path.write_text(f"# 示例\n{','.join(values)}\n{','.join(values.values())}\n", encoding="gbk")
    with pytest.raises(CommandError, match=f"第 3 行 ends_on（服务止）：{sentence}"):
        call_command("import_rows", "fee-orders", str(path))
    assert not FeeOrder.objects.exists()


def test_a_row_is_saved_by_the_form_and_a_wrong_line_is_told_at_its_field(unit: Any) -> None:
    client = signed_in("org", unit)
    row = {
        "contract_no": "HT001", "pupil": "X001", "paid_on": "2026-09-01", "starts_on": "2026-09-01",
        "channel": "监管账户", "lines[0].course": "K01", "lines[0].hours": "30", "lines[0].amount": "3000",
    }  # fmt: skip
    wrong = client.post(f"/training/{unit.code}/fee-orders/new/", row | {"lines[1].course": "K77"})
    assert set(wrong.context["form"].errors) == {"lines[1].course", "lines[1].hours", "lines[1].amount"}
    assert not FeeOrder.objects.exists()
    assert client.post(f"/training/{unit.code}/fee-orders/new/", row).status_code == 302
    assert FeeOrder.objects.get().lines.count() == 1


def test_a_record_is_changed_by_its_form_and_another_institution_s_is_404(unit: Any) -> None:
    client = signed_in("org", unit)
    course = Course.objects.get()
    page = client.get(f"/training/{unit.code}/courses/{course.pk}/")
    assert page.status_code == 200
    values = {name: page.context["form"].initial.get(name, "") for name in page.context["form"].fields}
    values |= {"title": "示范新名", "slots": "周六 09:00-10:30"}
    saved = client.post(f"/training/{unit.code}/courses/{course.pk}/", values)
    assert saved.status_code == 302, saved.context["form"].errors
    course.refresh_from_db()
    assert (course.title, course.sessions.filter(day="2026-11-21").count()) == ("示范新名", 1)
    other = make.org("示范二中心")
    assert client.get(f"/training/{other.code}/courses/new/").status_code == 404
    theirs = make.course(other, "K01")
    assert client.get(f"/training/{unit.code}/courses/{theirs.pk}/").status_code == 404
    assert client.get(f"/training/{unit.code}/annual-checks/new/").status_code == 403


def test_an_identity_number_never_reaches_the_page_or_the_tables(unit: Any) -> None:
    client = signed_in("org", unit)
    row = {"工号": "T01", "姓名": "王示范", "身份证号": ID_NUMBER, "岗位": "教学", "入职日期": "2022-09-01"}
    answer = upload(client, "staff", {"从业人员": [row]})
    assert ID_NUMBER not in answer.content.decode()
    confirmed(client, "staff", answer)
    assert Staff.objects.get().identity_hash == identity_hash(ID_NUMBER)


def test_an_institution_and_its_papers_come_in_one_workbook(unit: Any) -> None:
    client = signed_in("bureau")
    from shuangjian.bureau.models import Department

    Department.objects.create(code="JY", name="区教育局", clause="", order=1)
    code = make.uscc(88)
    org = {
        "统一社会信用代码": code,
        "招牌名称": "示范新中心",
        "培训类别": "学科类",
        "镇街": "市桥街道",
        "地址": "示范路3号",
    }
    licence = {
        "机构代码": code, "许可类型": "办学许可证", "许可证号": "教民8号", "发证部门": "JY", "许可类别": "学科类",
        "发证日期": "2022-01-01", "有效期至": "2021-01-01",
    }  # fmt: skip
    found = problems(upload(client, "register", {"机构": [org], "办学许可": [licence]}))
    assert found == {("办学许可", "3", "有效期至"): "有效期至早于发证日期，请改正。"}
    answer = upload(client, "register", {"机构": [org], "办学许可": [licence | {"有效期至": "2027-01-01"}]})
    confirmed(client, "register", answer)
    assert Licence.objects.get().institution.code == code


def test_a_ledger_that_would_be_overdrawn_is_told_at_its_row(unit: Any) -> None:
    client = signed_in("org", unit)
    rows = [
        {"流水号": "A", "日期": "2026-09-01", "类型": "收款入账", "金额（元）": 100},
        {"流水号": "B", "日期": "2026-09-02", "类型": "课消划拨", "金额（元）": 101},
    ]
    found = problems(upload(client, "ledger", {"监管账户流水": rows}))
    assert list(found) == [("监管账户流水", "4", "金额（元）")]
    assert not LedgerEntry.objects.exists()


def test_whose_rows_were_checked_confirms_them(unit: Any) -> None:
    client = signed_in("org", unit)
    answer = upload(client, "orders", {"收费订单": [ORDER]})
    other = signed_in("org", make.org("示范二中心"))
    assert other.post("/training/import/orders/confirm/", {"rows": packed(answer)}).status_code == 409
    changed = packed(answer)[:-2] + "xx"
    assert client.post("/training/import/orders/confirm/", {"rows": changed}).status_code == 409
    assert not FeeOrder.objects.exists()


def test_the_shipped_examples_are_taken_whole_and_change_nothing_the_second_time(capsys: Any) -> None:
    from shuangjian.bureau.models import Department

    for code in ("JY", "WL"):
        Department.objects.create(code=code, name=f"示范{code}", clause="", order=1)
    for number, name in enumerate(("市桥街道", "大石街道", "南村镇")):
        platform.town(f"44011300{number}", name)
    examples = Path(__file__).resolve().parents[2] / "docs" / "examples"
    for _ in range(2):
        call_command("import_orgs", str(examples / "orgs.csv"))
        call_command("import_rows", "courses", str(examples / "org_courses.csv"))
        call_command("import_rows", "fee-orders", str(examples / "fee_orders.csv"))
    assert capsys.readouterr().out.splitlines() == [
        "机构：新增 3，修改 0，未变 0。", "课程：新增 1，修改 0，未变 0。", "收费订单：新增 2，修改 0，未变 0。",
        "机构：新增 0，修改 0，未变 3。", "课程：新增 0，修改 0，未变 1。", "收费订单：新增 0，修改 0，未变 2。",
    ]  # fmt: skip


def test_who_may_not_file_gets_403_and_no_other_workbook_is_taken(unit: Any) -> None:
    assert signed_in("town", platform.town()).get("/training/import/orders/").status_code == 403
    assert signed_in("school", platform.school()).get("/training/import/orders/").status_code == 403
    client = signed_in("org", unit)
    assert client.get("/training/import/complaints/").status_code == 403
    assert client.get("/training/import/").status_code == 200
    answer = client.post("/training/import/staff/", {"file": filled(client, "orders", {})})
    assert "这是“收费”的模板" in answer.content.decode()
    assert client.post("/training/import/staff/", {}).status_code == 422
