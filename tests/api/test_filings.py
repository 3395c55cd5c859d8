"""Filings over HTTP: their state and completeness, filters, and the counts by unit, town, centre and district."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.intake.filings import correct_filings
from shuangjian.intake.models import Filing
from tests import make
from tests.api.conftest import WEEK, Call, paths

COUNTS = ("expected", "filed", "on_time", "late", "complete", "missing", "pending")
AFTER = clock.at(WEEK.plus(2).monday, 9 * 60)


@pytest.fixture
def filed(cast: SimpleNamespace) -> SimpleNamespace:
    """示范一小 filed in time and owes a Saturday since; 示范二小 was late; 示范三小 (no town yet) filed nothing."""
    cast.third = make.school(
        "示范三小", town_candidates="演示东街或演示西街", centre=make.centre(), classes=["2026-03-01"]
    )
    units = [cast.school, cast.other, cast.third]
    correct_filings([unit.pk for unit in units], [WEEK], today=AFTER.date())
    make.submitted(cast.school, WEEK)
    make.submitted(cast.other, WEEK, now=AFTER)
    make.exception(WEEK.days[5], "school", institution=cast.school)
    return cast


def got(call: Call, query: str, role: str = "district_read", path: str = "/filings/") -> list[dict[str, Any]]:
    answer = call("GET", f"{path}?{query}", role)
    assert answer.status_code == 200, answer.content
    return list(answer.json()["results"])  # type: ignore[attr-defined]


def summary(call: Call, level: str, role: str = "district_read", more: str = "") -> dict[Any, tuple[int, ...]]:
    rows = got(call, f"week={WEEK.key}&level={level}{more}", role, "/filings/summary/")
    assert all((row["level"], row["week"]) == (level, WEEK.key) for row in rows)
    return {row["code"]: tuple(row[name] for name in COUNTS) for row in rows}


def test_a_filing_says_whether_the_return_answers_the_calendar_as_it_is_now(call: Call, filed: SimpleNamespace) -> None:
    rows = {row["institution"]: row for row in got(call, f"week={WEEK.key}")}
    assert {code: (row["state"], row["is_filed"], row["is_complete"]) for code, row in rows.items()} == {
        filed.school.code: ("on_time", True, False),
        filed.other.code: ("late", True, True),
        filed.third.code: ("missing", False, False),
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("state=on_time", "school"),
        ("state=late", "other"),
        ("state=missing", "third"),
        ("state=returned", ""),
        ("is_complete=true", "other"),
        ("is_complete=false&is_filed=true", "school"),
        ("town=440113007", "school"),
    ],
)
def test_filings_are_filtered_by_state_completeness_and_town(
    call: Call, filed: SimpleNamespace, query: str, names: str
) -> None:
    expected = [getattr(filed, name).code for name in names.split()]
    assert [row["institution"] for row in got(call, f"week={WEEK.key}&{query}")] == expected


def test_a_state_that_is_none_is_refused(call: Call, filed: SimpleNamespace) -> None:
    answer = call("GET", "/filings/?state=x")
    assert (answer.status_code, paths(answer)) == (400, ["state"])


def test_counts_by_unit_town_centre_and_district_add_up(call: Call, filed: SimpleNamespace) -> None:
    one, two, three = (1, 1, 1, 0, 0, 0, 0), (1, 1, 0, 1, 1, 0, 0), (1, 0, 0, 0, 0, 1, 0)
    units = {filed.school.code: one, filed.other.code: two, filed.third.code: three}
    assert summary(call, "institution") == units
    assert summary(call, "town") == {filed.east.code: one, filed.west.code: two, None: three}
    assert summary(call, "centre") == {"ZX01": three, None: (2, 2, 1, 1, 1, 0, 0)}
    assert summary(call, "district") == {None: (3, 2, 1, 1, 1, 1, 0)}
    assert summary(call, "district", more=f"&town={filed.west.code}") == {None: two}
    row = got(call, f"week={WEEK.key}&town={filed.west.code}", path="/filings/summary/")[0]
    assert (row["state"], row["town"], row["due_at"]) == ("late", filed.west.code, "2026-11-09T18:00:00+08:00")


def test_a_unit_that_owes_nothing_is_told_with_zeros(call: Call, filed: SimpleNamespace) -> None:
    Filing.objects.filter(institution=filed.third).delete()
    rows = got(call, f"week={WEEK.key}", path="/filings/summary/")
    third = next(row for row in rows if row["code"] == filed.third.code)
    assert (third["expected"], third["state"], third["due_at"]) == (0, None, None)
    assert summary(call, "district", more="&town=440113999") == {None: (0,) * 7}


def test_a_closed_school_still_counts_in_the_week_it_owed(call: Call, filed: SimpleNamespace) -> None:
    Institution.objects.filter(pk=filed.third.pk).update(status="closed", closed_on=AFTER.date())
    assert summary(call, "district") == {None: (3, 2, 1, 1, 1, 1, 0)}


def test_nobody_counts_beyond_the_own_scope(call: Call, filed: SimpleNamespace) -> None:
    one = (1, 1, 1, 0, 0, 0, 0)
    assert summary(call, "town", "town") == {filed.east.code: one}
    assert summary(call, "institution", "town") == {filed.school.code: one}
    assert summary(call, "institution", "institution") == {filed.school.code: one}
    assert summary(call, "institution", "town", f"&town={filed.west.code}") == {}
    for role, level in (("town", "district"), ("town", "centre"), ("institution", "town"), ("institution", "district")):
        assert call("GET", f"/filings/summary/?level={level}", role).status_code == 404


def test_without_a_week_the_summary_is_of_the_current_one(call: Call, filed: SimpleNamespace) -> None:
    row = got(call, "level=district", path="/filings/summary/")[0]
    year, number, _ = clock.today().isocalendar()
    assert row["week"] == f"{year}-W{number:02d}"


@pytest.mark.parametrize(
    ("query", "path"), [("level=x", "level"), ("week=x", "week"), ("state=late", "state"), ("page_size=0", "page_size")]
)
def test_what_is_asked_wrongly_is_named(call: Call, filed: SimpleNamespace, query: str, path: str) -> None:
    answer = call("GET", f"/filings/summary/?{query}")
    assert (answer.status_code, paths(answer)) == (400, [path])


def test_the_summary_is_paged(call: Call, filed: SimpleNamespace) -> None:
    first = call("GET", f"/filings/summary/?week={WEEK.key}&page_size=2").json()  # type: ignore[attr-defined]
    rest = call("GET", first["next"]).json()  # type: ignore[attr-defined]
    assert [len(page["results"]) for page in (first, rest)] == [2, 1]
    assert dt.datetime.fromisoformat(rest["results"][0]["due_at"]).hour == 18
