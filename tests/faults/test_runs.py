"""A run's receipt: told by town, right to the finding, and finished whatever is merged, fails or happens at once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from homework.models import HomeworkItem
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Refused
from shuangjian.journal.models import ClockTimestamp, EvaluationRequest, Run, RunPart
from shuangjian.journal.runs import collecting_runs, forget_sweeps
from shuangjian.journal.services import request_evaluation
from shuangjian.rules import drain as outbox
from shuangjian.rules import services, sweep
from shuangjian.rules.declare import unregister
from shuangjian.rules.models import Evaluation, Finding
from tests import make
from tests.faults.parallel import together

pytestmark = pytest.mark.django_db(transaction=True)

NOW = clock.at(dt.date(2026, 11, 10), 9 * 60)
TODAY = NOW.date()


def _drain() -> int:
    return outbox.drain(lambda: NOW)


def _counts(of: Any) -> dict[str, int]:
    return {name: getattr(of, name) for name in ("added", "cleared", "changed", "unchanged")}


@pytest.fixture
def district() -> dict[str, Any]:
    """Two towns: in the first 示范一小 has 75 and 示范二小 80 minutes on a day, in the second 示范三小 is lawful."""
    make.calendar()
    east, west = make.town("440113007", "演示东街"), make.town("440113008", "演示西街")
    schools = {
        "first": make.school("示范一小", town=east, classes=["2026-05-01"]),
        "second": make.school("示范二小", town=east, classes=["2026-05-01"]),
        "third": make.school("示范三小", town=west, classes=["2026-05-01"]),
    }
    for name, minutes in (("first", 75), ("second", 80), ("third", 30)):
        make.submitted(schools[name], homework=[make.item("2026-05-01", "2026-11-04", minutes)])
    _drain()
    return {"east": east, "west": west, **schools}


def _check(**changed: Any) -> Run:
    asked = {"since": make.WEEK.monday, "until": make.WEEK.sunday, "rules": ["HW-02"], **changed}
    asked.setdefault("actor", None)
    asked["actor"] = asked["actor"] or make.user("bureau")
    return sweep.open_check(**asked, now=NOW)


def test_a_run_over_nothing_new_says_how_many_findings_stayed(district: dict[str, Any]) -> None:
    run = _check()
    _drain()
    run.refresh_from_db()
    assert run.finished_at is not None
    assert run.started_at is not None
    east = run.parts.get(town=district["east"])
    assert _counts(east) == {"added": 0, "cleared": 0, "changed": 0, "unchanged": 2}
    assert (east.state, east.units, east.judged, east.violations) == ("done", 2, 2, 2)
    assert _counts(run.parts.get(town=district["west"])) == dict.fromkeys(_counts(east), 0)


def test_added_cleared_and_changed_are_told_apart(district: dict[str, Any]) -> None:
    """Findings that no longer fit the items, as after another standard: gone, with other figures, new, and opened
    again."""
    Finding.objects.filter(institution=district["second"], rule="HW-02").update(observed=79)
    Finding.objects.filter(institution=district["first"], rule="HW-02").update(cleared_at=NOW)
    HomeworkItem.objects.filter(school_class__school=district["third"].pk, minutes=30).update(minutes=61)
    Finding.objects.create(
        rule="HW-02", institution=district["third"], about="class:2026-05-09", occurred_on=dt.date(2026, 11, 4),
        period="2026-W45", severity=2, observed=70, limit=60, parameters_version="", calendar_version=1,
        opened_at=NOW, changed_at=NOW,
    )  # fmt: skip
    run = _check()
    _drain()
    east, west = (run.parts.get(town=district[name]) for name in ("east", "west"))
    assert _counts(east) == {"added": 1, "cleared": 0, "changed": 1, "unchanged": 0}
    assert _counts(west) == {"added": 1, "cleared": 1, "changed": 0, "unchanged": 0}
    assert {k: v for k, v in west.by_rule["HW-02"].items() if v} == {"violations": 1, "added": 1, "cleared": 1}


def test_the_same_figures_in_a_newer_version_of_the_return_are_unchanged(district: dict[str, Any]) -> None:
    make.submitted(
        district["first"],
        homework=[make.item("2026-05-01", "2026-11-04", 75), make.item("2026-05-01", "2026-11-05", 9)],
    )
    EvaluationRequest.objects.filter(done_at__isnull=True).delete()
    before = Finding.objects.get(institution=district["first"], rule="HW-02")
    run = _check()
    _drain()
    after = Finding.objects.get(institution=district["first"], rule="HW-02")
    assert after.return_version != before.return_version
    assert _counts(run.parts.get(town=district["east"])) == {"added": 0, "cleared": 0, "changed": 0, "unchanged": 2}
    evaluation = Evaluation.objects.order_by("-pk").get(scope=f"town:{district['east'].pk}")
    assert (evaluation.violations, evaluation.unchanged) == (2, 2)


def test_runs_whose_towns_are_judged_together_each_finish_and_say_so(district: dict[str, Any]) -> None:
    one = _check()
    other = _check(until=make.WEEK.sunday - dt.timedelta(days=1))
    outbox.drain_one(lambda: NOW)  # both requests for the district are one claim, and each becomes its towns
    evaluations = Evaluation.objects.count()
    _drain()
    assert Evaluation.objects.count() == evaluations + 2  # two towns that have units, each judged once for both runs
    for run in (one, other):
        run.refresh_from_db()
        assert run.finished_at is not None
        assert run.parts.get(town=district["east"]).is_shared
        assert run.parts.get(town=district["east"]).unchanged == 2


def test_a_run_for_some_rules_counts_these_alone_though_others_are_judged_with_it(district: dict[str, Any]) -> None:
    runs = [_check(rules=["HW-02"]), _check(rules=["HW-03"]), _check(rules=None)]
    _drain()
    one, other, every = (run.parts.get(town=district["east"]) for run in runs)
    assert all(part.is_shared for part in (one, other, every))
    assert (one.unchanged, set(one.by_rule)) == (2, {"HW-02"})
    assert (other.unchanged, set(other.by_rule)) == (0, set())
    assert every.unchanged == 2


def test_a_changed_standard_is_named_in_words_and_with_its_date(district: dict[str, Any]) -> None:
    override = services.propose_override(
        parameter="schools.arrival_lead", key="", value=Decimal(40), effective_from=make.WEEK.monday,
        reason="示例", reference="示范文件", actor=make.user("bureau"), now=NOW,
    )  # fmt: skip
    services.approve_override(override.pk, actor=make.user("bureau", username="second"), now=NOW)
    cause = Run.objects.latest("pk").cause
    assert cause == f"标准值调整：要求到校时间早于第一节课的最长时间，自 {make.WEEK.monday} 起"


def test_a_submit_is_no_run_and_a_run_beside_it_still_finishes(district: dict[str, Any]) -> None:
    runs = Run.objects.count()
    make.submitted(district["first"], homework=[make.item("2026-05-01", "2026-11-04", 90)])
    assert Run.objects.count() == runs
    services.grant_exemption(
        rule="SC-01",
        institution=district["first"],
        starts_on=dt.date(2026, 11, 9),
        ends_on=dt.date(2026, 11, 13),
        reason="测试",
        actor=make.user("bureau"),
        now=NOW,
    )
    _drain()
    run = Run.objects.get(kind="exemption")
    part = run.parts.get()
    assert (part.institution, part.state, part.is_shared) == (district["first"], "done", True)
    assert run.finished_at is not None


def test_a_changed_calendar_opens_one_run_that_the_page_can_find(district: dict[str, Any]) -> None:
    with collecting_runs() as opened:
        make.exception(dt.date(2026, 11, 4), "closed", institution=district["first"])
    run = Run.objects.get(pk=opened[0])
    assert (run.kind, run.asked_by_label) == ("calendar", make.Somebody().audit_label)
    _drain()
    run.refresh_from_db()
    assert run.finished_at is not None
    assert run.parts.get().state == "done"


def test_the_log_stays_when_its_requests_are_forgotten(district: dict[str, Any]) -> None:
    run = _check()
    _drain()
    outbox.forget_done(clock.now() + dt.timedelta(days=8))
    assert not EvaluationRequest.objects.exists()
    assert Run.objects.filter(pk=run.pk, finished_at__isnull=False).exists()


def test_a_sweep_is_forgotten_after_a_school_year_and_what_somebody_caused_never(district: dict[str, Any]) -> None:
    old, young, caused = sweep.open_sweep(TODAY), sweep.open_sweep(TODAY - dt.timedelta(days=1)), _check()
    _drain()
    now = NOW + dt.timedelta(days=800)
    Run.objects.filter(pk__in=[old.pk, caused.pk]).update(finished_at=now - dt.timedelta(days=401))
    Run.objects.filter(pk=young.pk).update(finished_at=now - dt.timedelta(days=399))
    assert forget_sweeps(now) > 1
    assert set(Run.objects.values_list("pk", flat=True)) >= {young.pk, caused.pk}
    assert not Run.objects.filter(pk=old.pk).exists()
    assert not RunPart.objects.filter(run_id=old.pk).exists()


def test_an_equal_run_is_refused_until_the_first_has_finished(district: dict[str, Any]) -> None:
    _check()
    with pytest.raises(Conflict, match="正在进行"):
        _check()
    _check(rules=["HW-01"])
    _drain()
    _check()


def test_two_people_who_ask_at_once_start_one_run(district: dict[str, Any]) -> None:
    people = [make.user("bureau"), make.user("bureau")]
    results = together([lambda p=p: _check(actor=p) for p in people])  # type: ignore[misc]
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "Run"], results


def test_a_second_clock_sweeps_no_second_time() -> None:
    make.calendar()
    assert sweep.open_sweep(TODAY) == sweep.open_sweep(TODAY)
    assert Run.objects.filter(kind="sweep").count() == 1


def test_only_the_bureau_asks_and_the_dates_are_checked(district: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="区教育局"):
        _check(actor=make.user("town", district["east"]))
    with pytest.raises(InvalidInput):
        _check(until=TODAY + dt.timedelta(days=1))
    with pytest.raises(InvalidInput):
        _check(since=dt.date(2026, 11, 8), until=dt.date(2026, 11, 7))
    with pytest.raises(InvalidInput):
        _check(rules=["HW-99"])


def test_a_town_is_judged_some_schools_at_a_time_and_counts_as_one(
    district: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "UNIT_DAYS_AT_ONCE", 7)
    run = _check()
    assert outbox.drain_one(lambda: NOW)  # the fan-out
    assert outbox.drain_one(lambda: NOW)
    part = run.parts.get(town=district["east"])
    assert (part.state, part.judged, part.units, part.unchanged) == ("running", 1, 2, 1)
    _drain()
    part.refresh_from_db()
    assert (part.state, part.judged, part.units, part.unchanged) == ("done", 2, 2, 2)


def test_a_crash_between_two_portions_counts_nothing_twice(
    district: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """As a kill -9 after everything was computed and before the commit."""

    def die(*args: Any, **kwargs: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "UNIT_DAYS_AT_ONCE", 7)
        run = _check()
        outbox.drain_one(lambda: NOW)  # the fan-out
        outbox.drain_one(lambda: NOW)  # the first portion
        patched.setattr(outbox, "note_progress", die)
        with pytest.raises(Killed):
            _drain()
    part = run.parts.get(town=district["east"])
    assert (part.state, part.judged, part.unchanged) == ("running", 1, 1)
    _drain()
    part.refresh_from_db()
    assert (part.state, part.judged, part.unchanged) == ("done", 2, 2)


def test_two_drains_at_once_finish_a_run_of_single_schools(district: dict[str, Any]) -> None:
    """The guard is the lock on the run's row: without it the last two parts each see the other unfinished."""
    schools = [make.school(f"示范{n}中", classes=["2026-05-01"], town=district["west"]) for n in "甲乙丙丁戊己"]
    _drain()
    run = Run.objects.create(
        kind="list", cause="测试", asked_by_label="系统", since=TODAY, until=TODAY, requested_at=NOW
    )
    for school in schools:
        request_evaluation(institution_id=school.pk, since=TODAY, until=TODAY, cause="测试", run=run)
    assert all(isinstance(result, int) for result in together([_drain, _drain, _drain]))
    run.refresh_from_db()
    assert run.finished_at is not None
    assert set(run.parts.values_list("state", flat=True)) == {"done"}


