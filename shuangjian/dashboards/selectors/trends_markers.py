"""What changed on the way, for the eye that looks at a line: standards in force from a date, and the calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse

from shuangjian.bureau.models import CalendarDay
from shuangjian.core.templatetags.ui import quantity
from shuangjian.core.weeks import Week
from shuangjian.dashboards.selectors.rulebook import who_words
from shuangjian.dashboards.selectors.trends_scope import Scope
from shuangjian.dashboards.selectors.weeks import short_label
from shuangjian.rules.declare import rules_using
from shuangjian.rules.models import ParameterOverride
from shuangjian.rules.parameters import Parameter, all_parameters

STANDARD, CALENDAR = "standard", "calendar"
KINDS = {STANDARD: "标准值", CALENDAR: "校历"}
#: Statutory days are known before the term; these were decided for a day.
_DECIDED = (CalendarDay.Kind.CLOSED, CalendarDay.Kind.SCHOOL)


@dataclass(frozen=True)
class Change:
    """One change, on the day from which it holds, in words, with the page that explains it."""

    kind: str
    on: dt.date
    words: str
    url: str

    @property
    def label(self) -> str:
        return KINDS[self.kind]


def changes(scope: Scope, weeks: Sequence[Week]) -> list[Change]:
    """Standards and calendar days that changed within these weeks, oldest first; two queries.

    With a rule asked for, only the standards that this rule compares with.
    """
    if not weeks:
        return []
    since, until = weeks[0].monday, weeks[-1].sunday
    found = [*_standards(scope, since, until), *_calendar(scope, since, until)]
    return sorted(found, key=lambda change: (change.on, change.kind, change.words))


def markers(found: Iterable[Change], weeks: Sequence[Week]) -> list[dict[str, object]]:
    """One marker a week and kind, for the script: {x, label, kind, count}, by week."""
    shown = {week.monday for week in weeks}
    grouped: dict[tuple[Week, str], list[Change]] = {}
    for change in found:
        grouped.setdefault((Week.of(change.on), change.kind), []).append(change)
    return [
        {"x": short_label(week), "kind": kind, "label": f"{KINDS[kind]}变动", "count": len(inside)}
        for (week, kind), inside in grouped.items()
        if week.monday in shown
    ]


def _standards(scope: Scope, since: dt.date, until: dt.date) -> list[Change]:
    """Dated values of the YAML files, and the bureau's overrides that two people have decided."""
    wanted = list(scope.rule.parameters) if scope.rule else all_parameters()
    names = {parameter.name: parameter for parameter in wanted}
    decided = ParameterOverride.objects.filter(
        parameter__in=list(names), approved_at__isnull=False, effective_from__range=(since, until)
    )
    found = [
        _standard(names[override.parameter], override.key, override.effective_from, override.value, override.reason)
        for override in decided
    ]
    taken = {(override.parameter, override.key, override.effective_from) for override in decided}
    for parameter in wanted:
        for key, entries in parameter.file.values.items():
            found += [
                _standard(parameter, key, entry.effective_from, entry.value, entry.reference_text)
                for entry in entries
                if since <= entry.effective_from <= until and (parameter.name, key, entry.effective_from) not in taken
            ]
    return found


def _standard(parameter: Parameter, key: str, on: dt.date, value: object, reason: str) -> Change:
    who = who_words(parameter.file.by, key)
    users = rules_using(parameter.name)
    words = f"{parameter.file.description}{f'（{who}）' if who else ''}改为 {quantity(str(value), parameter.file.unit)}"
    url = reverse("rule", args=[users[0].code]) if users else reverse("rulebook")
    return Change(STANDARD, on, f"{words}：{reason}" if reason else words, url)


def _calendar(scope: Scope, since: dt.date, until: dt.date) -> list[Change]:
    """Days closed or taught by decision, of the district, of the scope's towns, and of its units."""
    towns = {unit.town_id for unit in scope.units if unit.town_id}
    touched = Q(level=CalendarDay.Level.DISTRICT) | Q(town__in=towns) | Q(institution__in=scope.ids)
    days = CalendarDay.objects.filter(touched, date__range=(since, until), kind__in=_DECIDED)
    url = reverse("calendar")
    return [
        Change(CALENDAR, day.date, f"{_where(day)}{day.get_kind_display()}：{day.reason}", url)
        for day in days.select_related("town", "institution")
    ]


def _where(day: CalendarDay) -> str:
    if day.town:
        return day.town.name
    return day.institution.name if day.institution else "全区"
