"""What the caller's content of a week would have changed in what stands there: beside a 412 or a 409."""

from __future__ import annotations

from typing import Any

from shuangjian.bureau.models import Institution
from shuangjian.core.weeks import Week
from shuangjian.intake.differences import compare
from shuangjian.intake.models import WeeklyReturn

MOST = 500  # more than anybody reads; the count still tells all


def differing(institution: Institution, week: Week, sent: Any, current: WeeklyReturn) -> dict[str, Any]:
    """``differences``: each cell that differs, as ``yours`` and as ``saved``, at most 500, with their number.

    None were sent: the saved draft was meant, and nothing differs.
    """
    if not isinstance(sent, dict):
        return {"differences": [], "differences_total": 0}
    changes = compare(institution, week, current.content, sent)
    told = [
        {
            "section": change.section,
            "where": change.where,
            "column": change.column,
            "yours": change.new,
            "saved": change.old,
        }
        for change in changes[:MOST]
    ]
    return {"differences": told, "differences_total": len(changes)}
