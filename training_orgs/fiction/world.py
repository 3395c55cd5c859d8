"""Fills the register with fictional institutions, and knows what must be found in it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from random import Random

from django.db import transaction

from shuangjian.bureau.models import Institution, Town
from shuangjian.bureau.reference import BUREAU_BODY_CODE
from shuangjian.core.errors import Refused
from shuangjian.core.fiction import Commission, Found, found
from shuangjian.journal.services import record, request_evaluation
from shuangjian.lists.models import ListDate
from training_orgs import models
from training_orgs.fiction.calendar import DAYS_BACK, ONE_DAY, Days
from training_orgs.fiction.loading import load
from training_orgs.fiction.money_plants import GUIDE_PRICE, MONEY_PLANTS
from training_orgs.fiction.orgs import Org, make_org, numeral
from training_orgs.fiction.plants import PLANTS
from training_orgs.services.reconciliation import reconcile

#: From here on orders are paid: a few weeks before the first lesson.
_STORY_DAYS = DAYS_BACK + 60
#: One in so many is a suspected site, of which nobody knows more than where it is.
_SITES = 12


@transaction.atomic
def make_orgs(commission: Commission) -> int:
    """Make ``count`` fictional institutions, plant violations in a share of them, and ask for their judging.

    The same commission and calendar give the same institutions. Refused where a real institution is.
    """
    kinds = [Institution.Kind.TRAINING_ORG, Institution.Kind.SUSPECTED_SITE]
    if Institution.objects.filter(kind__in=kinds).exists():
        raise Refused("库中已有校外培训机构，不能再生成演示机构；请换一个空库。")
    today = commission.now.date()
    days, random = Days.load(today), Random(f"{commission.seed} orgs")  # noqa: S311 - a story, not a secret
    towns: list[int | None] = list(Town.objects.order_by("code").values_list("pk", flat=True)) or [None]
    orgs = []
    for index in range(commission.count):
        org = make_org(index, random.choice(towns), days, random)
        if index % _SITES == _SITES - 1:
            org = Org(
                org.code, f"示范{numeral(index + 1)}号疑似培训点", "", org.town, days, random, kind="suspected_site"
            )
        orgs.append(org)
    list_date = _list_date(today)
    _guide_prices()
    _plant(orgs, commission, random, list_date)
    _in_service(orgs, today)
    made = load(orgs)
    reconcile([institution.pk for institution in made.values()])
    record("make_orgs", actor=None, target="演示机构", detail={"orgs": len(orgs), "seed": commission.seed})
    _ask_for_judging(made, today)
    return len(orgs)


def _plant(orgs: list[Org], commission: Commission, random: Random, list_date: dt.date) -> None:
    """Each rule in turn, one to an institution: none is near enough to another to change its figures."""
    lawful = [org for org in orgs if org.profile]
    random.shuffle(lawful)
    breakers = lawful[: round(len(lawful) * commission.share)]
    plants = {**PLANTS, **MONEY_PLANTS}
    if not Institution.objects.filter(code=BUREAU_BODY_CODE).exists():
        del plants["TO-34"]
    waiting = sorted(plants)
    random.shuffle(waiting)
    for org in breakers:
        for rule in list(waiting):
            findings = plants[rule](org)
            waiting.remove(rule)
            waiting.append(rule)
            if findings:
                _note(commission, org, findings, list_date)
                break
    rising = next((org for org in lawful[len(breakers) :] if org.category == "subject"), None)
    if rising is not None:
        _let_rise(rising, orgs, commission)


def _note(commission: Commission, org: Org, findings: list[Found], list_date: dt.date) -> None:
    for each in findings:
        if each.rule == "TO-34":
            commission.key.add(BUREAU_BODY_CODE, [each._replace(occurred_on=list_date.isoformat())])
        else:
            commission.key.add(org.code, [each])


def _let_rise(org: Org, orgs: list[Org], commission: Commission) -> None:
    """TO-02: a licence that lapsed before the end of the month before last, and was given anew last month."""
    first_of_this = commission.now.date().replace(day=1)
    first_of_last = (first_of_this - ONE_DAY).replace(day=1)
    last_of_before = first_of_last - ONE_DAY
    old = org.licences[0]
    org.licences.append(old | {"number": f"{old['number']}-2", "issued_on": first_of_last})
    old["expires_on"] = last_of_before - ONE_DAY
    bodies = {body.town_id: body.code for body in Institution.objects.filter(kind="public_body", category="town")}
    scopes = [(orgs, BUREAU_BODY_CODE)]
    scopes.append(([each for each in orgs if each.town == org.town], bodies.get(org.town, "")))
    for group, code in scopes:
        if code and Institution.objects.filter(code=code).exists():
            holders = [_holds_licence(each, first_of_this - ONE_DAY) for each in group]
            before = [_holds_licence(each, last_of_before) for each in group]
            rise = found("TO-02", "self", first_of_last.isoformat(), Decimal(sum(holders)), Decimal(sum(before)))
            commission.key.add(code, [rise])


def _holds_licence(org: Org, day: dt.date) -> bool:
    for licence in org.licences:
        is_ended = licence["ended_on"] is not None and licence["ended_on"] <= day
        if "subject" in licence["categories"] and licence["issued_on"] <= day <= licence["expires_on"] and not is_ended:
            return True
    return False


def _list_date(today: dt.date) -> dt.date:
    """The latest list date up to today; a fictional one a month ago where there is none."""
    latest = ListDate.objects.filter(on__lte=today).order_by("-on").first()
    if latest is None:
        on = today - dt.timedelta(days=30)
        latest = ListDate.objects.create(year=on.year, on=on, reference="演示数据")
    return latest.on


def _guide_prices() -> None:
    if not models.GuidePrice.objects.exists():
        models.GuidePrice.objects.create(
            mode="offline",
            size_from=1,
            size_to=10,
            price=GUIDE_PRICE,
            valid_from=dt.date(2021, 12, 7),
            reference="演示数据，非真实指导价",
        )


def _in_service(orgs: list[Org], today: dt.date) -> None:
    hashes = sorted({row["identity_hash"] for org in orgs for row in org.staff if row["identity_hash"]})
    source = models.InServiceList.objects.create(
        label="演示比对名单", as_of=today, uploaded_at=f"{today}T08:00:00+08:00", hashes=len(hashes)
    )
    models.InServiceTeacher.objects.bulk_create(
        models.InServiceTeacher(source=source, identity_hash=each) for each in hashes
    )


def _ask_for_judging(made: dict[str, Institution], today: dt.date) -> None:
    """Each institution over its story, and the public bodies over the months that it may show in."""
    since, cause = today - dt.timedelta(days=_STORY_DAYS), "演示数据生成"
    for institution in made.values():
        request_evaluation(institution_id=institution.pk, since=since, until=today, cause=cause)
    for body in Institution.objects.filter(kind=Institution.Kind.PUBLIC_BODY):
        request_evaluation(institution_id=body.pk, since=since, until=today, cause=cause)
