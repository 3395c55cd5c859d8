"""A school of both stages in a week with a swapped workday ahead, its template, and a program that edits it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import openpyxl
import pytest
import time_machine
from django.test import Client
from openpyxl.workbook import Workbook

from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.intake.workbook.files import WeekTables
from shuangjian.intake.workbook.places import FileProblem
from tests import make

WEEK = make.WEEK  # 2026-11-02 to 2026-11-08
FRIDAY = clock.at(WEEK.days[4], 16 * 60)
MONDAY, TUESDAY = "2026-11-02", "2026-11-03"
CLASSES = ["2026-01-01", "2026-03-01", "2026-07-02"]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def friday(db: None) -> Iterator[None]:
    with time_machine.travel(FRIDAY, tick=False):
        yield


@pytest.fixture
def school(friday: None) -> Institution:
    make.calendar()
    return make.school("示范一校", ["primary", "junior"], town=make.town(), centre=make.centre(), classes=CLASSES)


@pytest.fixture
def filer(school: Institution) -> User:
    return make.user("school", school, username="filer")


def rich_payload(school: Institution, week: Week = WEEK) -> dict[str, Any]:
    """A complete return that uses every column of every worksheet."""
    payload = make.full_payload(
        school,
        week,
        homework=[
            make.item(
                "2026-03-01",
                MONDAY,
                20,
                "数学",
                kind="layered",
                done_at_school=0.905,
                marked_by="teacher",
                asks_parents=False,
                published_on="2026-11-01",
                publication="=照片 12",
                alternative="A组",
            ),
            make.item("2026-03-01", MONDAY, 25, "数学", alternative="A组"),
            make.item("2026-03-01", TUESDAY, 30, done_at_school=1),
            make.item("2026-07-02", "2026-11-07", 40, "英语", written=False, optional=True),
        ],
        service_none=[{"stage": "junior", "day": TUESDAY, "wanting": 12, "late_wanted": 0}],
        class_off=[{"class": "2026-01-01"}],
    )
    payload["school_day"][0]["arrival"] = "07:50"
    payload["after_school"][0] |= {
        "wanting": 100,
        "served": 99,
        "late_wanted": 3,
        "late_places": 0,
        "content": ["homework", "arts", "clubs"],
        "flexible_leaving": True,
    }
    payload["after_school"][-1] |= {"evening_study_minutes": 60, "flexible_leaving": False}
    return payload


def edited(data: bytes, change: Callable[[Workbook], None]) -> bytes:
    """The workbook as a program saves it after a change."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    change(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@dataclass
class Door:
    """The Excel door of one school's week."""

    tables: WeekTables
    data: bytes

    def after(self, change: Callable[[Workbook], None]) -> list[FileProblem]:
        """The problems of the workbook once it was changed."""
        return self.tables.read(edited(self.data, change), None)[1]

    def payload_after(self, change: Callable[[Workbook], None]) -> dict[str, Any]:
        """The payload of the changed workbook, which must be in order."""
        payload, problems = self.tables.read(edited(self.data, change), None)
        assert [str(problem) for problem in problems] == []
        return payload


@pytest.fixture
def door(school: Institution) -> Door:
    tables = WeekTables.of(school, WEEK)
    return Door(tables, tables.template(rich_payload(school)))


@pytest.fixture
def filer_client(filer: User, client: Client) -> Client:
    client.force_login(filer)
    return client
