"""By which text an institution gets on a list, and by which day of the year the lists must be complete."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Problem
from shuangjian.journal.services import record
from shuangjian.lists.judging import ask_the_bureau
from shuangjian.lists.models import ListCriteria, ListDate, ListDecision, ListKind
from shuangjian.lists.services import person_of_the_bureau, text_of


@transaction.atomic
def save_criteria(
    kind: str, version: str, *, text: str, valid_from: dt.date, reference: str, actor: Any
) -> ListCriteria:
    """A new version of the criteria of a list, or another text for one that no decision has cited yet.

    A cited version stays as it is: Conflict, write a new version. The database holds it too.
    """
    person_of_the_bureau(actor, "制定列入标准")
    if kind not in ListKind.values:
        raise InvalidInput([Problem("kind", "请选择黑名单、白名单或预警名单。", "required")])
    version = text_of(version, "version", "版本", longest=20)
    known = ListCriteria.objects.select_for_update().filter(kind=kind, version=version).first()
    if known is not None and ListDecision.objects.filter(criteria=known).exists():
        raise Conflict(f"“{known}”已被名单决定引用，不能再改；请另立一个版本。")
    criteria = known or ListCriteria(kind=kind, version=version)
    criteria.text = text_of(text, "text", "标准")
    criteria.reference = text_of(reference, "reference", "文件依据", longest=200)
    criteria.valid_from = valid_from
    criteria.save()
    record(
        "save_list_criteria",
        actor=actor,
        target=f"list_criteria:{criteria.pk}",
        detail={"kind": kind, "version": version, "valid_from": valid_from.isoformat(), "is_new": known is None},
    )
    return criteria


@transaction.atomic
def set_list_date(year: int, *, on: dt.date, reference: str, actor: Any, now: dt.datetime) -> ListDate:
    """By this day of ``year`` every licensed institution is to stand on a list (TO-34); the bureau is judged again."""
    person_of_the_bureau(actor, "设定年度名单日")
    if on.year != year:
        raise InvalidInput([Problem("on", f"日期应在 {year} 年内，请改正。", "year")])
    reference = text_of(reference, "reference", "依据", longest=200)
    before = ListDate.objects.filter(year=year).first()
    date, _ = ListDate.objects.update_or_create(year=year, defaults={"on": on, "reference": reference})
    record(
        "set_list_date",
        actor=actor,
        target=f"list_date:{year}",
        detail={"on": on.isoformat(), "before": before.on.isoformat() if before else None},
    )
    ask_the_bureau(clock.local(now).date(), f"年度名单日：{year}")
    return date
