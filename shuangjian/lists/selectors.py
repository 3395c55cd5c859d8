"""What the list pages show: who stands on which list on a day, and what waits for the bureau."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Count, Prefetch, QuerySet

from shuangjian.accounts.models import User
from shuangjian.lists.models import ListAppeal, ListDecision, ListEntry, ListKind
from shuangjian.lists.services import LISTED_KINDS

__all__ = ["LISTED_KINDS", "acts_of", "counts_on", "decisions_of", "entries_on", "headline", "waiting"]


def entries_on(user: User, kind: str, day: dt.date) -> QuerySet[ListEntry]:
    """Entries of the jurisdiction that stood on the list on ``day``, newest first, with unit, town and decisions."""
    return (
        ListEntry.objects.visible_to(user)
        .standing_on(day)
        .filter(kind=kind)
        .select_related("institution__town", "entry__criteria", "exit")
        .order_by("-entered_on", "institution__pinyin")
    )


def counts_on(user: User, day: dt.date) -> dict[str, int]:
    """How many institutions of the jurisdiction stood on each list on ``day``."""
    rows = ListEntry.objects.visible_to(user).standing_on(day).values("kind").order_by()
    counted = {row["kind"]: row["number"] for row in rows.annotate(number=Count("institution", distinct=True))}
    return {str(kind): counted.get(str(kind), 0) for kind in ListKind}


def headline(kind: str, number: int, day: dt.date, today: dt.date) -> str:
    """The answer of the page in one sentence."""
    when = "现在" if day == today else f"{day} "
    label = str(ListKind(kind).label)
    return f"{when}{label}上有 {number} 家机构" if number else f"{when}{label}上没有机构"


def decisions_of(user: User) -> QuerySet[ListDecision]:
    """Decisions that the reader may see, with whoever made them and their appeals."""
    appeals = ListAppeal.objects.select_related("decided_by", "outcome")
    return (
        ListDecision.objects.visible_to(user)
        .select_related("institution__town", "criteria", "proposed_by", "reviewed_by", "undoes")
        .prefetch_related(Prefetch("appeals", queryset=appeals))
    )


def waiting(user: User) -> dict[str, Any]:
    """What waits for the bureau: proposals, appeals without an answer, and decisions that are not public."""
    decisions = decisions_of(user)
    appeals = ListAppeal.objects.visible_to(user).filter(result="").select_related("decision__institution")
    return {
        "proposals": list(decisions.filter(state=ListDecision.State.PROPOSED).order_by("proposed_at")),
        "appeals": list(appeals.order_by("filed_on", "pk")),
        "unpublished": list(
            decisions.filter(state=ListDecision.State.APPROVED, published_on__isnull=True).order_by("reviewed_at")
        ),
    }


def acts_of(user: User, decision: ListDecision) -> dict[str, bool]:
    """What the reader may do with the decision as it stands; the services check it again."""
    is_bureau = user.role_kind == "bureau" and user.may_write
    is_own = user.role_kind == "org" and user.institution_id == decision.institution_id and user.may_write
    is_proposed = decision.state == ListDecision.State.PROPOSED
    is_decided = decision.state == ListDecision.State.APPROVED
    by_reader = decision.proposed_by_id == user.pk
    of_appeal = hasattr(decision, "undoes")
    pending = next((appeal for appeal in decision.appeals.all() if not appeal.result), None)
    return {
        "approve": is_bureau and is_proposed and not by_reader,
        "reject": is_bureau and is_proposed and not by_reader and not of_appeal,
        "withdraw": is_bureau and is_proposed and by_reader and not of_appeal,
        "publish": is_bureau and is_decided and decision.published_on is None,
        "appeal": (is_bureau or is_own) and is_decided and pending is None,
        "answer": is_bureau and pending is not None and not by_reader,
    }
