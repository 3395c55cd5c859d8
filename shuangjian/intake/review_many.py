"""Many returns at once: clean ones approved or accepted by tick boxes, accepted ones locked when their time is over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from shuangjian.core import clock
from shuangjian.core.errors import Refused
from shuangjian.core.locks import lock_institutions
from shuangjian.core.weeks import Week
from shuangjian.intake.doubts import doubts_of
from shuangjian.intake.events import new_event
from shuangjian.intake.models import Filing, ReturnEvent, WeeklyReturn
from shuangjian.intake.review import Act, check_act
from shuangjian.journal.services import record
from shuangjian.rules.engine import current_overrides
from shuangjian.rules.parameters import frozen, load_parameter

LOCK_AFTER = load_parameter(__file__, "lock_after_days")
MOST_AT_ONCE = 200

State = WeeklyReturn.State


@dataclass(frozen=True)
class Left:
    """A return that was not taken along, and why."""

    weekly_return: WeeklyReturn
    why: str


@transaction.atomic
def advance_clean_returns(
    act: Act, seen: Mapping[int, int], *, actor: Any, now: dt.datetime
) -> tuple[list[WeeklyReturn], list[Left]]:
    """Approve or accept those of these returns (id → number of the version that the list showed) that are clean.

    Returns the done ones and those left, each with its reason: another state or version by now, findings, a note. One
    transaction; the units' locks are taken before anything is read.
    """
    institution_ids = WeeklyReturn.objects.filter(pk__in=seen).values_list("institution_id", flat=True)
    lock_institutions(institution_ids)
    done, left = [], []
    doubts: dict[int, list[str]] = {}
    returns = list(
        WeeklyReturn.objects.filter(pk__in=seen)
        .select_related("institution", "current_version")
        .defer("draft", "current_version__payload")
        .order_by("institution__pinyin", "week")
    )
    for week in {each.week for each in returns}:
        doubts |= doubts_of([each for each in returns if each.week == week], Week(week))
    for each in returns:
        try:
            check_act(act, each, actor, version=seen[each.pk])
        except Refused as refused:
            left.append(Left(each, refused.message))
            continue
        if doubts[each.pk]:
            left.append(Left(each, f"{'，'.join(doubts[each.pk])}，请逐份打开核对后再{act.verb}。"))
        else:
            done.append(each)
    _take_steps(done, act.name, act.to_state, actor=actor, now=now, notes={})
    return done, left


def lock_due_returns(now: dt.datetime) -> int:
    """Lock the accepted returns whose filing fell due more than ``lock_after_days`` ago; beat's task.

    Returns how many were locked. A few hundred a transaction: their units' locks are held no longer than that.
    """
    notes = {
        (institution_id, week): f"截止时间 {clock.local(due):%Y-%m-%d %H:%M} 已满 {days} 天，到期自动锁定。"
        for institution_id, week, due, days in _over(now)
    }
    keys, locked = sorted(notes), 0
    for start in range(0, len(keys), MOST_AT_ONCE):
        locked += _lock_some(keys[start : start + MOST_AT_ONCE], notes, now)
    return locked


def _over(now: dt.datetime) -> Iterator[tuple[int, dt.date, dt.datetime, int]]:
    """(unit, Monday, due instant, days) of the filings whose accepted return is to be locked."""
    accepted = WeeklyReturn.objects.filter(
        institution_id=OuterRef("institution_id"), week=OuterRef("week"), state=State.ACCEPTED
    )
    filings = Filing.objects.due_before(now).filter(Exists(accepted)).order_by("institution_id", "week")
    with frozen(current_overrides()):
        for institution_id, week, due_at in filings.values_list("institution_id", "week", "due_at"):
            days = LOCK_AFTER.on(week)
            if days is not None and due_at + dt.timedelta(days=int(days)) < now:
                yield institution_id, week, due_at, int(days)


@transaction.atomic
def _lock_some(keys: Sequence[tuple[int, dt.date]], notes: Mapping[tuple[int, dt.date], str], now: dt.datetime) -> int:
    units, weeks = {institution_id for institution_id, _ in keys}, {week for _, week in keys}
    lock_institutions(units)
    found = WeeklyReturn.objects.filter(institution_id__in=units, week__in=weeks, state=State.ACCEPTED)
    wanted = set(keys)
    returns = [
        each
        for each in found.select_related("current_version").defer("draft", "current_version__payload")
        if (each.institution_id, each.week) in wanted
    ]
    said = {each.pk: notes[each.institution_id, each.week] for each in returns}
    for each in returns:
        each.remark, each.locked_at, each.reopened_until = said[each.pk], now, None
    _take_steps(returns, "lock_due", State.LOCKED, actor=None, now=now, notes=said)
    return len(returns)


def _take_steps(
    returns: Sequence[WeeklyReturn], act: str, to_state: str, *, actor: Any, now: dt.datetime, notes: Mapping[int, str]
) -> None:
    """The same step for each of the returns: rows and events in one statement each, and the journal's entries."""
    events = []
    for each in returns:
        before, each.state = each.state, to_state
        each.revision, each.changed_at = each.revision + 1, now
        if to_state != State.LOCKED:
            each.remark = ""
        number = each.current_version.number if each.current_version else None
        note = notes.get(each.pk, "")
        events.append(new_event(each, act, from_state=before, actor=actor, now=now, note=note, version=number))
        record(
            f"{act}_return",
            actor=actor,
            institution_id=each.institution_id,
            target=f"weekly-return:{each.week_key}",
            detail={"version": number, "note": note},
        )
    fields = ["state", "remark", "locked_at", "reopened_until", "revision", "changed_at"]
    WeeklyReturn.objects.bulk_update(returns, fields)
    ReturnEvent.objects.bulk_create(events)
