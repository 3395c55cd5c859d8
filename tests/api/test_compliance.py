"""``/compliance/``: levels, scopes, missing data, freshness."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from shuangjian.alerts.models import Alert
from shuangjian.core import clock
from tests import make
from tests.api.conftest import WEEK, Call, paths
from tests.api.judged import judge


def rows(call: Call, role: str, query: str = "") -> list[dict[str, Any]]:
    answer = call("GET", f"/compliance/?week={WEEK.key}{query}", role)
    assert answer.status_code == 200, answer.content
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def test_missing_data_is_told_apart_and_never_compliant(call: Call, cast: SimpleNamespace) -> None:
    (unit,) = rows(call, "institution")
    assert (unit["institution"], unit["outcome"], unit["insufficient_data"]) == (
        cast.school.code,
        "insufficient_data",
        True,
    )
    (district,) = rows(call, "district_read", "&level=district")
    assert (district["units"], district["insufficient_data"]) == (2, 2)
    assert (district["outcomes"]["compliant"], district["outcomes"]["insufficient_data"]) == (0, 2)


def test_a_judged_unit_shows_findings_alerts_filing_and_freshness(call: Call, cast: SimpleNamespace) -> None:
    judge(cast)
    (unit,) = rows(call, "institution")
    assert unit["outcome"] == "warning"
    assert (unit["severities"], unit["needs_attention"]) == ({"1": 0, "2": 1, "3": 0, "4": 0}, True)
    # Alerts are those of the unit as it stands now: the weeks that nobody filed are among them.
    assert unit["open_alerts"] == Alert.objects.unclosed().filter(institution=cast.school).count() > 1
    assert (unit["filing"], unit["insufficient_data"]) == ("on_time", False)
    freshness = unit["freshness"]
    assert freshness["submitted_at"].startswith("2026-11-06T17:00:00+08:00")
    assert freshness["evaluated_at"]
    assert freshness["is_evaluation_pending"] is False


def test_a_pending_evaluation_shows(call: Call, cast: SimpleNamespace) -> None:
    judge(cast)
    make.submitted(cast.school, WEEK)
    assert rows(call, "institution")[0]["freshness"]["is_evaluation_pending"] is True
    assert rows(call, "other_institution")[0]["freshness"]["is_evaluation_pending"] is False


def test_one_unit_shows_each_rule_and_the_versions(call: Call, cast: SimpleNamespace) -> None:
    judge(cast)
    unit = call("GET", f"/compliance/{cast.school.code}/?week={WEEK.key}", "institution").json()
    outcomes = {each["rule"]: each["outcome"] for each in unit["rules"]}
    assert (outcomes["HW-02"], outcomes["SC-01"], outcomes["SC-02"]) == ("warning", "compliant", "not_applicable")
    assert len(unit["parameters_version"]) == 16
    assert unit["calendar_version"] > 0


def test_towns_are_counted_apart_and_units_without_one_are_named(call: Call, cast: SimpleNamespace) -> None:
    make.school("示范三小", town=None, classes=["2026-03-01"])
    towns = rows(call, "district_read", "&level=town")
    assert {(town["code"], town["units"]) for town in towns} == {(cast.east.code, 1), (cast.west.code, 1), (None, 1)}
    assert [town["code"] for town in rows(call, "town", "&level=town")] == [cast.east.code]


@pytest.mark.parametrize(
    ("role", "level", "status"),
    [
        ("district_read", "district", 200),
        ("town", "district", 404),
        ("town", "town", 200),
        ("institution", "district", 404),
        ("institution", "town", 404),
        ("institution", "institution", 200),
    ],
)
def test_counts_over_a_wider_area_than_ones_own_are_not_found(call: Call, role: str, level: str, status: int) -> None:
    assert call("GET", f"/compliance/?level={level}", role).status_code == status


def test_only_todays_state_is_kept(call: Call, cast: SimpleNamespace) -> None:
    today = clock.today().isoformat()
    assert call("GET", f"/compliance/?as_of={today}").status_code == 200
    for path in ("/compliance/", f"/compliance/{cast.school.code}/"):
        answer = call("GET", f"{path}?as_of=2026-10-01")
        assert (answer.status_code, paths(answer)) == (400, ["as_of"])


def test_a_unit_outside_of_scope_is_not_found(call: Call, cast: SimpleNamespace) -> None:
    assert call("GET", f"/compliance/{cast.other.code}/", "town").status_code == 404
    assert rows(call, "town", f"&town={cast.west.code}") == []
