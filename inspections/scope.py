"""Which institutions an inspector may see (those of own open visits), and whom one may choose for a visit."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from inspections.choices import OPEN_STATES
from inspections.models import Visit, VisitPhoto
from shuangjian.accounts.models import REGISTER_DEPARTMENTS, REGISTER_KINDS, RoleKind, User
from shuangjian.bureau.models import Institution
from shuangjian.core.querysets import ScopedQuerySet, power_of

_TARGETS = (Institution.Kind.SCHOOL, Institution.Kind.TRAINING_ORG, Institution.Kind.SUSPECTED_SITE)
_ABOVE = frozenset({"bureau", "centre", "town"})


def institutions_of(inspector: Any) -> Any:
    """Ids of the institutions of visits that are open and have ``inspector`` on them."""
    return Visit.objects.filter(inspectors__person=inspector.pk, state__in=OPEN_STATES).values("institution_id")


def inspectable_by(actor: Any) -> ScopedQuerySet[Institution]:
    """Institutions that ``actor`` may choose as the target of a visit, closed ones left out. Show of them the name,
    the code and the town only: an inspector sees the rest through own open visits.

    Bureau, centre, town (people and tokens): those of their jurisdiction. Inspectors: of a town, that town's; of the
    bureau, all; of a department, and its own people: training institutions and suspected sites where it is one of
    REGISTER_DEPARTMENTS. Public bodies are never targets; anyone else may choose none.
    """
    rows = Institution.objects.filter(kind__in=_TARGETS, closed_on__isnull=True)
    power = power_of(actor)
    if power in _ABOVE:
        return rows.visible_to(actor)
    if not getattr(actor, "may_act", False) or power not in ("inspector", "dept"):
        return rows.none()
    if actor.department is not None:
        return rows.filter(kind__in=REGISTER_KINDS) if actor.department.code in REGISTER_DEPARTMENTS else rows.none()
    if power == "dept":
        return rows.none()
    return rows.filter(town=actor.town_id) if actor.town_id is not None else rows


def inspectors_for(actor: Any) -> QuerySet[User]:
    """Accounts that ``actor`` may put on a visit: the bureau any that inspects; others those of their own unit, the
    bureau's, the departments', and inspectors of their own town. Never accounts that are shut."""
    able = [RoleKind.INSPECTOR, RoleKind.BUREAU, RoleKind.CENTRE, RoleKind.TOWN, RoleKind.DEPARTMENT]
    rows = User.objects.with_units().filter(is_active=True, role_kind__in=able)
    power = power_of(actor)
    if power == "bureau":
        return rows
    if power not in _ABOVE and power not in ("inspector", "dept"):
        return rows.none()
    everybody = Q(town__isnull=True, centre__isnull=True)
    own = Q(pk__in=[])
    if getattr(actor, "town_id", None) is not None:
        own = Q(town=actor.town_id)
    elif getattr(actor, "centre_id", None) is not None:
        towns = Institution.objects.filter(centre=actor.centre_id, town__isnull=False).values("town_id")
        own = Q(centre=actor.centre_id) | Q(town__in=towns, role_kind=RoleKind.INSPECTOR)
    return rows.filter(everybody | own)


def shown_photos(principal: Any) -> Q:
    """Which files of visits' photos are shown: those of visits that ``principal`` may see. An inspector of another
    visit to the same institution does not see them. The bureau sees also what has arrived and is of no visit yet."""
    if power_of(principal) == "bureau":
        within: Q = principal.jurisdiction("institution")
        return within
    return Q(pk__in=VisitPhoto.objects.visible_to(principal).values("stored"))


def may_join(person: User, institution: Institution) -> bool:
    """Whether the person may be an inspector of a visit to this institution: people of a town or a guidance centre
    only of their own institutions, since they would not see the visit."""
    if person.role_kind == RoleKind.TOWN or (person.role_kind == RoleKind.INSPECTOR and person.town_id is not None):
        return institution.town_id is not None and institution.town_id == person.town_id
    if person.role_kind == RoleKind.CENTRE:
        return institution.centre_id is not None and institution.centre_id == person.centre_id
    return person.role_kind in (RoleKind.BUREAU, RoleKind.INSPECTOR, RoleKind.DEPARTMENT)
