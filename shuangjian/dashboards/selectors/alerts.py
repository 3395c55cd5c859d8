"""Alerts as rows of a list, their filters, and what happened to one of them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Case, Count, Q, Value, When

from shuangjian.accounts.models import User
from shuangjian.alerts.models import Alert, AlertQuerySet
from shuangjian.core.choices import AlertState, Severity
from shuangjian.dashboards.selectors.jurisdiction import alerts_of
from shuangjian.dashboards.selectors.units import NO_TOWN
from shuangjian.dashboards.selectors.wording import period_words
from shuangjian.rules.declare import find_rule

UNCLOSED = "unclosed"
CLOSED = "closed"
OVERDUE = "overdue"
_STATES = {
    UNCLOSED: ("未办结", Q(closed_at__isnull=True)),
    "open": ("待签收", Q(state=Alert.State.OPEN)),
    "acknowledged": ("已签收", Q(state=Alert.State.ACKNOWLEDGED)),
    CLOSED: ("已办结", Q(closed_at__isnull=False)),
}


_TOWN = ("institution__town__pinyin", "institution__town__code", "institution__town__name")


@dataclass(frozen=True)
class AlertLine:
    """An alert as one row."""

    alert: Alert
    title: str
    period: str
    state: AlertState

    @classmethod
    def of(cls, alert: Alert) -> AlertLine:
        rule = find_rule(alert.rule)
        return cls(
            alert=alert,
            title=rule.title if rule else alert.rule,
            period=period_words(alert.period),
            state=shown_state(alert),
        )

    @property
    def town_name(self) -> str:
        town = self.alert.institution.town
        return town.name if town else NO_TOWN

    def is_overdue(self, today: dt.date) -> bool:
        return self.alert.closed_at is None and self.alert.due_on < today


def shown_state(alert: Alert) -> AlertState:
    """The state as people read it: a closed alert that was a false alarm is 已排除."""
    if alert.closing == Alert.Closing.DISMISSED:
        return AlertState.DISMISSED
    return AlertState(alert.state)


@dataclass(frozen=True)
class AlertFilter:
    """What the address asks for; unknown values ask for nothing."""

    state: str
    severity: str
    rule: str
    town: str
    due: str
    word: str

    @classmethod
    def of(cls, asked: Callable[[str], str]) -> AlertFilter:
        """``asked`` gives the text of a parameter of the address, "" when it is missing."""
        state = asked("state")
        return cls(
            state=state if state in _STATES else UNCLOSED,
            severity=asked("severity"),
            rule=asked("rule"),
            town=asked("town"),
            due=asked("due"),
            word=asked("q"),
        )

    def applied(self, alerts: AlertQuerySet, today: dt.date) -> AlertQuerySet:
        """The alerts asked for: unclosed ones unless another state is, overdue first, then the worst."""
        alerts = alerts.filter(_STATES[self.state][1])
        if self.severity in {str(level.value) for level in Severity}:
            alerts = alerts.filter(severity=int(self.severity))
        if self.rule:
            alerts = alerts.filter(rule=self.rule)
        if self.town:
            town: dict[str, Any] = {"institution__town__code": self.town}
            if self.town == "none":
                town = {"institution__town__isnull": True}
            alerts = alerts.filter(**town)
        if self.due == OVERDUE:
            alerts = alerts.filter(_overdue(today))
        if self.word:
            alerts = alerts.filter(institution__name__icontains=self.word)
        return overdue_first(alerts, today)


def overdue_first(alerts: AlertQuerySet, today: dt.date) -> AlertQuerySet:
    """Past their 整改期限 first, then by severity, then by the day that comes soonest; closed ones last."""
    late = Case(When(_overdue(today), then=Value(True)), default=Value(False), output_field=BooleanField())
    is_closed = Case(When(closed_at__isnull=False, then=Value(True)), default=Value(False), output_field=BooleanField())
    return alerts.annotate(late=late, is_closed=is_closed).order_by("is_closed", "-late", "-severity", "due_on", "id")


def alert_options(user: User, today: dt.date) -> dict[str, Any]:
    """Options of the list's filters with their counts over the whole jurisdiction; two queries."""
    alerts = alerts_of(user).order_by()
    totals = Counter({CLOSED: alerts.filter(closed_at__isnull=False).count()})
    rules: Counter[str] = Counter()
    towns: Counter[tuple[str, str, str]] = Counter()
    # Unclosed ones once, in the few hundred kinds that there are; what the filters ask for is summed here.
    kinds = alerts.filter(closed_at__isnull=True).values_list("state", "severity", "rule", *_TOWN)
    for state, severity, rule, *town, total, overdue in kinds.annotate(
        total=Count("pk"), overdue=Count("pk", filter=_overdue(today))
    ):
        totals.update({UNCLOSED: total, state: total, f"severity_{severity}": total, OVERDUE: overdue})
        rules[rule] += total
        pinyin, code, name = town
        towns[pinyin or "~", code or "none", name or NO_TOWN] += total
    return {
        "totals": totals,
        "states": [{"value": key, "label": label, "count": totals[key]} for key, (label, _) in _STATES.items()],
        "severities": [
            {"value": level, "label": Severity(level).label, "count": totals[f"severity_{level}"]}
            for level in sorted(Severity.values, reverse=True)
        ],
        "rules": [{"value": code, "label": f"{code} {_title(code)}", "count": rules[code]} for code in sorted(rules)],
        "towns": [{"value": town[1], "label": town[2], "count": towns[town]} for town in sorted(towns)],
    }


def _title(code: str) -> str:
    rule = find_rule(code)
    return rule.title if rule else ""


def _overdue(today: dt.date) -> Q:
    return Q(closed_at__isnull=True, due_on__lt=today)
