"""A file leaves the very rows that submit_return and save_draft leave for the same payloads, in every table."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.db import connection, transaction

from afterschool.choices import CONTENTS
from homework.choices import ITEM_KINDS, MARKERS, SUBJECTS
from schools.models import SchoolClass
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.intake import review, services
from shuangjian.intake.bulk import load_returns
from shuangjian.intake.models import WeeklyReturn
from shuangjian.intake.sections import Form
from tests import make
from tests.intake.bulk import build

pytestmark = pytest.mark.django_db

BEFORE = clock.at(dt.date(2026, 11, 9), 8 * 60)
NOW = clock.at(dt.date(2026, 11, 9), 9 * 60)
NEXT = make.WEEK.plus(-1)
ME = make.Somebody()
#: Keys of rows and instants of the database's own clock; everything else must be equal.
_OWN = {"id", "xid", "current_version_id", "at", "requested_at", "next_at"}
_TABLES = (
    "homework_homeworkitem", "schools_schoolday", "afterschool_serviceday", "intake_weeklyreturn",
    "intake_returnversion", "intake_returnevent", "intake_filing", "journal_auditentry", "journal_evaluationrequest",
)  # fmt: skip


@pytest.fixture
def schools() -> list[Institution]:
    make.calendar()
    return [
        make.school("示范一小", ["primary"], classes=["2026-01-01", "2026-03-01", "2026-05-01"]),
        make.school("示范一中", ["junior"], classes=["2026-07-01", "2026-08-02"]),
        make.school("示范九年一贯学校", ["primary", "junior"], classes=["2026-02-01", "2026-09-01"]),
        make.school("示范二小", ["primary"], classes=["2026-06-01"]),
    ]


def payload(school: Institution, week: Week, random: Random) -> dict[str, Any]:
    """A lawful return that states each later key now and then."""
    form = Form.of(school, week)
    classes = list(SchoolClass.objects.filter(school_id=school.pk).values_list("code", "stage"))
    off = classes[0][0] if random.random() < 0.3 else ""
    items = []
    for code, stage in classes:
        for day in form.school_days[stage]:
            for number in range(random.randint(0, 4) if code != off else 0):
                items.append(_item(code, day, number, random))
    full = make.full_payload(school, week, homework=items)
    if off:
        full["class_off"] = [{"class": off}]
        full["homework_none"] = [row for row in full["homework_none"] if row["class"] != off]
    for row in list(full["after_school"]):
        if random.random() < 0.2:
            full["after_school"].remove(row)
            full["service_none"].append({"stage": row["stage"], "day": row["day"], "wanting": 7})
        elif random.random() < 0.7:
            row |= {"wanting": 90, "served": 80, "late_wanted": 9, "late_places": 0}
            row |= {"content": random.sample(sorted(CONTENTS), 3), "flexible_leaving": random.random() < 0.5}
    for row in full["school_day"]:
        row |= {"arrival": "07:55"} if random.random() < 0.5 else {}
    return {key: rows for key, rows in full.items() if rows}


def _item(code: str, day: dt.date, number: int, random: Random) -> dict[str, Any]:
    row = make.item(code, str(day), random.randint(1, 300), random.choice(SUBJECTS), written=random.random() < 0.7)
    more = {
        "alternative": random.choice(("A，“层”", f"层{number}")),
        "kind": random.choice(sorted(ITEM_KINDS)),
        "done_at_school": random.choice((0, 1, 0.5, 0.1234)),
        "marked_by": random.choice(sorted(MARKERS)),
        "asks_parents": random.random() < 0.5,
        "published_on": str(day - dt.timedelta(days=random.randint(0, 9))),
    }
    row |= {name: value for name, value in more.items() if random.random() < 0.6}
    return row | ({"publication": '编号 "3"，第一行'} if "published_on" in row else {})


def snapshot() -> dict[str, list[dict[str, Any]]]:
    """Every table the two write, column by column, without what a second run cannot repeat."""
    found: dict[str, list[dict[str, Any]]] = {}
    numbers = dict(WeeklyReturn.objects.values_list("pk", "current_version__number"))
    for table in _TABLES:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table} ORDER BY id")
            names = [column.name for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        if table == "intake_weeklyreturn":
            for row in rows:
                row["current"] = numbers[row["id"]]
        kept = [{name: row[name] for name in row if name not in _OWN} for row in rows]
        for row, whole in zip(kept, rows, strict=True):
            if table == "intake_returnevent":
                row["at"] = whole["at"]
            if "weekly_return_id" in row:
                row["weekly_return_id"] = WeeklyReturn.objects.values_list("institution_id", "week").get(
                    pk=whole["weekly_return_id"]
                )
        found[table] = sorted(kept, key=repr)
    found["journal_auditentry"] = [row for row in found["journal_auditentry"] if row["act"] != "load_returns"]
    return found


def in_two_ways(one: Any, other: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What each of the two acts leaves behind, from the same start."""
    left = []
    for act in (one, other):
        with transaction.atomic():
            act()
            left.append(snapshot())
            transaction.set_rollback(True)
    return left[0], left[1]


