"""Who sees an upload, how long it is kept, and what it costs the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shuangjian.bureau.models import Institution
from shuangjian.intake import imports
from shuangjian.intake.models import ImportBatch, WeeklyReturn
from shuangjian.intake.tasks import forget_old_imports
from tests import make
from tests.intake.workbook.conftest import FRIDAY, WEEK
from tests.intake.workbook.excel_door import address, checked, filled, text_of, upload

# Who ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def batch(filer_client: Client, school: Institution) -> ImportBatch:
    checked(filer_client, school, filled(school))
    return ImportBatch.objects.get()


@pytest.mark.parametrize("who", ["other school", "other town", "other centre", "sysadmin"])
def test_outside_the_jurisdiction_nothing_is_there(school: Institution, batch: ImportBatch, who: str) -> None:
    outsider = Client()
    outsider.force_login(
        {
            "other school": lambda: make.user("school", make.school("示范二小")),
            "other town": lambda: make.user("town", make.town("440113100", "演示镇")),
            "other centre": lambda: make.user("centre", make.centre("ZX02", "演示二中心")),
            "sysadmin": lambda: make.user("sysadmin"),
        }[who]()
    )
    for rest in ("workbook.xlsx", "workbook/", f"workbook/{batch.pk}/"):
        assert outsider.get(address(school, rest)).status_code == 404, rest
    for rest in ("workbook/", f"workbook/{batch.pk}/"):
        assert outsider.post(address(school, rest), {"act": "submit"}).status_code == 404, rest
    assert not WeeklyReturn.objects.exists()


@pytest.mark.parametrize("role", ["town", "centre", "bureau"])
def test_readers_neither_upload_nor_see_what_was_uploaded(school: Institution, batch: ImportBatch, role: str) -> None:
    reader = Client()
    reader.force_login(make.user(role, {"town": school.town, "centre": school.centre}.get(role)))
    assert upload(reader, school, b"x").status_code == 403
    assert reader.get(address(school, f"workbook/{batch.pk}/")).status_code == 404
    assert reader.post(address(school, f"workbook/{batch.pk}/"), {"act": "submit"}).status_code == 404
    assert not WeeklyReturn.objects.exists()


def test_an_upload_of_one_week_is_not_there_under_another(
    filer_client: Client, school: Institution, batch: ImportBatch
) -> None:
    rest = f"workbook/{batch.pk}/"
    assert filer_client.get(address(school, rest, WEEK.plus(-1))).status_code == 404


def test_a_locked_return_takes_no_workbook_and_says_why(filer_client: Client, school: Institution) -> None:
    data = filled(school)
    where = checked(filer_client, school, data)
    filer_client.post(where, {"act": "submit"})
    WeeklyReturn.objects.update(state="locked", locked_at=FRIDAY, remark="期末归档")
    answer = upload(filer_client, school, data)
    assert answer.status_code == 409
    assert "锁定原因：期末归档" in text_of(answer)


# Old batches ------------------------------------------------------------------------------------------------------


@pytest.fixture
def week_later(batch: ImportBatch) -> Callable[[dt.timedelta], int]:
    def forget(after: dt.timedelta) -> int:
        with time_machine.travel(batch.uploaded_at + after, tick=False):
            return int(forget_old_imports())

    return forget


def test_uploads_go_after_seven_days(week_later: Callable[[dt.timedelta], int]) -> None:
    assert week_later(imports.KEPT_FOR - dt.timedelta(seconds=1)) == 0
    assert week_later(imports.KEPT_FOR) == 1
    assert not ImportBatch.objects.exists()


# How much it costs ------------------------------------------------------------------------------------------------


def queries_of_a_check(client: Client, school: Institution, classes: int) -> tuple[int, int]:
    """(queries of the upload, queries of its check) for a school of so many classes with an item each a day."""
    codes = [f"2026-0{grade}-{number:02d}" for grade in (3, 4, 5) for number in range(1, 10)][:classes]
    for code in codes:
        if not school.school.classes.filter(code=code).exists():
            make.school_class(school.school, code)
    items = [make.item(code, day.isoformat(), 70) for code in codes for day in WEEK.days[:5]]
    data = filled(school, homework=items)
    with CaptureQueriesContext(connection) as uploading:
        where = checked(client, school, data)
    with CaptureQueriesContext(connection) as checking:
        client.get(where)
    return len(uploading), len(checking)


def test_upload_and_check_ask_the_database_as_often_for_one_class_as_for_many(
    filer_client: Client, school: Institution
) -> None:
    queries_of_a_check(filer_client, school, 1)  # what is read once a process
    few = queries_of_a_check(filer_client, school, 2)
    assert queries_of_a_check(filer_client, school, 12) == few
