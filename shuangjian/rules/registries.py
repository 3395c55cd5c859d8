"""What higher layers tell the engine: which weeks are covered by a return, and what follows new findings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from django.db.models import QuerySet

from shuangjian.rules.periods import Span


class Coverage(Protocol):
    """Weeks that a judged return covers: (institution id, Monday, id of the return's version, codes of rules).

    The codes are those of the rules that can lack data (``unknown=…``) and lack none in that return.
    """

    def __call__(
        self, institution_ids: Sequence[int], since: dt.date, until: dt.date
    ) -> QuerySet[Any, tuple[Any, ...]]: ...


class Regroup(Protocol):
    """Brings the alerts of these institutions up to date with the findings of ``spans`` (rule code → whole periods),
    in the same transaction."""

    def __call__(self, institution_ids: Sequence[int], spans: Mapping[str, Span], now: dt.datetime) -> None: ...


class FollowStandard(Protocol):
    """Brings rows that were computed with a standard up to its new value, in the transaction of the approval."""

    def __call__(self, parameter: str, since: dt.date, today: dt.date) -> None: ...


_coverage: list[Coverage] = []
_regroup: list[Regroup] = []
_followers: list[FollowStandard] = []


def register_coverage(coverage: Coverage) -> None:
    """Called once by intake; a second registration would make two truths of what is covered."""
    if _coverage and _coverage[0] is not coverage:
        raise RuntimeError("coverage is registered twice: only intake knows which weeks are covered.")
    _coverage[:] = [coverage]


def coverage() -> Coverage | None:
    """The registered coverage, or None when no app files returns."""
    return _coverage[0] if _coverage else None


def register_regroup(regroup: Regroup) -> None:
    """Called by alerts: what is to happen in the evaluation's transaction after the findings are written."""
    if regroup not in _regroup:
        _regroup.append(regroup)


def regroups() -> Sequence[Regroup]:
    return tuple(_regroup)


def register_follower(follow: FollowStandard) -> None:
    """Called by whoever keeps rows that a standard decided: they must follow when it changes."""
    if follow not in _followers:
        _followers.append(follow)


def followers() -> Sequence[FollowStandard]:
    return tuple(_followers)
