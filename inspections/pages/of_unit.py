"""What the page of a school or training institution tells of visits: those made, what was observed, what is to mend."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse

from inspections.models import Visit
from inspections.pages.record import is_own, own_visits
from inspections.scope import inspectable_by
from inspections.selectors import counts_of, visits_of
from shuangjian.accounts.models import RoleKind, User
from shuangjian.alerts.models import Rectification
from shuangjian.bureau.models import Institution
from shuangjian.evidence.scope import observations_of

_MOST = 10
_PLANNING = (RoleKind.BUREAU, RoleKind.CENTRE, RoleKind.TOWN, RoleKind.INSPECTOR)
_OPEN = (Rectification.State.OPEN, Rectification.State.HANDED_IN, Rectification.State.RETURNED)


def of_unit(user: User, unit: Institution, today: dt.date) -> dict[str, Any]:
    """Context of ``_visits_of.html``, the newest of each first; a constant number of queries."""
    own = own_visits(user, unit) if is_own(user) else []
    visits: list[Visit] = list(visits_of(user).filter(institution=unit).order_by("-planned_on", "-pk")[: _MOST + 1])
    counts = counts_of(visits)
    for each in visits:
        each.failed = counts[each.pk]["failed"]  # type: ignore[attr-defined]
    observations = list(observations_of(user).filter(institution=unit).order_by("-occurred_on", "-pk")[: _MOST + 1])
    open_ = Rectification.objects.visible_to(user).filter(institution=unit, state__in=_OPEN).order_by("due_on", "pk")
    rectifications = list(open_[: _MOST + 1])
    for waiting in rectifications:
        waiting.is_late = waiting.due_on < today and waiting.state in Rectification.WAITING  # type: ignore[attr-defined]
    plans = user.role_kind in _PLANNING and user.may_write and inspectable_by(user).filter(pk=unit.pk).exists()
    return {
        "unit": unit,
        "visits": visits[:_MOST],
        "own_visits": own[:_MOST],
        "has_more_visits": len(visits) > _MOST,
        "visits_url": f"{reverse('visits')}?q={unit.code}",
        "observations": observations[:_MOST],
        "rectifications": rectifications[:_MOST],
        "plan_url": f"{reverse('visit_plan')}?unit={unit.code}" if plans else "",
        "is_own": is_own(user),
    }
