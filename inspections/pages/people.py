"""Inspectors, departments and places of visits in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from inspections.models import Visit, VisitInspector
from inspections.scope import inspectors_for, may_join
from shuangjian.accounts.models import RoleKind, User
from shuangjian.bureau.models import Department, Institution

#: A longer list of tick boxes is no choice any more on a phone: then only one's own unit and inspectors are offered.
_MOST = 40
#: From here on the position is told as far from the registered point.
FAR_M = 500


@dataclass(frozen=True)
class Colleague:
    """One account that may be ticked as an inspector."""

    login: str
    label: str
    is_on: bool


def colleagues(user: User, unit: Institution | None, chosen: Iterable[User] = ()) -> list[Colleague]:
    """Accounts that ``user`` may put on a visit to ``unit``, those on it first, then the user's own unit."""
    on = {each.pk: each for each in chosen}
    able = [each for each in inspectors_for(user) if unit is None or may_join(each, unit)]
    if len(able) > _MOST:
        able = [each for each in able if each.role_kind == RoleKind.INSPECTOR or _same_unit(each, user)]
    rest = sorted(
        (each for each in able if each.pk not in on),
        key=lambda each: (not _same_unit(each, user), each.role_kind != RoleKind.INSPECTOR, each.username),
    )
    listed = [*on.values(), *rest[:_MOST]]
    return [Colleague(each.username, f"{each.name}（{each.unit_name}）", each.pk in on) for each in listed]


def inspectors_of(visit: Visit) -> list[VisitInspector]:
    """Inspectors with their accounts and units, the lead first; one query."""
    units = ("person__town", "person__centre", "person__department", "person__institution")
    return list(visit.inspectors.select_related("person", *units))


def names(inspectors: Iterable[VisitInspector]) -> str:
    """张三（主办）、李四."""
    rows = list(inspectors)
    return "、".join(
        f"{each.person.name}（主办）" if each.is_lead and len(rows) > 1 else each.person.name for each in rows
    )


def departments_for(visit: Visit | None) -> list[dict[str, Any]]:
    """Every department, those that join the visit ticked; two queries."""
    on = set(visit.departments.values_list("pk", flat=True)) if visit is not None else set()
    return [{"code": each.code, "name": each.name, "is_on": each.pk in on} for each in Department.objects.all()]


def position_words(latitude: Any, accuracy_m: int | None, distance_m: int | None) -> str:
    """Where the visit began, as told beside its place: 距登记地点约 35 米."""
    if latitude is None:
        return "没有定位"
    accuracy = f"，精度约 {accuracy_m} 米" if accuracy_m is not None else ""
    if distance_m is None:
        return f"已定位，单位没有登记坐标{accuracy}"
    far = "，离登记地点较远" if distance_m > FAR_M else ""
    return f"距登记地点约 {metres(distance_m)}{accuracy}{far}"


def metres(distance: int) -> str:
    """35 米, 1.2 公里."""
    return f"{distance} 米" if distance < 1000 else f"{distance / 1000:.1f} 公里"


def _same_unit(one: User, other: User) -> bool:
    columns = ("town_id", "centre_id", "department_id")
    return all(getattr(one, column) == getattr(other, column) for column in columns)
