"""Changes to the calendar: what is refused, and that each is in the journal."""

import datetime as dt
import threading

import pytest
from django.db import connection, transaction

from shuangjian.bureau.calendar_services import (
    delete_break,
    delete_calendar_day,
    delete_term,
    save_break,
    save_calendar_day,
    save_term,
)
from shuangjian.bureau.institution_services import confirm_town
from shuangjian.bureau.models import Break, CalendarDay, Term
from shuangjian.core.errors import Conflict, InvalidInput
from shuangjian.journal.models import AuditEntry, EvaluationRequest
from tests import make

D = dt.date
SPRING = {
    "key": "2026-2027-2",
    "stage": "primary",
    "starts_on": D(2027, 2, 22),
    "ends_on": D(2027, 7, 9),
    "certainty": "provisional",
}
CLOSED = {"date": D(2026, 11, 4), "kind": "closed", "level": "district", "reason": "演示", "certainty": "official"}


def only_problem(refused):
    (problem,) = refused.value.problems
    return problem


def test_a_term_is_saved_with_who_did_it(calendar, people):
    term = save_term(**SPRING, actor=people["bureau"])
    assert Term.objects.get(key="2026-2027-2") == term
    entry = AuditEntry.objects.get(act="save_term")
    assert (entry.actor, entry.detail["before"]) == (people["bureau"], None)


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"ends_on": D(2027, 2, 1)}, "ends_on", "早于开始日期"),
        ({"starts_on": D(2027, 1, 22)}, "starts_on", "2026-2027-1"),
        ({"key": "2026秋季"}, "key", "应写作 2026-2027-1"),
        ({"key": "2026-2028-1"}, "key", "应写作 2026-2027-1"),
        ({"certainty": "maybe"}, "certainty", "maybe"),
    ],
)
def test_a_bad_term_is_refused_at_its_field(calendar, people, change, path, words):
    with pytest.raises(InvalidInput) as refused:
        save_term(**SPRING | change, actor=people["bureau"])
    assert only_problem(refused).path == path
    assert words in only_problem(refused).message
    assert Term.objects.count() == 2


def test_a_break_may_start_the_day_after_the_term_and_not_on_its_last_day(calendar, people):
    winter = {"name": "寒假2027", "stage": "primary", "ends_on": D(2027, 2, 21), "certainty": "provisional"}
    with pytest.raises(InvalidInput):
        save_break(**winter, starts_on=D(2027, 1, 22), actor=people["bureau"])
    save_break(**winter, starts_on=D(2027, 1, 23), actor=people["bureau"])


def test_removing_a_term_or_break_takes_its_days_away(calendar, people, day):
    delete_term(Term.objects.get(stage="primary"), actor=people["bureau"])
    delete_break(Break.objects.get(stage="primary"), actor=people["bureau"])
    assert day(calendar.east, "2026-10-09") is None
    assert day(calendar.east, "2026-02-09") is None
    assert day(calendar.east, "2026-10-09", "junior") is not None


def test_removing_an_exception_lets_the_wider_one_hold_again(calendar, people, day):
    closed = save_calendar_day(**CLOSED, actor=people["bureau"])
    assert not day(calendar.east, "2026-11-04").is_school_day
    delete_calendar_day(closed, actor=people["bureau"])
    assert day(calendar.east, "2026-11-04").is_school_day
    assert AuditEntry.objects.filter(act="delete_calendar_day").exists()


def test_moving_an_exception_rebuilds_where_it_was_and_where_it_is(calendar, people, day):
    closed = save_calendar_day(**CLOSED | {"level": "town"}, town=calendar.east_town, actor=people["bureau"])
    save_calendar_day(
        **CLOSED | {"level": "town", "date": D(2026, 11, 5)},
        town=calendar.west_town,
        calendar_day=closed,
        actor=people["bureau"],
    )
    assert day(calendar.east, "2026-11-04").is_school_day
    assert not day(calendar.west, "2026-11-05").is_school_day
    assert CalendarDay.objects.filter(kind="closed").count() == 1


