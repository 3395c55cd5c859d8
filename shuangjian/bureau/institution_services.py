"""Acts on institutions themselves."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Min

from shuangjian.bureau.calendar import rebuild_unit_days
from shuangjian.bureau.calendar_models import UnitDay
from shuangjian.bureau.cleaning import full_clean
from shuangjian.bureau.models import Institution, Town
from shuangjian.core.errors import Conflict
from shuangjian.journal.services import record, request_evaluation


@transaction.atomic
def confirm_town(institution: Institution, town: Town, *, actor: Any, today: dt.date) -> Institution:
    """Settle the town of an institution that had none; from then on the town sees it and its closures hold for it.

    Conflict when the town was settled meanwhile. The days on record are judged again up to ``today``.
    """
    current = Institution.objects.select_for_update().get(pk=institution.pk)
    if current.town_id is not None:
        raise Conflict(f"“{current.name}”的镇街已由他人核实为{current.town}，如有误请联系区教育局更正。")
    candidates = current.town_candidates
    current.town, current.town_candidates = town, ""
    full_clean(current)
    current.save(update_fields=["town", "town_candidates"])
    record(
        "confirm_town",
        actor=actor,
        institution_id=current.pk,
        target=str(current),
        detail={"town": town.code, "candidates": candidates},
    )
    rebuild_unit_days(cause=f"{current} 镇街核实", actor=actor, institution_ids=[current.pk])
    first = UnitDay.objects.filter(institution=current).aggregate(first=Min("date"))["first"]
    request_evaluation(
        institution_id=current.pk, since=min(first or today, today), until=today, cause=f"镇街核实：{town}"
    )
    return current
