"""One alert or one finding, with its ground, its history, and what the reader may do."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from shuangjian.accounts.models import REGISTER_KINDS, RoleKind, User
from shuangjian.alerts.models import Alert, AlertEvent
from shuangjian.alerts.services import MAY_ACKNOWLEDGE, MAY_CLOSE, MAY_DISMISS
from shuangjian.bureau.models import Institution
from shuangjian.core.weeks import Week
from shuangjian.dashboards.rectification_forms import OrderForm
from shuangjian.dashboards.selectors.alerts import AlertLine
from shuangjian.dashboards.selectors.jurisdiction import alerts_of, findings_of
from shuangjian.dashboards.selectors.rectification_page import rectifications_of_alert
from shuangjian.dashboards.selectors.unit_page import return_url
from shuangjian.dashboards.selectors.wording import FindingLine
from shuangjian.rules.declare import Period, Source, find_rule
from shuangjian.rules.explain import Card, explain
from shuangjian.rules.models import Finding
from shuangjian.rules.observed import is_seen_by_people

MOST_FINDINGS = 60


@dataclass(frozen=True)
class Acts:
    """What the reader may do with the alert as it stands."""

    acknowledge: bool
    close: bool
    dismiss: bool

    @property
    def any(self) -> bool:
        return self.acknowledge or self.close or self.dismiss


def acts_of(user: User, alert: Alert) -> Acts:
    """Rights of the role (the services check them again) that the alert's state leaves."""
    is_open = alert.closed_at is None and user.may_write
    return Acts(
        acknowledge=is_open and alert.state == Alert.State.OPEN and user.role_kind in MAY_ACKNOWLEDGE,
        close=is_open and user.role_kind in MAY_CLOSE,
        dismiss=is_open and user.role_kind in MAY_DISMISS and alert.open_findings > 0,
    )


def alert_page(user: User, alert: Alert, today: dt.date, order_form: OrderForm | None = None) -> dict[str, Any]:
    """The alert with its findings, worst first, the explanation of the worst, its rectifications and its history.

    ``order_form`` is the one of a rectification that was not ordered.
    """
    findings = list(
        findings_of(user)
        .filter(rule=alert.rule, institution=alert.institution, period=alert.period)
        .order_by("cleared_at", "-severity", "-observed", "occurred_on", "about")[: MOST_FINDINGS + 1]
    )
    line = AlertLine.of(alert)
    worst = findings[0] if findings else None
    return {
        "alert": alert,
        "line": line,
        "unit": alert.institution,
        "is_overdue": line.is_overdue(today),
        "card": _card(worst) if worst and worst.cleared_at is None else None,
        "finding_lines": [FindingLine.of(finding) for finding in findings[:MOST_FINDINGS]],
        "has_more": len(findings) > MOST_FINDINGS,
        "events": list(AlertEvent.objects.visible_to(user).filter(alert=alert).order_by("id")),
        "acts": acts_of(user, alert),
        **rectifications_of_alert(user, alert, today, order_form),
        "unit_url": _unit_url(user, alert.institution),
        "scope_trail": _trail(user, alert.institution, "alerts", "预警", line.title),
    }


def finding_page(user: User, finding: Finding) -> dict[str, Any]:
    """The finding with its explanation and the alert that groups it."""
    line = FindingLine.of(finding)
    alert = (
        alerts_of(user)
        .filter(rule=finding.rule, institution=finding.institution, period=finding.period)
        .order_by("-episode")
        .first()
    )
    return {
        "finding": finding,
        "line": line,
        "unit": finding.institution,
        "card": _card(finding),
        "alert": alert,
        "return_url": _return_url(user, finding),
        "scope_trail": _trail(user, finding.institution, "alerts", "预警", line.title),
    }


def _card(finding: Finding) -> Card | None:
    """None for a finding of a rule that is no longer in the catalogue: nothing can explain it any more."""
    return explain(finding) if find_rule(finding.rule) else None


def _unit_url(user: User, unit: Institution) -> str:
    """The unit's page; "" where a department sees what its rules found there, and nothing else of the unit."""
    if user.role_kind != RoleKind.DEPARTMENT or (user.sees_registers and unit.kind in REGISTER_KINDS):
        return reverse("unit", args=[unit.code])
    return ""


def _return_url(user: User, finding: Finding) -> str:
    if user.role_kind == RoleKind.DEPARTMENT or not _is_of_a_week(finding):
        return ""
    return return_url(finding.institution, Week.of(finding.occurred_on))


def _is_of_a_week(finding: Finding) -> bool:
    """Whether a weekly return says, or should say, what the finding is about."""
    rule = find_rule(finding.rule)
    if rule is None or is_seen_by_people(finding.about):
        return False
    return rule.source == Source.RETURN and rule.period in (Period.DAY, Period.WEEK)


def _trail(user: User, unit: Institution, name: str, label: str, here: str) -> list[dict[str, str]]:
    return [
        {"label": label, "url": reverse(name)},
        {"label": unit.name, "url": _unit_url(user, unit)},
        {"label": here, "url": ""},
    ]
