"""What a person may see: units under supervision, their alerts and findings."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from shuangjian.accounts.models import RoleKind, User
from shuangjian.alerts.models import Alert, AlertQuerySet
from shuangjian.bureau.models import Institution
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.rules.models import Finding, FindingQuerySet

SUPERVISORS = frozenset({RoleKind.BUREAU, RoleKind.CENTRE, RoleKind.TOWN})
#: Whoever looks at schools and their weeks.
OF_SCHOOLS = SUPERVISORS | {RoleKind.SCHOOL}
#: Whoever looks at findings and alerts; a system administrator keeps accounts only, a teacher fills in classes.
READERS = OF_SCHOOLS | {RoleKind.ORG, RoleKind.DEPARTMENT, RoleKind.INSPECTOR}


def units_of(user: User, *, since: dt.date | None = None) -> ScopedQuerySet[Institution]:
    """Schools in operation inside the user's jurisdiction, with their town and centre.

    With ``since`` those too that were closed or merged after that day: what they filed until then still counts.
    """
    standing = Q(status=Institution.Status.ACTIVE)
    if since is not None:
        standing |= Q(status=Institution.Status.CLOSED, closed_on__gt=since)
    return every_school_of(user).filter(standing)


def every_school_of(user: User) -> ScopedQuerySet[Institution]:
    """As ``units_of``, with those that were closed, whenever: their pages stay, and their alerts lead to them."""
    return Institution.objects.visible_to(user).filter(kind=Institution.Kind.SCHOOL).select_related("town", "centre")


def alerts_of(user: User) -> AlertQuerySet:
    """Alerts that the user may see, with their unit."""
    return Alert.objects.visible_to(user).select_related("institution__town")


def findings_of(user: User) -> FindingQuerySet:
    """Findings that the user may see, with their unit."""
    return Finding.objects.visible_to(user).select_related("institution__town")
