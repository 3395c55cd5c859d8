"""Rectifications as rows of a list, and the list's filters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, When

from shuangjian.accounts.models import User
from shuangjian.alerts.models import Rectification
from shuangjian.bureau.models import Institution
from shuangjian.bureau.workdays import WorkdayCalendar
from shuangjian.core.choices import RectificationState
from shuangjian.dashboards.selectors.units import NO_TOWN

UNFINISHED = "unfinished"
ALL = "all"
OVERDUE = "overdue"
State = Rectification.State
_WAITING = Q(state__in=Rectification.WAITING)
_UNFINISHED = _WAITING | Q(state=State.HANDED_IN)
_STATES = {
    UNFINISHED: ("未完成", _UNFINISHED),
    **{value: (label, Q(state=value)) for value, label in State.choices},
    ALL: ("全部", Q()),
}
_KINDS = {
    Institution.Kind.SCHOOL.value: "学校",
    Institution.Kind.TRAINING_ORG.value: "培训机构",
    Institution.Kind.SUSPECTED_SITE.value: "疑似无证点",
}


@dataclass(frozen=True)
class RectificationLine:
    """A rectification as one row. ``term``: how it stands with the deadline; "" where nobody waits for it."""

    found: Rectification
    state: RectificationState
    term: str
    is_late: bool

    @property
    def town_name(self) -> str:
        town = self.found.institution.town
        return town.name if town else NO_TOWN


def lines_of(rows: Iterable[Rectification], today: dt.date) -> list[RectificationLine]:
    """Each as one row; one query for the workdays of all."""
    found = list(rows)
    ahead = [each.due_on for each in found if each.state in Rectification.WAITING and each.due_on > today]
    calendar = WorkdayCalendar.load(today, max(ahead)) if ahead else None
    return [
        RectificationLine(
            found=each,
            state=RectificationState(each.state),
            term=_term(each.due_on, today, calendar) if each.state in Rectification.WAITING else "",
            is_late=each.state in Rectification.WAITING and each.due_on < today,
        )
        for each in found
    ]


def _term(due_on: dt.date, today: dt.date, calendar: WorkdayCalendar | None) -> str:
    if due_on < today:
        return f"已逾期 {(today - due_on).days} 天"
    if due_on == today or calendar is None:
        return "今天到期"
    days = (today + dt.timedelta(days=nth) for nth in range(1, (due_on - today).days + 1))
    return f"还有 {sum(map(calendar.is_workday, days))} 个工作日"


def rectifications_of(user: User) -> QuerySet[Rectification]:
    """Rectifications that the user may see, with their unit."""
    return Rectification.objects.visible_to(user).select_related("institution__town")


def overdue(today: dt.date) -> Q:
    """Past the deadline and not handed in."""
    return _WAITING & Q(due_on__lt=today)


@dataclass(frozen=True)
class RectificationFilter:
    """What the address asks for; unknown values ask for nothing."""

    state: str
    due: str
    town: str
    kind: str
    word: str

    @classmethod
    def of(cls, asked: Callable[[str], str]) -> RectificationFilter:
        state, kind, due = asked("state"), asked("kind"), asked("due")
        return cls(
            state=state if state in _STATES else UNFINISHED,
            due=due if due == OVERDUE else "",
            town=asked("town"),
            kind=kind if kind in _KINDS else "",
            word=asked("q"),
        )

    def applied(self, rows: QuerySet[Rectification], today: dt.date, *, own: bool) -> QuerySet[Rectification]:
        """Overdue first, then what waits for the reader (for officials the recheck), then by the deadline."""
        rows = rows.filter(_STATES[self.state][1])
        if self.due:
            rows = rows.filter(overdue(today))
        if self.town:
            rows = rows.filter(**_town(self.town))
        if self.kind:
            rows = rows.filter(institution__kind=self.kind)
        if self.word:
            rows = rows.filter(Q(institution__name__icontains=self.word) | Q(number=self.word))
        waits = _WAITING if own else Q(state=State.HANDED_IN)
        rank = Case(
            When(overdue(today), then=0),
            When(waits, then=1),
            When(_UNFINISHED, then=2),
            default=3,
            output_field=IntegerField(),
        )
        return rows.order_by(rank, "due_on", "pk")


def _town(code: str) -> dict[str, Any]:
    return {"institution__town__isnull": True} if code == "none" else {"institution__town__code": code}


def rectification_totals(user: User, today: dt.date) -> dict[str, int]:
    """Counts over all that the reader may see; one query."""
    counted = {name: Count("pk", filter=condition) for name, (_, condition) in _STATES.items()}
    rows = Rectification.objects.visible_to(user).order_by()
    return rows.aggregate(waiting=Count("pk", filter=_WAITING), overdue=Count("pk", filter=overdue(today)), **counted)


def state_options(totals: dict[str, int]) -> list[dict[str, Any]]:
    return [{"value": name, "label": label, "count": totals[name]} for name, (label, _) in _STATES.items()]


def rectification_filters(
    user: User, wanted: RectificationFilter, totals: dict[str, int], *, own: bool
) -> list[dict[str, Any]]:
    """The filters under the heading; an institution has only the deadline to look for. One query."""
    due = [{"value": OVERDUE, "label": "已逾期", "count": totals["overdue"]}]
    filters: list[dict[str, Any]] = [{"label": "期限", "param": "due", "value": wanted.due, "options": due}]
    if own:
        return filters
    kinds = [{"value": value, "label": label} for value, label in _KINDS.items()]
    filters.append({"label": "类别", "param": "kind", "value": wanted.kind, "options": kinds})
    rows = Rectification.objects.visible_to(user).order_by()
    towns = rows.values_list(
        F("institution__town__pinyin"), F("institution__town__code"), F("institution__town__name")
    ).annotate(total=Count("pk"))
    options = [
        {"value": code or "none", "label": name or NO_TOWN, "count": total}
        for _, code, name, total in sorted(towns, key=lambda row: (row[0] or "~", row[1] or ""))
    ]
    if len(options) > 1:
        filters.append({"label": "镇街", "param": "town", "value": wanted.town, "options": options})
    return filters
