"""What the passing of a day brings about is found at night, at schools too; an act reaches whoever is tied; what is
put right or taken back is gone within the next evaluation, whether its week has a return or not."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from shuangjian.alerts.models import Alert
from shuangjian.alerts.rectification_models import Rectification
from shuangjian.bureau.models import Institution, Term
from shuangjian.core import clock
from shuangjian.evidence import observation_acts as acts
from shuangjian.evidence.models import Observation
from shuangjian.intake import services as intake
from shuangjian.journal.models import EvaluationRequest
from shuangjian.rules.drain import drain
from shuangjian.rules.explain import explain
from shuangjian.rules.models import Finding
from shuangjian.rules.sweep import open_sweep
from tests import make
from training_orgs.models import TrainingOrg
from training_orgs.rows import save_rows
from training_orgs.services.register import tie_brand

pytestmark = pytest.mark.django_db
DUE = dt.date(2026, 11, 24)


@pytest.fixture
def school() -> Institution:
    make.calendar()
    return make.school(town=make.town())


def _site(number: int) -> Institution:
    unit = make.training_org(f"虚构培训{number}部", town=make.town())
    TrainingOrg.objects.create(institution=unit)
    return unit


def _at(day: dt.date, hour: int = 10) -> dt.datetime:
    return clock.at(day, hour * 60)


def _sweep(day: dt.date) -> None:
    open_sweep(day)
    drain(lambda: _at(day, 2))


def _open(rule: str) -> list[str]:
    return sorted(Finding.objects.filter(rule=rule, cleared_at=None).values_list("institution__name", flat=True))


def _confirmed(unit: Institution, kind: str, on: dt.date, confirmed: dt.date | None = None) -> Observation:
    """Recorded and confirmed on the day itself unless another is said, and judged."""
    day = confirmed or on
    found = acts.record_observation(
        unit, kind=kind, occurred_on=on, source="visit", text="示范情况", actor=make.Somebody(), now=_at(day)
    )
    found = acts.confirm_observation(found.pk, actor=make.Somebody(), now=_at(day))
    drain(lambda: _at(day))
    return found


def test_the_night_after_its_last_day_raises_an_alert_at_schools_and_institutions(school: Institution) -> None:
    for number, unit in enumerate((school, _site(1))):
        Rectification.objects.create(
            number=f"ZG-2026-{number}", institution=unit, requirement="示范要求", due_on=DUE, ordered_at=_at(DUE)
        )
    _sweep(DUE)
    assert _open("IN-01") == []
    _sweep(DUE + dt.timedelta(days=1))
    assert _open("IN-01") == sorted([school.name, "虚构培训1部"])
    alerts = Alert.objects.filter(rule="IN-01")
    assert {(each.state, each.severity, each.period) for each in alerts} == {("open", 3, "standing")}


def test_a_provider_that_stays_is_found_the_night_after_the_five_workdays(school: Institution) -> None:
    found = _confirmed(school, "provider_misconduct", dt.date(2026, 11, 17))
    assert found.due_on == DUE, "five workdays, though severity 3 has three"
    _sweep(DUE)
    assert _open("AS-07") == []
    _sweep(DUE + dt.timedelta(days=1))
    assert _open("AS-07") == [school.name]
    late = _at(DUE + dt.timedelta(days=2))
    acts.rectify_observation(found.pk, actor=make.Somebody(), now=late)
    drain(lambda: late)
    assert _open("AS-07") == []


@pytest.mark.parametrize(
    ("kind", "rule", "period"),
    [("homework_mechanical", "HW-06", "2026-W45"), ("exam_beyond", "SC-09", "2026-2027-1"),
     ("paid_tuition", "SC-13", "standing"), ("collective_tuition", "AS-04", "2026-W45")],
)  # fmt: skip
def test_what_is_put_right_is_gone_and_its_alert_closes_itself(
    school: Institution, kind: str, rule: str, period: str
) -> None:
    found = _confirmed(school, kind, dt.date(2026, 11, 4))
    alert = Alert.objects.get(rule=rule)
    assert (alert.state, alert.period, alert.open_findings) == ("open", period, 1)
    acts.rectify_observation(found.pk, actor=make.Somebody(), now=_at(DUE))
    drain(lambda: _at(DUE))
    alert.refresh_from_db()
    assert (_open(rule), alert.state, alert.closing) == ([], "closed", "by_itself")


def test_what_people_saw_of_tuition_needs_no_return_and_what_a_return_says_does(school: Institution) -> None:
    day = dt.date(2026, 11, 4)
    service = {**make.SERVICE, "stage": "primary", "day": str(day), "content": ["new_lesson"]}
    payload = make.full_payload(school)
    payload["after_school"] = [service if row["day"] == str(day) else row for row in payload["after_school"]]
    intake.submit_return(school, make.WEEK, actor=make.Somebody(), now=_at(day), door="api", payload=payload)
    found = _confirmed(school, "collective_tuition", day)
    both = Finding.objects.filter(rule="AS-04", cleared_at=None).order_by("about")
    assert [(each.about.partition(":")[0], each.return_version is None) for each in both] == [
        ("observation", True), ("stage", False),
    ]  # fmt: skip
    seen, filed = (explain(each) for each in both)
    assert ("校历" in dict(seen.facts), "校历" in dict(filed.facts)) == (False, True), "any day counts for people"
    assert "认定为查实" in seen.decided_by
    assert "核查认定" in filed.decided_by
    intake.withdraw_return(school, make.WEEK, actor=make.Somebody(), now=_at(DUE), reason="测试")
    drain(lambda: _at(DUE))
    assert [each.is_stale for each in both.all()] == [False, True], "no return covers the week: only that leg is stale"
    acts.withdraw_observation(found.pk, actor=make.Somebody(), reason="测试撤回", now=_at(DUE))
    drain(lambda: _at(DUE))
    assert [each.about for each in both.all()] == ["stage:primary"]


def test_what_people_saw_is_not_foreseen_of_a_return(school: Institution) -> None:
    """No correction of the return would clear it, and its form has no cell for it."""
    _confirmed(school, "collective_tuition", dt.date(2026, 11, 4))
    _, foreseen = intake.preview_return(school, make.WEEK, make.full_payload(school), now=_at(dt.date(2026, 11, 8)))
    assert [each["rule"] for each in foreseen] == []
    assert _open("AS-04") == [school.name]


def test_an_act_at_one_site_of_a_brand_is_judged_at_the_others_at_once() -> None:
    first, second, stranger = _site(1), _site(2), _site(3)
    for unit in (first, second):
        tie_brand(unit, "示范品牌", actor=make.Somebody())
    _confirmed(second, "advertising", dt.date(2026, 11, 10))
    _confirmed(stranger, "advertising", dt.date(2026, 11, 10))
    assert _open("IN-02") == []
    # Found only now, though confirmed before the other act began: the other site has done it again.
    earlier = acts.record_observation(
        first, kind="advertising", occurred_on=dt.date(2026, 10, 12), source="visit", text="示范情况",
        actor=make.Somebody(), now=_at(dt.date(2026, 10, 12)),
    )  # fmt: skip
    acts.confirm_observation(earlier.pk, actor=make.Somebody(), now=_at(dt.date(2026, 11, 2)))
    asked = EvaluationRequest.objects.filter(done_at=None)
    assert set(asked.values_list("institution", flat=True)) == {first.pk, second.pk}
    drain(lambda: _at(DUE))
    assert _open("IN-02") == [second.name]
    assert explain(Finding.objects.get(rule="IN-02", cleared_at=None)).observed_text == "1 次"
    acts.withdraw_observation(earlier.pk, actor=make.Somebody(), reason="测试撤回", now=_at(DUE))
    drain(lambda: _at(DUE))
    assert _open("IN-02") == []


@pytest.mark.parametrize("door", ["page", "rows"])
def test_a_site_that_leaves_its_brand_takes_its_acts_with_it(door: str) -> None:
    first, second = _site(1), _site(2)
    for unit in (first, second):
        tie_brand(unit, "示范品牌", actor=make.Somebody())
    _confirmed(first, "advertising", dt.date(2026, 11, 2))
    _confirmed(second, "advertising", dt.date(2026, 11, 10))
    assert _open("IN-02") == [second.name]
    if door == "page":
        tie_brand(first, "", actor=make.Somebody())
    else:
        row = {"kind": "training_org", "valid_from": "2026-11-01", "name": first.name, "town": "市桥街道"}
        row |= {"category": "subject", "address": "示范路1号", "code": first.code, "brand": "虚构品牌"}
        rows: list[dict[str, Any]] = [row]
        save_rows("orgs", rows, actor=make.Somebody())
    drain(lambda: _at(DUE))
    assert _open("IN-02") == []


@pytest.mark.parametrize(
    ("day", "term"),
    [("2026-08-31", "2025-2026-2"), ("2026-09-01", "2026-2027-1"), ("2027-02-21", "2026-2027-1"),
     ("2027-02-22", "2026-2027-2"), ("2027-09-14", "2026-2027-2"), ("2027-09-15", "2027-2028-1")],
)  # fmt: skip
def test_what_is_found_in_a_break_belongs_to_the_last_term_begun(school: Institution, day: str, term: str) -> None:
    """The last one by its month: the term after it is not entered yet, and none lasts so long."""
    for key, first, last in (("2025-2026-2", "2026-03-02", "2026-07-10"), ("2026-2027-2", "2027-02-22", "2027-07-09")):
        Term.objects.create(key=key, stage="primary", starts_on=first, ends_on=last, certainty="official")
    _confirmed(school, "exam_beyond", dt.date.fromisoformat(day))
    assert [each.period for each in Finding.objects.filter(rule="SC-09")] == [term]
    assert Alert.objects.get(rule="SC-09").period == term


def test_a_term_s_alert_counts_what_was_found_before_and_after_new_year(school: Institution) -> None:
    _confirmed(school, "exam_beyond", dt.date(2026, 12, 28))
    _confirmed(school, "exam_beyond", dt.date(2027, 1, 5))
    alert = Alert.objects.get(rule="SC-09")
    assert (alert.open_findings, str(alert.first_on), str(alert.last_on)) == (2, "2026-12-28", "2027-01-05")
