"""An inspector's day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from inspections.choices import VisitState
from inspections.models import ChecklistItem, Visit, VisitInspector
from inspections.pages.people import names
from inspections.selectors import counts_of, my_visits_ahead, my_visits_today, visits_of
from shuangjian.accounts.models import User

_MOST_COMING = 20
_ORDER = (VisitState.RETURNED, VisitState.UNDER_WAY, VisitState.PLANNED)


@dataclass(frozen=True)
class Card:
    """One visit as a card. ``is_main``: its button is a main action."""

    visit: Visit
    verb: str
    people: str
    answered: int
    total: int
    is_late: bool
    is_waiting: bool
    is_main: bool


def today_page(user: User, today: dt.date) -> dict[str, Any]:
    """Own visits: returned first, then under way, then overdue, then today's; those to come and those handed in apart.
    A constant number of queries."""
    due = sorted(my_visits_today(user, today), key=lambda each: (_ORDER.index(each.state), each.planned_on))
    coming = list(my_visits_ahead(user, today)[:_MOST_COMING])
    own = VisitInspector.objects.filter(person=user.pk).values("visit")
    waiting = list(visits_of(user).filter(state=VisitState.HANDED_IN, pk__in=own).order_by("handed_in_at"))
    every = [*due, *coming, *waiting]
    answered = counts_of(every)
    totals = dict(
        ChecklistItem.objects.filter(version__in={each.checklist_id for each in every if each.checklist_id})
        .order_by()
        .values_list("version")
        .annotate(count=Count("pk"))
    )
    cards = {each.pk: _card(each, answered[each.pk]["answered"], totals, today) for each in every}
    now = [cards[each.pk] for each in due]
    return {
        "today": today,
        "cards": now,
        "coming": [cards[each.pk] for each in coming],
        "waiting": [cards[each.pk] for each in waiting],
        "late": sum(card.is_late for card in now),
        "heading": _heading(now),
    }


def _card(visit: Visit, answered: int, totals: dict[int, int], today: dt.date) -> Card:
    verbs = {
        VisitState.PLANNED: "去检查",
        VisitState.UNDER_WAY: "继续填写",
        VisitState.RETURNED: "修改后再提交",
        VisitState.HANDED_IN: "查看记录",
    }
    is_planned = visit.state == VisitState.PLANNED
    return Card(
        visit=visit,
        verb=verbs[VisitState(visit.state)],
        people=names(visit.inspectors.all()),
        answered=answered,
        total=totals.get(visit.checklist_id or 0, 0),
        is_late=is_planned and visit.planned_on < today,
        is_waiting=visit.state == VisitState.HANDED_IN or (is_planned and visit.planned_on > today),
        is_main=visit.state in (VisitState.UNDER_WAY, VisitState.RETURNED)
        or (is_planned and visit.planned_on <= today),
    )


def _heading(cards: list[Card]) -> str:
    returned, under_way, planned = (sum(card.visit.state == state for card in cards) for state in _ORDER)
    if planned and not returned and not under_way:
        return f"今天有 {planned} 次检查"
    parts = [
        f"{returned} 次检查被退回" if returned else "",
        f"{under_way} 次{'' if returned else '检查'}进行中" if under_way else "",
        f"{planned} 次待检查" if planned else "",
    ]
    return "，".join(part for part in parts if part) or "今天没有安排检查"
