"""Acts on one institution of the training register: its state, its brand, a suspected site and what became of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from shuangjian.bureau.cleaning import full_clean
from shuangjian.bureau.models import Institution
from shuangjian.bureau.ties import tied_to
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.journal.services import Asked, record, request_evaluation, request_evaluations
from training_orgs.choices import Category, OrgStatus
from training_orgs.identity import parse_uscc
from training_orgs.models import Brand, OrgProfile, SiteSighting, StatusChange, TrainingOrg

_STATUS_OF = {
    OrgStatus.ACTIVE: Institution.Status.ACTIVE,
    OrgStatus.SUSPENDED: Institution.Status.SUSPENDED,
    OrgStatus.CONVERTED: Institution.Status.CLOSED,
    OrgStatus.CLOSED: Institution.Status.CLOSED,
}
_ENDS = (OrgStatus.CONVERTED, OrgStatus.CLOSED)


@transaction.atomic
def change_status(
    institution: Institution,
    *,
    status: str,
    on: dt.date,
    reason: str,
    decision_no: str = "",
    today: dt.date,
    actor: Any,
) -> StatusChange:
    """From ``on`` on the institution is in this state; a converted or closed one trains nobody any more.

    InvalidInput for a day ahead or one before the last change; Conflict when it is in that state already.
    """
    current = Institution.objects.select_for_update().get(pk=institution.pk)
    last = StatusChange.objects.filter(institution=current).order_by("-on").first()
    if on > today:
        raise InvalidInput([Problem("on", "日期不能晚于今天；到了那一天再登记。")])
    if last is not None and on <= last.on:
        raise InvalidInput([Problem("on", f"上一次变更在 {last.on}（{last.get_status_display()}），请填其后的日期。")])
    if (last.status if last else OrgStatus.ACTIVE) == status:
        raise Conflict(f"“{current.name}”已经是{OrgStatus(status).label}状态，不必重复登记。")
    change = StatusChange(institution=current, status=status, on=on, reason=reason.strip(), decision_no=decision_no)
    full_clean(change)
    change.save(force_insert=True)
    current.status = _STATUS_OF[OrgStatus(status)]
    current.closed_on = on if status in _ENDS else None
    current.save(update_fields=["status", "closed_on"])
    detail = {"status": status, "on": on.isoformat(), "decision_no": decision_no}
    record("change_org_status", actor=actor, institution_id=current.pk, target=current.name, detail=detail)
    _judge(current, on, today, f"机构状态：{OrgStatus(status).label}")
    return change


@transaction.atomic
def tie_brand(institution: Institution, brand: str, *, actor: Any) -> Brand | None:
    """Tie the site to a brand by name, making the brand if need be; "" unties it.

    What was done at one site of a brand and again at another is a repetition: all of both brands are judged again.
    """
    org = TrainingOrg.objects.select_for_update().get(pk=institution.pk)
    name = brand.strip()
    left = tied_to(org.pk)
    org.brand = Brand.objects.get_or_create(name=name)[0] if name else None
    org.save(update_fields=["brand"])
    record("tie_brand", actor=actor, institution_id=org.pk, target=institution.name, detail={"brand": name})
    today = clock.today()
    concerned = sorted({org.pk} | left | tied_to(org.pk))
    request_evaluations(Asked(pk, today, today, "机构品牌变更") for pk in concerned)
    return org.brand


@transaction.atomic
def add_sighting(institution: Institution, *, values: dict[str, Any], actor: Any) -> SiteSighting:
    """Note what was seen at a site; ``values`` are the fields of SiteSighting. InvalidInput for a day ahead."""
    sighting = SiteSighting(institution=institution, **values)
    today = clock.today()
    if sighting.seen_on > today:
        raise InvalidInput([Problem("seen_on", f"发现日期 {sighting.seen_on} 晚于今天（{today}），请核对。", "future")])
    full_clean(sighting)
    sighting.save(force_insert=True)
    detail = {"seen_on": sighting.seen_on.isoformat(), "licence_state": sighting.licence_state}
    record("add_sighting", actor=actor, institution_id=institution.pk, target=institution.name, detail=detail)
    return sighting


@transaction.atomic
def recognise_site(
    institution: Institution, *, uscc: str, category: str = "", today: dt.date, actor: Any
) -> Institution:
    """A suspected site turns out to be, or becomes, a registered institution: the record goes on as one.

    InvalidInput for a code whose check digit does not hold or that another institution has, and where nobody has said
    yet what is taught there: rules ask an institution by its ``category``.
    """
    current = Institution.objects.select_for_update().get(pk=institution.pk)
    if current.kind != Institution.Kind.SUSPECTED_SITE:
        raise Refused(f"“{current.name}”不是疑似无证点，不能转为培训机构。", status=409)
    number = _free_code(uscc, current)
    if not current.category:
        if category not in Category.values:
            raise InvalidInput([Problem("category", "这个点还没有类别，请选择它属于哪一类培训。", "required")])
        _first_profile(current, category, today)
    TrainingOrg.objects.filter(pk=current.pk).update(uscc=number)
    current.kind = Institution.Kind.TRAINING_ORG
    current.save(update_fields=["kind", "category"])
    record("recognise_site", actor=actor, institution_id=current.pk, target=current.name)
    _judge(current, today, today, "疑似无证点转为培训机构")
    return current


def _free_code(uscc: str, unit: Institution) -> str:
    """The code as the register keeps it; InvalidInput says what is wrong with it."""
    try:
        number = parse_uscc(uscc)
    except ValueError as error:
        raise InvalidInput([Problem("uscc", str(error))]) from None
    owner = TrainingOrg.objects.filter(uscc=number).exclude(pk=unit.pk).select_related("institution").first()
    if owner is not None:
        raise InvalidInput([Problem("uscc", f"这个统一社会信用代码属于“{owner.institution.name}”，请核对。")])
    return number


def _first_profile(unit: Institution, category: str, today: dt.date) -> None:
    """What the site is from today on, at the place where it was last seen."""
    unit.category = category
    seen = unit.sightings.order_by("-seen_on", "-pk").first()
    place = seen.place if seen is not None else ""
    OrgProfile.objects.create(institution=unit, valid_from=today, sign_name=unit.name, category=category, address=place)


def _judge(institution: Institution, since: dt.date, today: dt.date, cause: str) -> None:
    request_evaluation(institution_id=institution.pk, since=min(since, today), until=today, cause=cause)
