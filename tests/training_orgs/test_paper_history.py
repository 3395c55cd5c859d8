"""The history of an institution's papers: when, what changed, by whom, and who may read it."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client

from shuangjian.bureau.models import Department
from tests import make as platform
from tests.training_orgs import make
from tests.training_orgs.test_imports import confirmed, signed_in, upload
from training_orgs.models import Licence
from training_orgs.rows import save_rows
from training_orgs.selectors.paper_history import paper_history

PAPER = {
    "kind": "办学许可证", "number": "教民8号", "department": "JY", "categories": "学科类", "issued_on": "2022-01-01",
    "expires_on": "2026-12-31",
}  # fmt: skip


@pytest.fixture
def unit(transactional_db: None) -> Any:
    """Real transactions: what one act writes is told by the transaction it was written in."""
    Department.objects.create(code="JY", name="区教育局", clause="", order=1)
    return make.org(town=platform.town())


def save(unit: Any, actor: Any, **changed: Any) -> None:
    save_rows("licences", [PAPER | changed], actor=actor, institution=unit)


def page(client: Client, unit: Any) -> str:
    answer = client.get(f"/training/{unit.code}/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_each_version_is_told_with_what_changed_and_by_whom(unit: Any) -> None:
    first, second = platform.user("bureau", username="zhangsan"), platform.user("bureau", username="lisi")
    with time_machine.travel("2026-11-20 10:00+08:00", tick=False):
        save(unit, first)
        save(unit, second, expires_on="2027-12-31", categories="学科类、文化艺术类")
        save(unit, second, expires_on="2027-12-31", categories="学科类、文化艺术类")  # nothing to tell
    rows = paper_history(unit).rows
    assert [row[1] for row in rows] == ["办学许可证 教民8号"] * 2
    assert [row[2] for row in rows] == [
        "许可类别 学科类 → 学科类、文化艺术类；有效期至 2026-12-31 → 2027-12-31",
        "首次登记：2022-01-01 发证，有效期至 2026-12-31",
    ]
    assert [row[3].split()[0] for row in rows] == ["lisi", "zhangsan"]


def test_who_wrote_a_version_down_is_still_told_when_all_rows_are_of_another_transaction(unit: Any) -> None:
    first, second = platform.user("bureau", username="zhangsan"), platform.user("bureau", username="lisi")
    save(unit, first)
    save(unit, second, expires_on="2027-12-31")
    with connection.cursor() as cursor:  # as a dump and restore leaves them
        cursor.execute("ALTER TABLE training_orgs_licenceevent DISABLE TRIGGER USER")
        cursor.execute("UPDATE training_orgs_licenceevent SET number = number")
        cursor.execute("ALTER TABLE training_orgs_licenceevent ENABLE TRIGGER USER")
    assert [row[3].split()[0] for row in paper_history(unit).rows] == ["lisi", "zhangsan"]


def test_a_workbook_s_paper_is_told_by_who_confirmed_it_and_one_past_the_doors_by_nobody(unit: Any) -> None:
    bureau = signed_in("bureau")
    sheet = {
        "机构代码": unit.code, "许可类型": "办学许可证", "许可证号": "教民9号", "发证部门": "JY", "许可类别": "学科类",
        "发证日期": "2022-01-01", "有效期至": "2027-12-31",
    }  # fmt: skip
    confirmed(bureau, "register", upload(bureau, "register", {"办学许可": [sheet]}))
    make.licence(unit, number="教民10号")
    told = {row[1]: row[3] for row in paper_history(unit).rows}
    assert told["办学许可证 教民9号"].startswith("bureau")
    assert told["办学许可证 教民10号"] == "没有记录"
    Licence.objects.all().delete()
    assert len(paper_history(unit).rows) == 2  # what was written down stays known


@pytest.mark.parametrize(("role", "sees"), [("bureau", True), ("town", True), ("dept", True), ("org", False)])
def test_who_supervises_reads_it_and_the_institution_does_not(unit: Any, role: str, sees: bool) -> None:
    save(unit, platform.user("bureau", username="zhangsan"))
    of = {"town": unit.town, "dept": platform.department("SC"), "org": unit}.get(role)
    client = Client()
    client.force_login(platform.user(role, of, username="reader"))
    shown = page(client, unit)
    assert ("证照登记和变更" in shown) == ("zhangsan" in shown) == sees
