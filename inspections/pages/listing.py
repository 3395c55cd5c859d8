"""The list of visits: filters that the address holds, a heading that answers, rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, DateField, F, IntegerField, Q, QuerySet, When

from inspections.choices import OPEN_STATES, Target, VisitKind, VisitState
from inspections.models import Visit
from inspections.selectors import counts_of
from shuangjian.accounts.models import RoleKind, User
from shuangjian.bureau.models import Institution, Town

OPEN = "open"
_TARGETS = {
    Target.SCHOOL: Q(institution__kind=Institution.Kind.SCHOOL),
    Target.SUBJECT_ORG: Q(institution__kind=Institution.Kind.TRAINING_ORG, institution__category="subject"),
    Target.NON_SUBJECT_ORG: Q(institution__kind=Institution.Kind.TRAINING_ORG) & ~Q(institution__category="subject"),
    Target.SUSPECTED_SITE: Q(institution__kind=Institution.Kind.SUSPECTED_SITE),
}


@dataclass(frozen=True)
class ListFilter:
    """What the address asks for; unknown values ask for nothing."""

    state: str
    kind: str
    target: str
    town: str
    word: str
    since: dt.date | None
    until: dt.date | None

    @classmethod
    def of(cls, asked: Callable[[str], str]) -> ListFilter:
        state = asked("state")
        return cls(
            state=state if state == OPEN or state in VisitState.values else "",
            kind=_known(asked("kind"), VisitKind.values),
            target=_known(asked("target"), Target.values),
            town=asked("town"),
            word=asked("q"),
            since=_day(asked("since")),
            until=_day(asked("until")),
        )

    @property
    def is_set(self) -> bool:
        return any((self.state, self.kind, self.target, self.town, self.word, self.since, self.until))

    def applied(self, rows: QuerySet[Visit], today: dt.date) -> QuerySet[Visit]:
        """The rows asked for: waiting for review first, then overdue, under way, planned; then the newest."""
        if self.state == OPEN:
            rows = rows.filter(state__in=OPEN_STATES)
        elif self.state:
            rows = rows.filter(state=self.state)
        rows = rows.filter(kind=self.kind) if self.kind else rows
        rows = rows.filter(_TARGETS[Target(self.target)]) if self.target else rows
        rows = rows.filter(institution__town__code=self.town) if self.town else rows
        rows = rows.filter(planned_on__gte=self.since) if self.since else rows
        rows = rows.filter(planned_on__lte=self.until) if self.until else rows
        if self.word:
            named = Q(institution__name__icontains=self.word) | Q(institution__code=self.word)
            rows = rows.filter(named | Q(number__iexact=self.word))
        rank = Case(
            When(state=VisitState.HANDED_IN, then=0),
            When(state=VisitState.PLANNED, planned_on__lt=today, then=1),
            When(state__in=[VisitState.UNDER_WAY, VisitState.RETURNED], then=2),
            When(state=VisitState.PLANNED, then=3),
            default=4,
            output_field=IntegerField(),
        )
        soonest = Case(When(state__in=OPEN_STATES, then=F("planned_on")), output_field=DateField())
        return rows.order_by(rank, soonest.asc(nulls_last=True), "-planned_on", "-pk")


def totals(user: User, today: dt.date) -> dict[str, Any]:
    """Counts of all that the reader may see; two queries."""
    rows = Visit.objects.visible_to(user).order_by()
    states = {state: Count("pk", filter=Q(state=state)) for state in VisitState.values}
    late = Count("pk", filter=Q(state=VisitState.PLANNED, planned_on__lt=today))
    counts = rows.aggregate(total=Count("pk"), late=late, **states)
    towns = Town.objects.filter(pk__in=rows.filter(institution__town__isnull=False).values("institution__town"))
    return {**counts, "open": sum(counts[state] for state in OPEN_STATES), "towns": list(towns)}


def heading(counts: dict[str, Any], *, may_review: bool) -> str:
    """The answer: what waits for the reader, or how many visits are open."""
    waiting = counts[VisitState.HANDED_IN]
    if waiting and may_review:
        return f"{waiting} 次检查待审核"
    if counts["open"]:
        return f"{counts['open']} 次检查未办完"
    return f"{counts[VisitState.FILED]} 次检查已归档" if counts[VisitState.FILED] else "还没有检查"


def lead(counts: dict[str, Any]) -> str:
    parts = [f"待检查 {counts[VisitState.PLANNED]} 次", f"检查中 {counts[VisitState.UNDER_WAY]} 次"]
    if counts[VisitState.RETURNED]:
        parts.append(f"已退回 {counts[VisitState.RETURNED]} 次")
    words = "，".join(parts)
    return f"{words}；{counts['late']} 次已过计划日期。" if counts["late"] else f"{words}。"


def filters(wanted: ListFilter, counts: dict[str, Any]) -> list[dict[str, Any]]:
    """Under the heading, as includes/_filter_chips.html takes them."""
    towns = [{"value": town.code, "label": town.name} for town in counts["towns"]]
    states = [{"value": OPEN, "label": "未办完", "count": counts["open"]}]
    states += [
        {"value": value, "label": label, "count": counts[value]}
        for value, label in VisitState.choices
        if value in (VisitState.HANDED_IN, VisitState.RETURNED, VisitState.FILED, VisitState.CANCELLED)
    ]
    found = [
        {"label": "状态", "param": "state", "value": wanted.state, "options": states},
        _filter("方式", "kind", wanted.kind, VisitKind),
        _filter("对象", "target", wanted.target, Target),
    ]
    if len(towns) > 1:
        found.append({"label": "镇街", "param": "town", "value": wanted.town, "options": towns})
    return found


def rows_of(visits: Any, user: User, today: dt.date) -> None:
    """Put on each visit of the page what its row says: people, items that do not hold, whether late, whether it opens
    beside the list."""
    counts = counts_of(visits)
    for each in visits:
        each.failed = counts[each.pk]["failed"]
        people = [row.person for row in each.inspectors.all()]
        each.people = "、".join(person.name for person in people)
        each.is_late = each.state == VisitState.PLANNED and each.planned_on < today
        is_written = each.state in (VisitState.UNDER_WAY, VisitState.RETURNED, VisitState.PLANNED)
        each.opens_beside = not (is_written and user in people) and user.role_kind != RoleKind.INSPECTOR


def _known(value: str, values: Any) -> str:
    return value if value in values else ""


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _filter(label: str, param: str, value: str, choices: Any) -> dict[str, Any]:
    options = [{"value": each, "label": words} for each, words in choices.choices]
    return {"label": label, "param": param, "value": value, "options": options}
