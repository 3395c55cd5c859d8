"""What is still open at an institution when a visit starts, as the pages show it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from inspections.selectors import open_matters as still_open
from shuangjian.accounts.models import User
from shuangjian.alerts.models import Rectification
from shuangjian.bureau.models import Institution
from shuangjian.dashboards.selectors.alerts import AlertLine


def open_matters(user: User, unit: Institution, today: dt.date) -> dict[str, Any]:
    """Context of ``_visit_open_matters.html``: selectors.open_matters, alerts as rows, what may be rechecked."""
    still = still_open(unit, user)
    for each in still.rectifications:
        each.is_late = each.due_on < today and each.state in Rectification.WAITING  # type: ignore[attr-defined]
        each.may_recheck = each.state == Rectification.State.HANDED_IN  # type: ignore[attr-defined]
    alerts = [AlertLine.of(each) for each in still.alerts]
    return {
        "rectifications": still.rectifications,
        "observations": still.observations,
        "alerts": alerts,
        "count": len(still.rectifications) + len(still.observations) + len(alerts),
    }
