"""Opening the record of a suspected site: an institution before any licence exists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Max, QuerySet

from shuangjian.accounts.models import REGISTER_DEPARTMENTS, RoleKind
from shuangjian.bureau.cleaning import full_clean
from shuangjian.bureau.models import Institution, Town
from shuangjian.bureau.pinyin import sort_key
from shuangjian.bureau.sites import SeenSite
from shuangjian.core.errors import InvalidInput, Problem, Refused
from shuangjian.core.locks import lock_singleton
from shuangjian.core.querysets import power_of
from shuangjian.files.services import store
from shuangjian.journal.services import record
from training_orgs.models import OrgProfile, SiteSighting, TrainingOrg
from training_orgs.services.register import add_sighting

SITE_PREFIX = "YS440113"
#: Name of the field with the photos of what was seen, and what their files are for.
PHOTOS = "photos"
PHOTO_PURPOSE = "site:"
_CODES_LOCK = 11


def next_site_code() -> str:
    """YS440113 and five digits, counted on; callers hold the transaction in which it is used."""
    lock_singleton(_CODES_LOCK)
    last = Institution.objects.filter(code__startswith=SITE_PREFIX).aggregate(last=Max("code"))["last"]
    return f"{SITE_PREFIX}{int(last.removeprefix(SITE_PREFIX)) + 1 if last else 1:05d}"


@transaction.atomic
def open_site(values: dict[str, Any], *, photos: Sequence[UploadedFile] = (), actor: Any) -> Institution:
    """Open a 疑似无证点 with its first sighting: ``values`` has name, town, category and the fields of SiteSighting.

    The guidance centre is that of the town's other institutions, where they agree. Refused to roles that open none
    anywhere, InvalidInput for a town that is not theirs.
    """
    seen = {key: value for key, value in values.items() if key not in ("name", "town", "category")}
    town: Town = values["town"]
    _check_town(town, actor)
    unit = Institution(
        code=next_site_code(),
        name=values["name"].strip(),
        pinyin=sort_key(values["name"].strip(), 240),
        kind=Institution.Kind.SUSPECTED_SITE,
        category=values.get("category") or "",
        town=town,
        centre_id=centres_of_towns().get(town.pk),
        source=seen["source"],
    )
    full_clean(unit)
    unit.save(force_insert=True)
    TrainingOrg.objects.create(institution=unit)
    if unit.category:
        OrgProfile.objects.create(
            institution=unit,
            valid_from=seen["seen_on"],
            sign_name=unit.name,
            category=unit.category,
            address=seen["place"],
        )
    record("open_site", actor=actor, institution_id=unit.pk, target=unit.name, detail={"town": town.code})
    report_sighting(unit, seen, photos=photos, actor=actor)
    return unit


@transaction.atomic
def report_sighting(
    unit: Institution, values: dict[str, Any], *, photos: Sequence[UploadedFile] = (), actor: Any
) -> SiteSighting:
    """Note what was seen, with its photos; InvalidInput at the photo that cannot be kept, and then nothing is."""
    sighting = add_sighting(unit, values=values, actor=actor)
    for photo in photos:
        store(photo, unit, f"{PHOTO_PURPOSE}{sighting.pk}", actor, field=PHOTOS)
    return sighting


def open_seen_site(seen: SeenSite, photos: Sequence[UploadedFile], actor: Any) -> Institution:
    """``open_site`` as the platform's registry calls it."""
    values = {**asdict(seen), "town": seen.town}
    return open_site(values, photos=photos, actor=actor)


def towns_open_to(actor: Any) -> QuerySet[Town]:
    """Towns in which the actor may open a suspected site: those of the jurisdiction; for an inspector, who has none
    before there is a visit, the own town, or every town where the inspector is of the bureau or of a department that
    sees the registers."""
    towns, power = Town.objects.all(), power_of(actor)
    if not getattr(actor, "may_write", True):
        return towns.none()
    if power == RoleKind.BUREAU:
        return towns
    if power == RoleKind.CENTRE:
        return towns.filter(pk__in=Institution.objects.visible_to(actor).values("town"))
    if power == RoleKind.TOWN or (power == RoleKind.INSPECTOR and actor.town_id is not None):
        return towns.filter(pk=actor.town_id)
    if power == RoleKind.INSPECTOR and (actor.department is None or actor.department.code in REGISTER_DEPARTMENTS):
        return towns
    return towns.none()


def _check_town(town: Town, actor: Any) -> None:
    towns = towns_open_to(actor)
    if towns.filter(pk=town.pk).exists():
        return
    if not towns.exists():
        raise Refused("疑似无证点由区教育局、教育指导中心、镇街和检查员登记。", code="role", status=403)
    raise InvalidInput([Problem("town", f"{town.name}不在您的范围内，请选择您所在的镇街。", "scope")])


def centres_of_towns() -> dict[int, int]:
    """Guidance centre by town, of the towns whose institutions all belong to one."""
    known: dict[int, set[int]] = {}
    pairs = (
        Institution.objects.filter(town__isnull=False, centre__isnull=False).values_list("town", "centre").distinct()
    )
    for town, centre in pairs.order_by():
        known.setdefault(town, set()).add(centre)
    return {town: centres.pop() for town, centres in known.items() if len(centres) == 1}
