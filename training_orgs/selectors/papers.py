"""Licences and registrations on a day: which are in force, and the licence state that follows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from shuangjian.bureau.models import Institution
from shuangjian.core.querysets import ScopedQuerySet
from training_orgs.choices import LicenceState
from training_orgs.models import Licence, Registration


def in_force(day: dt.date) -> Q:
    """Papers that are valid on ``day``: issued, not run out, not ended."""
    return (
        Q(issued_on__lte=day)
        & (Q(expires_on__isnull=True) | Q(expires_on__gte=day))
        & (Q(ended_on__isnull=True) | Q(ended_on__gt=day))
    )


def with_papers(institutions: ScopedQuerySet[Institution], day: dt.date) -> QuerySet[Any]:
    """Annotate ``has_licence`` and ``has_registration`` as of ``day``."""
    own = Q(institution=OuterRef("pk"))
    return institutions.annotate(
        has_licence=Exists(Licence.objects.filter(own, in_force(day))),
        has_registration=Exists(Registration.objects.filter(own, in_force(day))),
    )


def licence_state(*, has_licence: bool, has_registration: bool) -> LicenceState:
    """证照状态 of the two papers."""
    if has_licence:
        return LicenceState.BOTH if has_registration else LicenceState.LICENCE_ONLY
    return LicenceState.REGISTRATION_ONLY if has_registration else LicenceState.NEITHER


@dataclass(frozen=True)
class PaperLine:
    """One licence or registration with what it is worth on a day."""

    paper: Licence | Registration
    is_valid: bool
    words: str

    @classmethod
    def of(cls, paper: Licence | Registration, day: dt.date) -> PaperLine:
        """有效（还有 40 天）, 已于 … 到期, 已于 … 注销, … 起生效."""
        if paper.ended_on is not None and paper.ended_on <= day:
            return cls(paper, False, f"已于 {paper.ended_on} 注销或吊销")
        if paper.issued_on > day:
            return cls(paper, False, f"{paper.issued_on} 起生效")
        if paper.expires_on is None:
            return cls(paper, True, "有效，长期")
        left = (paper.expires_on - day).days
        if left < 0:
            return cls(paper, False, f"已到期 {-left} 天")
        return cls(paper, True, f"有效，还有 {left} 天" if left else "有效，今天到期")
