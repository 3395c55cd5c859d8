"""Kinds of observations: what people can find at an institution, and which rule judges it. Domains register theirs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shuangjian.bureau.models import Institution
from shuangjian.bureau.workdays import add_workdays


@dataclass(frozen=True)
class ObservationKind:
    """A kind of observation.

    ``rule`` is the code of the rule that filters it ("" for none), ``severity`` that of the finding, which decides
    the days to rectify; ``units`` are the kinds of institutions at which it can be found (empty: at any), ``topics``
    the topics of complaints that usually turn out to be one. ``workdays``: those to put it right where its rule says
    how many, counted from the day of 查实, given that day (None before that standard began).
    """

    code: str
    label: str
    rule: str
    severity: int
    units: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    workdays: Callable[[dt.date], int | None] | None = None

    def fits(self, institution: Institution) -> bool:
        """Whether it can be found at this institution."""
        return not self.units or institution.kind in self.units


#: (day of 查实) → last day to rectify, by severity.
DueDates = Callable[[dt.date], Mapping[int, dt.date]]

_kinds: dict[str, ObservationKind] = {}
_due_dates: list[DueDates] = []

OTHER = ObservationKind("other", "其他问题", rule="", severity=2)


def register_kind(kind: ObservationKind) -> None:
    """Called when a domain gets ready. Two kinds of one code would make observations mean two things."""
    known = _kinds.setdefault(kind.code, kind)
    if known != kind:
        raise RuntimeError(f"The observation kind {kind.code} is registered twice, as {known.label} and {kind.label}.")


def all_kinds() -> list[ObservationKind]:
    """Every kind in the order of registration, 其他 last."""
    return [*(kind for kind in _kinds.values() if kind is not OTHER), OTHER]


def kinds_for(institution: Institution) -> list[ObservationKind]:
    """The kinds that can be found at this institution."""
    return [kind for kind in all_kinds() if kind.fits(institution)]


def find_kind(code: str) -> ObservationKind | None:
    """The kind of that code, or None."""
    return OTHER if code == OTHER.code else _kinds.get(code)


def judged_by(rule: str) -> list[str]:
    """Codes of the kinds that the rule of that code judges."""
    return [kind.code for kind in all_kinds() if kind.rule == rule]


def kind_label(code: str) -> str:
    """Its Chinese name; the code itself when no app registers it any more."""
    kind = find_kind(code)
    return kind.label if kind else code


def register_due_dates(due_dates: DueDates) -> None:
    """Called once by alerts, whose standard says how many workdays a severity has."""
    _due_dates[:] = [due_dates]


def due_date(confirmed_on: dt.date, severity: int, kind: ObservationKind | None = None) -> dt.date | None:
    """Last day to rectify what was found true on ``confirmed_on``: as the rule of its kind says, else by severity; None
    where no app sets such days."""
    workdays = kind.workdays(confirmed_on) if kind is not None and kind.workdays is not None else None
    if workdays is not None:
        return add_workdays(confirmed_on, workdays)
    return _due_dates[0](confirmed_on).get(severity) if _due_dates else None
