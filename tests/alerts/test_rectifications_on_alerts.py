"""整改 and 预警: the rectification hangs on the alert of what was found and keeps it from being closed meanwhile."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shuangjian.alerts.models import Alert, Rectification
from shuangjian.alerts.rectifications import change_rectification, recheck_rectification
from shuangjian.alerts.regroup import regroup
from shuangjian.alerts.services import acknowledge_alert, close_alert, dismiss_alert
from shuangjian.core.errors import Conflict
from shuangjian.evidence.kinds import all_kinds
from shuangjian.rules.models import Finding
from shuangjian.rules.periods import Span
from shuangjian.rules.sweep import open_sweep
from tests.alerts import rectification_make
from tests.alerts.rectification_make import DUE, NOW, found, handed_in, judged, ordered
from tests.training_orgs import make as org_make

pytestmark = pytest.mark.django_db
#: A kind that a rule about schools judges by itself.
KIND = next(kind for kind in all_kinds() if kind.rule and "school" in kind.units)


@pytest.fixture
def cast(db: None) -> SimpleNamespace:
    return rectification_make.cast()


@pytest.fixture
def hung(cast: SimpleNamespace) -> Rectification:
    """A rectification of what was found at the school, on its alert."""
    item = ordered(cast.school, cast.town, observation=found(cast.school, cast.town, kind=KIND.code))
    assert item.alert is None, "the rule has not judged yet"
    judged()
    item.refresh_from_db()
    return item


def test_it_hangs_on_the_alert_that_the_rule_raises(hung: Rectification) -> None:
    assert hung.alert == Alert.objects.get(rule=KIND.rule)
    assert hung.revision == 1, "whoever reads it meanwhile does not read something else"


def test_what_a_rule_judges_by_the_whole_institution_hangs_there_too(cast: SimpleNamespace) -> None:
    unit = org_make.org(town=cast.site.town)  # neither licence nor registration
    item = ordered(unit, cast.town, observation=found(unit, cast.town, kind="operating"))
    judged()
    item.refresh_from_db()
    assert item.alert == Alert.objects.get(rule="TO-25", institution=unit)


def test_passing_it_clears_the_finding_and_an_untouched_alert_closes_itself(
    cast: SimpleNamespace, hung: Rectification
) -> None:
    handed_in(hung, cast.own)
    judged()
    assert Alert.objects.get(rule=KIND.rule).state == "open", "handed in is not put right"
    recheck_rectification(hung.pk, is_passed=True, remark="", actor=cast.town, now=NOW)
    judged()
    alert = Alert.objects.get(rule=KIND.rule)
    assert (alert.state, alert.closing) == ("closed", "by_itself")
    assert not Finding.objects.open().filter(rule=KIND.rule).exists()


def test_on_an_acknowledged_alert_passing_proposes_to_close_it(cast: SimpleNamespace, hung: Rectification) -> None:
    acknowledge_alert(hung.alert_id, actor=cast.own, now=NOW)  # type: ignore[arg-type]
    handed_in(hung, cast.own)
    recheck_rectification(hung.pk, is_passed=True, remark="", actor=cast.town, now=NOW)
    judged()
    alert = Alert.objects.get(rule=KIND.rule)
    assert (alert.state, alert.closing_proposed_at is not None) == ("acknowledged", True)
    assert close_alert(alert.pk, actor=cast.town, now=NOW, reason="已核实").state == "closed"


def test_an_alert_is_not_closed_while_a_rectification_is_open(cast: SimpleNamespace, hung: Rectification) -> None:
    for act in (lambda: None, lambda: handed_in(hung, cast.own)):
        act()
        with pytest.raises(Conflict, match=hung.number):
            close_alert(hung.alert_id, actor=cast.town, now=NOW, reason="已核实")  # type: ignore[arg-type]
    assert Alert.objects.get(pk=hung.alert_id).state == "open"


def test_a_false_alarm_takes_its_rectifications_with_it(cast: SimpleNamespace, hung: Rectification) -> None:
    dismiss_alert(hung.alert_id, actor=cast.bureau, now=NOW, reason="量错了")  # type: ignore[arg-type]
    hung.refresh_from_db()
    assert hung.state == "cancelled"
    assert hung.steps.last().note == "预警作为误报排除：量错了"  # type: ignore[union-attr]


def test_an_alert_on_which_something_was_ordered_does_not_close_itself(
    cast: SimpleNamespace, hung: Rectification
) -> None:
    """The officer ordered more than what the rule saw: the finding goes, the order stays."""
    alert = Alert.objects.get(pk=hung.alert_id)
    more = ordered(cast.school, cast.town, alert=alert)
    assert more.alert == alert
    handed_in(hung, cast.own)
    recheck_rectification(hung.pk, is_passed=True, remark="", actor=cast.town, now=NOW)
    judged()
    alert.refresh_from_db()
    assert (alert.state, alert.open_findings, alert.closing_proposed_at is not None) == ("open", 0, True)
    with pytest.raises(Conflict, match=more.number):
        close_alert(alert.pk, actor=cast.town, now=NOW, reason="已核实")


def test_the_same_order_on_an_alert_posted_twice_is_one(cast: SimpleNamespace, hung: Rectification) -> None:
    alert = Alert.objects.get(pk=hung.alert_id)
    first = ordered(cast.school, cast.town, alert=alert)
    assert ordered(cast.school, cast.town, alert=alert) == first
    assert ordered(cast.school, cast.town, alert=alert, requirement="另一件事") != first
    assert ordered(cast.school, cast.town, alert=alert, due_on=DUE + dt.timedelta(days=1)) != first
    handed_in(first, cast.own)
    assert ordered(cast.school, cast.town, alert=alert) != first


def test_nothing_is_ordered_on_a_closed_alert(cast: SimpleNamespace, hung: Rectification) -> None:
    handed_in(hung, cast.own)
    recheck_rectification(hung.pk, is_passed=True, remark="", actor=cast.town, now=NOW)
    judged()
    with pytest.raises(Conflict, match="已经办结"):
        ordered(cast.school, cast.town, alert=Alert.objects.get(pk=hung.alert_id))


def test_the_night_after_the_deadline_finds_what_was_not_handed_in(cast: SimpleNamespace) -> None:
    """Nobody writes anything that day: the nightly sweep alone judges it, and an act the next day clears it."""
    item = ordered(cast.school, cast.town, due_on=DUE)
    judged()
    night = NOW.replace(month=12, day=5, hour=2, minute=30)
    assert night.date() == DUE + dt.timedelta(days=1)
    open_sweep(DUE)
    judged(night - dt.timedelta(days=1))
    assert not Finding.objects.open().filter(rule="IN-01").exists(), "the last day is on time"
    open_sweep(night.date())
    judged(night)
    assert Finding.objects.open().get(rule="IN-01").about == f"rectification:{item.number}"
    handed_in(item, cast.own, rectified_on=night.date(), now=night)
    judged(night)
    assert not Finding.objects.open().filter(rule="IN-01").exists()


def test_a_later_deadline_clears_what_was_late(cast: SimpleNamespace) -> None:
    item, late = ordered(cast.school, cast.town), NOW + dt.timedelta(days=20)
    open_sweep(late.date())
    judged(late)
    assert Finding.objects.open().filter(rule="IN-01").exists()
    later = late.date() + dt.timedelta(days=5)
    change_rectification(
        item.pk, requirement=item.requirement, due_on=later, reason="设备未到", actor=cast.town, now=late
    )
    judged(late)
    assert not Finding.objects.open().filter(rule="IN-01").exists()


def test_hanging_costs_one_statement_however_many_there_are(cast: SimpleNamespace, hung: Rectification) -> None:
    spans = {KIND.rule: Span(dt.date(2026, 9, 1), dt.date(2026, 12, 31))}
    for _ in range(3):
        ordered(cast.school, cast.town, observation=found(cast.school, cast.town, kind=KIND.code))
    judged()
    assert set(Rectification.objects.values_list("alert", flat=True)) == {hung.alert_id}
    Rectification.objects.update(alert=None)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        regroup([cast.school.pk], spans, NOW)
    hanging = [each["sql"] for each in queries.captured_queries if "UPDATE alerts_rectification" in each["sql"]]
    assert len(hanging) == 1
    assert set(Rectification.objects.values_list("alert", flat=True)) == {hung.alert_id}


def test_what_no_rule_judges_hangs_on_nothing(cast: SimpleNamespace) -> None:
    item = ordered(cast.school, cast.town, observation=found(cast.school, cast.town, kind="other"))
    judged()
    item.refresh_from_db()
    assert item.alert is None


def test_what_no_rule_judges_hangs_on_the_alert_of_its_lateness(cast: SimpleNamespace) -> None:
    """The alert closes itself as the institution hands in, and is the same again where that is returned."""
    item = ordered(cast.school, cast.town, observation=found(cast.school, cast.town, kind="other"), due_on=DUE)
    late = NOW.replace(month=12, day=5)
    open_sweep(late.date())
    judged(late)
    item.refresh_from_db()
    alert = Alert.objects.get(rule="IN-01")
    assert item.alert == alert
    handed_in(item, cast.own, rectified_on=late.date(), now=late)
    judged(late)
    alert.refresh_from_db()
    assert (alert.state, alert.closing) == ("closed", "by_itself")
    recheck_rectification(item.pk, is_passed=False, remark="仍未整改", actor=cast.town, now=late)
    judged(late)
    alert.refresh_from_db()
    assert (alert.state, alert.episode, alert.open_findings) == ("open", 1, 1)
    assert Rectification.objects.get(pk=item.pk).alert == alert


def test_a_false_alarm_of_lateness_leaves_what_was_ordered(cast: SimpleNamespace) -> None:
    item = ordered(cast.school, cast.town, observation=found(cast.school, cast.town, kind="other"), due_on=DUE)
    late = NOW.replace(month=12, day=5)
    open_sweep(late.date())
    judged(late)
    dismiss_alert(Alert.objects.get(rule="IN-01").pk, actor=cast.bureau, now=late, reason="已在现场交过材料")
    item.refresh_from_db()
    assert (item.state, item.alert and item.alert.state) == ("open", "closed")


def test_lateness_takes_no_rectification_from_the_alert_on_which_it_was_ordered(
    cast: SimpleNamespace, hung: Rectification
) -> None:
    other = ordered(cast.school, cast.town, alert=Alert.objects.get(pk=hung.alert_id), due_on=DUE)
    late = NOW.replace(month=12, day=20)
    open_sweep(late.date())
    judged(late)
    assert Alert.objects.get(rule="IN-01").open_findings == 2
    assert set(Rectification.objects.filter(pk__in=(hung.pk, other.pk)).values_list("alert", flat=True)) == {
        hung.alert_id
    }
