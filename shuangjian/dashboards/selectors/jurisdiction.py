"""What a person may see: units under supervision, their alerts and findings."""

from __future__ import annotations

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


def units_of(user: User) -> ScopedQuerySet[Institution]:
    """Schools in operation inside the user's jurisdiction, with their town and centre."""
    return (
        Institution.objects.visible_to(user)
        .filter(kind=Institution.Kind.SCHOOL, status=Institution.Status.ACTIVE)
        .select_related("town", "centre")
    )


def alerts_of(user: User) -> AlertQuerySet:
    """Alerts that the user may see, with their unit."""
    return Alert.objects.visible_to(user).select_related("institution__town")


def findings_of(user: User) -> FindingQuerySet:
    """Findings that the user may see, with their unit."""
    return Finding.objects.visible_to(user).select_related("institution__town")
