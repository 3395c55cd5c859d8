"""What a person may see, beyond the plain jurisdiction: units under supervision, and no trial runs below the bureau."""

from __future__ import annotations

from typing import cast

from shuangjian.accounts.models import RoleKind, User
from shuangjian.alerts.models import Alert, AlertQuerySet
from shuangjian.bureau.models import Institution
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.rules.models import Finding, FindingQuerySet

#: Whoever looks at units and findings; a system administrator keeps accounts only.
SUPERVISORS = frozenset({RoleKind.BUREAU, RoleKind.CENTRE, RoleKind.TOWN})
READERS = SUPERVISORS | {RoleKind.SCHOOL}


def units_of(user: User) -> ScopedQuerySet[Institution]:
    """Schools in operation inside the user's jurisdiction, with their town and centre."""
    return (
        Institution.objects.visible_to(user)
        .filter(kind=Institution.Kind.SCHOOL, status=Institution.Status.ACTIVE)
        .select_related("town", "centre")
    )


def alerts_of(user: User) -> AlertQuerySet:
    """Alerts inside the jurisdiction; those of rules on trial (试运行) are for the bureau alone."""
    alerts = cast(AlertQuerySet, Alert.objects.visible_to(user).select_related("institution__town"))
    return alerts if user.role_kind == RoleKind.BUREAU else alerts.filter(is_trial=False)


def findings_of(user: User) -> FindingQuerySet:
    """Findings inside the jurisdiction; those of rules on trial (试运行) are for the bureau alone."""
    findings = cast(FindingQuerySet, Finding.objects.visible_to(user).select_related("institution__town"))
    return findings if user.role_kind == RoleKind.BUREAU else findings.filter(is_trial=False)
