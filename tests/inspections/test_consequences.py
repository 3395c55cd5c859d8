"""What a filed visit leads to, and what a correction makes of it: one observation an answer, never two."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from inspections.models import Visit
from inspections.selectors import filed_visits_to, open_matters
from inspections.services.visits import correct_visit, hand_in_visit, review_visit
from shuangjian.alerts.models import Alert, Rectification
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput
from shuangjian.evidence.models import Observation
from shuangjian.files.models import StoredFile
from shuangjian.rules.drain import drain
from tests.inspections import visit_make
from tests.inspections.visit_make import DUE, NOW, TODAY, answer, details, filed, filled, handed_in, photo

pytestmark = pytest.mark.django_db
LATER = clock.at(dt.date(2026, 11, 26), 9 * 60)


def corrected(cast: SimpleNamespace, visit: Visit, result: str = "ordered", **values: Any) -> Visit:
    """The visit filed again with another answer to S-02."""
    correct_visit(visit.pk, reason="写错了", actor=cast.first, now=LATER)
    answer(visit, "S-02", cast.first, **values)
    details(visit, cast.first, result=result)
    hand_in_visit(visit.pk, actor=cast.first, now=LATER)
    return review_visit(visit.pk, decision="file", actor=cast.town, now=LATER)


def test_what_was_found_true_becomes_an_observation_and_a_rectification_with_its_photos(cast: SimpleNamespace) -> None:
    visit = visit_make.begun(cast)
    for seed in (5, 6):
        photo(visit, cast.first, item="S-02", seed=seed)
    filed(cast, visit, requirement="撤下前台登记本", severity=4)
    found = Observation.objects.get()
    assert (found.kind, found.source, found.state, found.severity) == ("privacy", "visit", "confirmed", 4)
    assert found.text == "不符合“S-02 要点”：前台登记本任人翻看"
    assert (found.occurred_on, found.confirmed_on, found.due_on) == (TODAY, TODAY, DUE)
    ordered = Rectification.objects.get()
    assert (ordered.observation, ordered.requirement, ordered.due_on) == (found, "撤下前台登记本", DUE)
    before = StoredFile.objects.filter(purpose=f"rect:{ordered.number}:before")
    pictured = visit.photos.filter(item__code="S-02")
    assert sorted(before.values_list("sha256", flat=True)) == sorted(pictured.values_list("stored__sha256", flat=True))
    assert visit.answers.get(item__code="S-02").observation == found


def test_a_clue_stays_a_clue_and_orders_nothing(cast: SimpleNamespace) -> None:
    filed(cast, decision="clue")
    assert Observation.objects.get().state == "clue"
    assert not Rectification.objects.exists()


def test_items_that_hold_lead_to_nothing_and_returning_leads_to_nothing(cast: SimpleNamespace) -> None:
    visit = handed_in(cast)
    review_visit(visit.pk, decision="return", remark="补充", actor=cast.town, now=NOW)
    assert not Observation.objects.exists()
    hand_in_visit(visit.pk, actor=cast.first, now=NOW)
    review_visit(visit.pk, decision="file", actor=cast.town, now=NOW)
    assert Observation.objects.count() == 1


def test_what_was_found_true_raises_its_alert_and_the_rectification_hangs_on_it(cast: SimpleNamespace) -> None:
    filed(cast)
    drain(lambda: NOW)
    alert = Alert.objects.get(institution=cast.org, rule="TO-09")
    assert alert.closed_at is None
    assert Rectification.objects.get().alert == alert


def test_a_deadline_that_has_passed_before_filing_is_told_and_nothing_is_filed(cast: SimpleNamespace) -> None:
    visit = handed_in(cast)
    with pytest.raises(InvalidInput) as refused:
        review_visit(visit.pk, decision="file", actor=cast.town, now=NOW + dt.timedelta(days=20))
    assert [each.path for each in refused.value.problems] == ["answers[S-02].due_on"]
    assert Visit.objects.get(pk=visit.pk).state == "handed_in"
    assert not Observation.objects.exists()


class TestCorrection:
    def test_an_item_that_holds_after_all_takes_everything_back(self, cast: SimpleNamespace) -> None:
        visit = filed(cast)
        drain(lambda: NOW)
        corrected(cast, visit, result="no_problem", verdict="ok")
        found = Observation.objects.get()
        assert (found.state, found.confirmed_on) == ("refuted", None)
        assert Rectification.objects.get().state == "cancelled"
        drain(lambda: LATER)
        assert Alert.objects.get(rule="TO-09").closed_at is not None

    def test_a_changed_text_and_deadline_change_the_same_observation(self, cast: SimpleNamespace) -> None:
        visit = filed(cast)
        number = Observation.objects.get().number
        corrected(cast, visit, note="登记本在柜面上", due_on=dt.date(2026, 12, 11), requirement="收起登记本")
        found, ordered = Observation.objects.get(), Rectification.objects.get()
        assert (found.number, found.text) == (number, "不符合“S-02 要点”：登记本在柜面上")
        assert (found.confirmed_on, found.due_on) == (TODAY, dt.date(2026, 12, 11))
        assert (ordered.due_on, ordered.requirement, ordered.state) == (dt.date(2026, 12, 11), "收起登记本", "open")

    def test_found_true_after_all_is_confirmed_on_the_day_of_the_correction(self, cast: SimpleNamespace) -> None:
        visit = filed(cast, decision="clue")
        corrected(cast, visit, decision="confirmed", due_on=DUE)
        found = Observation.objects.get()
        assert (found.state, found.confirmed_on) == ("confirmed", LATER.date())
        assert Rectification.objects.get().observation == found

    def test_only_a_clue_after_all_takes_the_decision_and_the_order_back(self, cast: SimpleNamespace) -> None:
        visit = filed(cast)
        corrected(cast, visit, result="corrected", decision="clue")
        assert Observation.objects.get().state == "clue"
        assert Rectification.objects.get().state == "cancelled"

    def test_failing_again_after_it_was_taken_back_is_the_same_observation(self, cast: SimpleNamespace) -> None:
        visit = filed(cast)
        corrected(cast, visit, result="no_problem", verdict="ok")
        corrected(cast, visit, verdict="failed", note="又发现", decision="confirmed", due_on=DUE)
        found = Observation.objects.get()
        assert (found.state, found.text) == ("confirmed", "不符合“S-02 要点”：又发现")
        assert sorted(Rectification.objects.values_list("state", flat=True)) == ["cancelled", "open"]

    def test_what_a_correction_does_not_touch_stays_even_after_its_deadline(self, cast: SimpleNamespace) -> None:
        visit = filed(cast)
        after = clock.at(DUE + dt.timedelta(days=3), 9 * 60)
        correct_visit(visit.pk, reason="写错了", actor=cast.first, now=after)
        answer(visit, "S-02", cast.first, note="写得更清楚")
        hand_in_visit(visit.pk, actor=cast.first, now=after)
        review_visit(visit.pk, decision="file", actor=cast.town, now=after)
        assert Observation.objects.get().text == "不符合“S-02 要点”：写得更清楚"
        assert Rectification.objects.get().due_on == DUE


class TestWhatIsShown:
    def test_the_next_visit_starts_with_what_is_still_open(self, cast: SimpleNamespace) -> None:
        filed(cast)
        filed(cast, decision="clue")
        drain(lambda: NOW)
        matters = open_matters(cast.org, cast.bureau)
        assert [each.requirement for each in matters.rectifications] == ["按要求整改：S-02 要点"]
        assert [each.state for each in matters.observations] == ["clue"]
        assert [each.rule for each in matters.alerts] == ["TO-09"]
        assert not open_matters(cast.other, cast.bureau)

    def test_an_institution_reads_what_was_found_true_and_no_clue(self, cast: SimpleNamespace) -> None:
        visit = filled(cast)
        answer(visit, "S-01", cast.first, verdict="failed", note="只是怀疑", decision="clue")
        photo(visit, cast.first, item="S-01", seed=9)
        assert filed_visits_to(cast.org) == []
        hand_in_visit(visit.pk, actor=cast.first, now=NOW)
        review_visit(visit.pk, decision="file", actor=cast.town, now=NOW)
        told = filed_visits_to(cast.org)
        assert [(each.number, each.on, each.result) for each in told] == [
            (visit.number, TODAY, "发现问题，责令限期整改")
        ]
        assert [each.note for each in told[0].items] == ["前台登记本任人翻看"]
        assert "怀疑" not in str(told)

    def test_during_a_correction_the_institution_reads_what_was_filed(self, cast: SimpleNamespace) -> None:
        visit = filed(cast)
        correct_visit(visit.pk, reason="写错了", actor=cast.first, now=LATER)
        answer(visit, "S-02", cast.first, note="还没有归档的")
        assert filed_visits_to(cast.org)[0].items[0].note == "前台登记本任人翻看"
