"""Opening the record of a suspected site 疑似无证点, for whoever finds one: the domain that keeps them says how."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from shuangjian.bureau.models import Institution, Town
from shuangjian.core.errors import Refused


@dataclass(frozen=True)
class SeenSite:
    """What was seen from the street. ``name`` is the sign, or the place with what marks it; ``category`` and
    ``licence_state`` are of ``site_choices()``, "" while nobody knows. Nothing in it names a pupil or a witness."""

    name: str
    town: Town
    place: str
    seen_on: dt.date
    source: str = "检查"
    category: str = ""
    licence_state: str = ""
    staff: int | None = None
    pupils: int | None = None
    note: str = ""


@dataclass(frozen=True)
class SiteKeeper:
    """How a domain keeps suspected sites.

    ``open`` takes (SeenSite, photos, actor) and returns the institution; ``towns`` takes an actor and gives the towns
    in which that actor may open one; the choices are (value, label).
    """

    open: Callable[[SeenSite, Sequence[Any], Any], Institution]
    towns: Callable[[Any], QuerySet[Town]]
    categories: Sequence[tuple[str, str]]
    licence_states: Sequence[tuple[str, str]]


_keepers: list[SiteKeeper] = []


def register_site_opener(keeper: SiteKeeper) -> None:
    """Called once, when the app that keeps suspected sites gets ready."""
    _keepers[:] = [keeper]


def open_site(seen: SeenSite, *, photos: Sequence[Any] = (), actor: Any) -> Institution:
    """Open a suspected site with its first sighting and photos, one transaction with its audit entries.

    Bureau, centre, town in their jurisdiction; an inspector in the own town, one of the bureau or of a department that
    sees the training registers in any. The inspector sees nothing more of it before a visit is opened. Refused 403 to
    other roles, InvalidInput (``town``, ``photos`` …) for what does not hold.
    """
    if not _keepers:
        raise Refused("本平台没有启用校外培训机构名录，不能登记疑似无证点。", status=409, code="no_register")
    return _keepers[0].open(seen, photos, actor)


def towns_for_sites(actor: Any) -> QuerySet[Town]:
    """The towns in which ``actor`` may open a suspected site; none where this portal is run without the register."""
    return _keepers[0].towns(actor) if _keepers else Town.objects.none()


def site_choices() -> tuple[Sequence[tuple[str, str]], Sequence[tuple[str, str]]]:
    """(category, licence state), each as (value, label)."""
    return (_keepers[0].categories, _keepers[0].licence_states) if _keepers else ((), ())
