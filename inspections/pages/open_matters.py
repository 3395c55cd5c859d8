"""What is still open at an institution when a visit starts, as the pages show it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from inspections.selectors import open_matters as still_open
from shuangjian.accounts.models import User
from shuangjian.alerts.models import Rectification
from shuangjian.bureau.models import Institution
from shuangjian.core.templatetags.ui import cn_date
from shuangjian.dashboards.selectors.alerts import AlertLine
from shuangjian.evidence.kinds import kind_label

#: So many are in sight on a phone before the checklist begins; the others are one touch away.
_IN_SIGHT = 5


@dataclass(frozen=True)
class Matter:
    """One thing that is not over: where it is dealt with, and what to know of it."""

    url: str
    title: str
    facts: str
    is_late: bool = False
    may_recheck: bool = False


def open_matters(user: User, unit: Institution, today: dt.date) -> dict[str, Any]:
    """Context of ``_visit_open_matters.html``: what is to be put right first, then what was observed, then alerts."""
    still = still_open(unit, user)
    matters = [_rectification(each, today) for each in still.rectifications]
    matters += [
        Matter(
            url=reverse("observation", args=[each.number]),
            title=kind_label(each.kind),
            facts=f"核查情况 {each.number} · {each.get_state_display()} · {cn_date(each.occurred_on)}",
        )
        for each in still.observations
    ]
    matters += [_alert(AlertLine.of(each), today) for each in still.alerts]
    return {"shown": matters[:_IN_SIGHT], "rest": matters[_IN_SIGHT:], "count": len(matters)}


def _rectification(each: Rectification, today: dt.date) -> Matter:
    return Matter(
        url=reverse("rectification", args=[each.number]),
        title=each.requirement,
        facts=f"整改 {each.number} · {each.get_state_display()} · 期限 {cn_date(each.due_on)}",
        is_late=each.due_on < today and each.state in Rectification.WAITING,
        may_recheck=each.state == Rectification.State.HANDED_IN,
    )


def _alert(line: AlertLine, today: dt.date) -> Matter:
    alert = line.alert
    return Matter(
        url=reverse("alert", args=[alert.pk]),
        title=line.title,
        facts=f"预警 {alert.rule} · {line.state.label} · 期限 {cn_date(alert.due_on)}",
        is_late=line.is_overdue(today),
    )