def test_an_exception_must_name_what_its_level_says(calendar, people):
    for scope, path in (
        ({"level": "town"}, "town"),
        ({"level": "institution"}, "institution"),
        ({"level": "district", "town": calendar.east_town}, "town"),
        ({"level": "town", "town": calendar.east_town, "institution": calendar.east}, "institution"),
    ):
        with pytest.raises(InvalidInput) as refused:
            save_calendar_day(**CLOSED | scope, actor=people["bureau"])
        assert only_problem(refused).path == path


def test_a_second_exception_of_the_same_day_and_scope_is_refused(calendar, people):
    save_calendar_day(**CLOSED, actor=people["bureau"])
    with pytest.raises(InvalidInput, match="1 处"):
        save_calendar_day(**CLOSED | {"kind": "school"}, actor=people["bureau"])
    save_calendar_day(**CLOSED, stage="primary", actor=people["bureau"])


def test_a_confirmed_town_is_recorded_and_its_closures_hold(calendar, people, day):
    save_calendar_day(**CLOSED | {"level": "town"}, town=calendar.east_town, actor=people["bureau"])
    EvaluationRequest.objects.all().delete()
    confirm_town(calendar.loose, calendar.east_town, actor=people["centre-first"], today=D(2026, 11, 24))
    calendar.loose.refresh_from_db()
    assert (calendar.loose.town, calendar.loose.town_candidates) == (calendar.east_town, "")
    assert not day(calendar.loose, "2026-11-04", "junior").is_school_day
    entry = AuditEntry.objects.get(act="confirm_town")
    assert entry.detail == {"town": "440113901", "candidates": "演示东街道、演示西镇"}
    requests = EvaluationRequest.objects.filter(institution=calendar.loose)
    assert requests.filter(until=D(2026, 11, 24), cause__startswith="镇街核实").count() == 1


def test_a_town_that_somebody_else_has_confirmed_is_not_confirmed_again(calendar, people):
    confirm_town(calendar.loose, calendar.east_town, actor=people["bureau"], today=D(2026, 11, 24))
    with pytest.raises(Conflict, match="演示东街道"):
        confirm_town(calendar.loose, calendar.west_town, actor=people["bureau"], today=D(2026, 11, 24))


@pytest.mark.django_db(transaction=True)
def test_two_people_cannot_save_overlapping_breaks_at_the_same_moment(calendar, people):
    """Without the calendar's lock both would check before either had saved."""
    base = {"stage": "primary", "starts_on": D(2027, 2, 1), "ends_on": D(2027, 2, 20), "certainty": "provisional"}
    refused = []

    def second():
        try:
            save_break(name="寒假乙", **base, actor=None)
        except InvalidInput as error:
            refused.append(error)
        finally:
            connection.close()

    with transaction.atomic():
        save_break(name="寒假甲", **base, actor=None)
        thread = threading.Thread(target=second)
        thread.start()
        # The other one waits for the lock, or (with the lock off) has saved by now.
        thread.join(timeout=1)
    thread.join(timeout=10)
    assert len(refused) == 1
    assert Break.objects.filter(starts_on=D(2027, 2, 1)).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("date", [dt.date(1800, 1, 1), dt.date(2021, 8, 31), dt.date(9999, 12, 31)])
def test_a_date_far_from_any_term_is_refused_at_its_field(date: dt.date) -> None:
    with pytest.raises(InvalidInput) as refusal:
        save_calendar_day(
            actor=make.Somebody(), date=date, kind="closed", level="district", reason="测试", certainty="official"
        )
    assert [problem.path for problem in refusal.value.problems] == ["date"]
    assert not CalendarDay.objects.exists()


@pytest.mark.django_db
def test_a_second_exception_of_the_same_day_and_scope_says_to_change_the_first() -> None:
    fields = {"date": dt.date(2026, 11, 4), "kind": "closed", "level": "district", "certainty": "official"}
    save_calendar_day(actor=make.Somebody(), reason="台风停课", **fields)
    with pytest.raises(InvalidInput) as refusal:
        save_calendar_day(actor=make.Somebody(), reason="再停课", **fields)
    (problem,) = refusal.value.problems
    assert "台风停课" in problem.message
    assert "修改它" in problem.message