def _drain_until_parked() -> None:
    for _ in range(outbox.MOST_ATTEMPTS):
        _drain()
        EvaluationRequest.objects.filter(done_at__isnull=True, parked_at__isnull=True).update(next_at=ClockTimestamp())
    _drain()


def test_a_run_with_a_broken_rule_ends_and_names_it_and_is_whole_once_mended(
    district: dict[str, Any], raising_rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "UNIT_DAYS_AT_ONCE", 7)
    run = _check(rules=["HW-02", raising_rule])
    _drain_until_parked()
    run.refresh_from_db()
    east = run.parts.get(town=district["east"])
    assert run.finished_at is not None
    assert (east.state, east.unchanged, east.judged) == ("parked", 2, 2)
    assert "division by zero" in east.error
    assert outbox.parked().filter(town=district["east"]).count() == 1
    unregister(raising_rule)
    outbox.release_parked()
    run.refresh_from_db()
    assert run.finished_at is None
    _drain()
    run.refresh_from_db()
    east.refresh_from_db()
    assert (east.state, east.error, run.finished_at is not None) == ("done", "", True)


def test_parts_are_seen_by_whoever_may_see_all_their_units(district: dict[str, Any]) -> None:
    run = _check()
    _drain()
    town, bureau = make.user("town", district["east"]), make.user("bureau")
    school, sysadmin = make.user("school", district["first"]), make.user("sysadmin")
    seen = [part.town for part in RunPart.objects.filter(run=run).visible_to(town)]
    assert seen == [district["east"]]
    assert Run.objects.visible_to(town).filter(pk=run.pk).exists()
    assert not Run.objects.visible_to(school).filter(pk=run.pk).exists()
    for everyone in (bureau, sysadmin):
        assert RunPart.objects.filter(run=run).visible_to(everyone).count() == 3
        assert Run.objects.visible_to(everyone).filter(pk=run.pk).exists()
