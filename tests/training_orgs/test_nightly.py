"""What mere passing of time brings about is found by the nightly sweep, at every kind of unit, and shown as theirs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from shuangjian.alerts.models import Alert
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.choices import Outcome
from shuangjian.core.weeks import Week
from shuangjian.rules.declare import all_rules
from shuangjian.rules.drain import drain
from shuangjian.rules.models import Finding
from shuangjian.rules.outcome_grid import outcome_grid
from shuangjian.rules.outcomes import unit_outcomes
from shuangjian.rules.sweep import open_sweep
from tests import make
from tests.training_orgs import case_rows
from training_orgs.models import Licence

pytestmark = pytest.mark.django_db

#: An institution whose licence runs out on 24 November; it teaches every day around that.
TEACHING: dict[str, Any] = {
    "profiles": [{}],
    "registrations": [{}],
    "safety_checks": [{"kind": kind, "checked_on": "2026-09-01"} for kind in ("premises", "fire")],
    "annual_checks": [{"year": 2025, "checked_on": "2026-03-01"}],
    "courses": [{"sessions": ["2026-11-23", "2026-11-24", "2026-11-25"]}],
}
LAST_DAY = dt.date(2026, 11, 24)


@pytest.fixture
def units() -> dict[str, Institution]:
    """One institution of a town, one of no known town, a town's body and the bureau's."""
    licence = {"expires_on": str(LAST_DAY)}
    case_rows.build(
        {
            "org": {"code": "440113007", "kind": "public_body", "category": "town"},
            "others": [
                {"org": {"code": "440113-JY", "kind": "public_body", "category": "bureau", "town": None}},
                {"org": {"code": "ORG-TOWN"}, "licences": [{"number": "L-A", **licence}], **TEACHING},
                {"org": {"code": "ORG-LOOSE", "town": None}, "licences": [{"number": "L-B", **licence}], **TEACHING},
            ],
        }
    )
    return {unit.code: unit for unit in Institution.objects.all()}


def _sweep(day: dt.date) -> None:
    open_sweep(day)
    drain(lambda: clock.at(day, 2 * 60))


def _open(rule: str) -> set[tuple[str, str]]:
    rows = Finding.objects.filter(rule=rule, cleared_at__isnull=True).values_list("institution__code", "occurred_on")
    return {(code, str(day)) for code, day in rows}


def test_a_licence_that_ran_out_over_night_is_found_in_the_town_and_where_no_town_is_known(
    units: dict[str, Institution],
) -> None:
    _sweep(LAST_DAY)
    assert _open("TO-25") == set()
    _sweep(LAST_DAY + dt.timedelta(days=1))
    assert _open("TO-25") == {("ORG-TOWN", "2026-11-25"), ("ORG-LOOSE", "2026-11-25")}
    assert set(Alert.objects.filter(rule="TO-25").values_list("institution__code", "period", "severity")) == {
        ("ORG-TOWN", "standing", 4),
        ("ORG-LOOSE", "standing", 4),
    }
    Licence.objects.update(expires_on="2027-12-31")
    _sweep(LAST_DAY + dt.timedelta(days=2))
    assert _open("TO-25") == set()


def test_a_month_that_is_over_is_judged_at_the_town_and_the_bureau(units: dict[str, Institution]) -> None:
    Licence.objects.filter(number="L-A").update(issued_on="2026-10-15")
    _sweep(dt.date(2026, 10, 31))
    assert _open("TO-02") == set()
    _sweep(dt.date(2026, 11, 1))
    assert _open("TO-02") == {("440113007", "2026-10-01"), ("440113-JY", "2026-10-01")}
    assert set(Alert.objects.filter(rule="TO-02").values_list("period", flat=True)) == {"2026-10"}


def test_rules_are_shown_to_the_kind_of_institution_that_they_are_about(units: dict[str, Institution]) -> None:
    school = make.school()
    _sweep(LAST_DAY + dt.timedelta(days=1))
    week = Week.of(LAST_DAY)
    now = clock.at(LAST_DAY, 10 * 60)
    ids = [school.pk, units["ORG-TOWN"].pk, units["440113-JY"].pk]
    outcomes = unit_outcomes(ids, week, now=now)
    shown = {pk: {code for code, what in outcomes[pk].by_rule.items() if what != Outcome.NOT_APPLICABLE} for pk in ids}
    assert not [code for code in shown[ids[0]] if code.startswith("TO-")]
    assert {"IN-01", "IN-02", "SC-13"} <= shown[ids[0]]
    assert {code for code in shown[ids[1]] if not code.startswith("TO-")} == {"IN-01", "IN-02"}
    assert len(shown[ids[1]]) == 34
    assert shown[ids[2]] == {"TO-02", "TO-34"}
    assert outcomes[ids[1]].by_rule["TO-25"] == Outcome.SUSPECTED_VIOLATION
    assert outcomes[ids[1]].outcome == Outcome.SUSPECTED_VIOLATION
    assert outcomes[ids[2]].outcome == Outcome.COMPLIANT
    for rule in all_rules():
        cells = outcome_grid(ids, [week], rule=rule.code)
        for pk in ids:
            assert cells[pk, week.monday].outcome == outcomes[pk].by_rule[rule.code], (rule.code, pk)