def history(schools: list[Institution], random: Random, *, is_locked: bool = False) -> None:
    """What stood before: submits, drafts, a return sent back, one withdrawn, one locked and reopened."""
    first, second, third, fourth = schools
    for school in (first, second, third, *([fourth] if is_locked else [])):
        services.submit_return(school, NEXT, actor=ME, now=BEFORE, door="api", payload=payload(school, NEXT, random))
    services.save_draft(first, make.WEEK, payload(first, make.WEEK, random), actor=ME, now=BEFORE)
    services.save_draft(first, NEXT, {}, actor=ME, now=BEFORE)
    services.save_draft(second, NEXT, payload(second, NEXT, random), actor=ME, now=BEFORE)
    review.send_back_return(second, NEXT, actor=_bureau(), now=BEFORE, remark="请核对")
    services.withdraw_return(third, NEXT, actor=ME, now=BEFORE, reason="填错了")
    WeeklyReturn.objects.filter(institution=fourth).update(
        state="locked", locked_at=BEFORE, reopened_until=NOW + dt.timedelta(days=1), remark="已汇总"
    )


def _bureau() -> Any:
    class Bureau(make.Somebody):
        role_kind = power = "bureau"

    return Bureau()


@pytest.mark.parametrize("seed", range(4))
def test_a_file_leaves_the_rows_that_submitting_one_by_one_leaves(
    schools: list[Institution], tmp_path: Path, seed: int
) -> None:
    random = Random(seed)
    history(schools, random, is_locked=bool(seed % 2))
    wanted = {(school, week): payload(school, week, random) for school in schools for week in (NEXT, make.WEEK)}
    wanted[schools[0], NEXT] = WeeklyReturn.objects.get(
        institution=schools[0], week=NEXT.monday
    ).current_version.payload  # unchanged, beside a draft
    rows = [row for (school, week), each in wanted.items() for row in build.lines(school, each, week)]
    path = build.write(tmp_path, rows)

    def one_by_one() -> None:
        for (school, week), each in wanted.items():
            services.submit_return(
                school, week, actor=ME, now=NOW, door="file", payload=each, note="补录" if seed % 2 else ""
            )

    single, bulk = in_two_ways(
        one_by_one, lambda: load_returns(path, actor=ME, now=NOW, note="补录" if seed % 2 else "")
    )
    for table in _TABLES:
        assert bulk[table] == single[table], table
    assert len(bulk["homework_homeworkitem"]) > 50
    assert len(bulk["intake_returnversion"]) > 8


@pytest.mark.parametrize("seed", range(2))
def test_drafts_of_a_file_are_those_of_saving_one_by_one(schools: list[Institution], tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    history(schools, random)
    wanted = {(school, week): payload(school, week, random) for school in schools for week in (NEXT, make.WEEK)}
    wanted[schools[0], make.WEEK] = WeeklyReturn.objects.get(institution=schools[0], week=make.WEEK.monday).draft
    wanted[schools[3], make.WEEK].pop("school_day")  # a draft may have gaps
    rows = [row for (school, week), each in wanted.items() for row in build.lines(school, each, week)]
    path = build.write(tmp_path, rows)

    def one_by_one() -> None:
        for (school, week), each in wanted.items():
            services.save_draft(school, week, each, actor=ME, now=NOW)

    single, bulk = in_two_ways(one_by_one, lambda: load_returns(path, actor=ME, now=NOW, is_draft=True))
    for table in _TABLES:
        assert bulk[table] == single[table], table
    assert sum(row["draft"] is not None for row in bulk["intake_weeklyreturn"]) == 8
