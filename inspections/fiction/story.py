"""What happens on the visits of a fictional world. Each plant writes down what must be found, from what it did and not
by judging anything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from inspections.choices import Decision, Target, VisitState, target_of
from shuangjian.bureau.models import Institution
from shuangjian.core.fiction import Found, flag, found
from shuangjian.evidence.kinds import find_kind

ONE_DAY = dt.timedelta(days=1)
_MONTHS_OF_REPETITION = 24
_VIOLATION, _WARNING = 3, 2

#: Kinds whose rule finds what is confirmed from the day on which it was seen until it is put right, by target.
AT_ONCE: dict[str, tuple[str, ...]] = {
    Target.SCHOOL: (
        "homework_difficulty", "homework_mechanical", "exam_beyond", "admission_target", "paid_tuition",
        "teaching_ahead",
    ),
    Target.SUBJECT_ORG: ("content", "foreign_course", "enrolment_link", "privacy"),
    Target.NON_SUBJECT_ORG: ("enrolment_link", "privacy"),
}  # fmt: skip
#: The kind whose rule finds it only after its last day to put it right.
AFTER_ITS_TERM = {Target.SCHOOL: "provider_misconduct", Target.SUBJECT_ORG: "safety", Target.NON_SUBJECT_ORG: "safety"}
#: Kinds whose rule judges the deadline itself, so that IN-01 does not.
_JUDGED_BY_TERM = "safety"
OTHER = "other"


class Fate(StrEnum):
    """What became of an item to put right."""

    OPEN = "open"
    RETURNED = "returned"
    HANDED_IN = "handed_in"
    PASSED = "passed"
    CANCELLED = "cancelled"


@dataclass
class Failure:
    """One item that failed, ``term`` days to put it right, and its fate; the numbers come when rows are written."""

    kind: str
    decision: str = Decision.CONFIRMED
    term: int = 15
    fate: Fate = Fate.OPEN
    severity: int | None = None
    observation: str = ""
    rectification: str = ""


@dataclass
class Told:
    """One visit of the story."""

    institution: Institution
    on: dt.date
    state: str = VisitState.FILED
    failures: list[Failure] = field(default_factory=list)
    number: str = ""

    @property
    def confirmed_on(self) -> dt.date:
        """The day of its review, on which what was found becomes 查实."""
        return self.on + ONE_DAY

    def due_on(self, failure: Failure) -> dt.date:
        return self.on + dt.timedelta(days=failure.term)


@dataclass(frozen=True)
class Expected:
    """``rule`` must find something about the failure; it comes to a Found once the failure has its numbers."""

    rule: str
    visit: Told
    failure: Failure
    on: dt.date
    count: int = 1

    def found(self) -> Found:
        if self.rule == "IN-01":
            return flag(self.rule, f"rectification:{self.failure.rectification}", self.on.isoformat())
        about = f"observation:{self.failure.observation}"
        if self.rule == "IN-02":
            return found(self.rule, about, self.on.isoformat(), self.count, 0)
        return flag(self.rule, about, self.on.isoformat())


Tale = tuple[list[Told], list[Expected]]


@dataclass(frozen=True)
class Site:
    """An institution to visit, the story's today, and which of its kinds comes next."""

    unit: Institution
    today: dt.date
    turn: int = 0

    @property
    def target(self) -> str:
        target = target_of(self.unit)
        assert target is not None
        return target

    @property
    def kind(self) -> str:
        """A kind that its rule finds at once; "" where none fits."""
        kinds = [each for each in AT_ONCE.get(self.target, ()) if self._fits(each)]
        return kinds[self.turn % len(kinds)] if kinds else ""

    @property
    def termed(self) -> str:
        """A kind that its rule finds after the term; "" where none fits."""
        kind = AFTER_ITS_TERM.get(Target(self.target), "")
        return kind if kind and self._fits(kind) else ""

    def ago(self, days: int) -> dt.date:
        return self.today - dt.timedelta(days=days)

    def _fits(self, kind: str) -> bool:
        known = find_kind(kind)
        if kind == "teaching_ahead" and "primary" not in self.unit.stages:
            return False
        return known is not None and known.fits(self.unit)


#: Returns what happened and what must be found; nothing where the institution does not allow it.
Plant = Callable[[Site], Tale]
NOTHING: Tale = ([], [])


def _one(site: Site, days_ago: int, kind: str, term: int = 15, fate: Fate = Fate.OPEN, severity: int | None = None) -> (
    Told
):  # fmt: skip
    failure = Failure(kind, term=term, fate=fate, severity=severity)
    return Told(site.unit, site.ago(days_ago), failures=[failure])


def _at_once(visit: Told) -> Iterator[Expected]:
    for failure in visit.failures:
        kind = find_kind(failure.kind)
        if kind is not None and kind.rule:
            yield Expected(kind.rule, visit, failure, visit.on)


def _overdue(visit: Told) -> Iterator[Expected]:
    for failure in visit.failures:
        if failure.kind != _JUDGED_BY_TERM:
            yield Expected("IN-01", visit, failure, visit.due_on(failure) + ONE_DAY)


def _with(visit: Told, *, is_overdue: bool = False) -> Tale:
    return [visit], [*_at_once(visit), *(_overdue(visit) if is_overdue else ())]


def in_time(site: Site) -> Tale:
    """Confirmed, to be put right by today: its rule finds it, and nothing is late."""
    return _with(_one(site, 12, site.kind, term=12)) if site.kind else NOTHING


def overdue(site: Site) -> Tale:
    """Past its deadline since yesterday and not handed in."""
    return _with(_one(site, 30, site.kind, term=29), is_overdue=True) if site.kind else NOTHING


def returned(site: Site) -> Tale:
    """Handed in within its time, returned by the recheck, and the deadline past meanwhile."""
    visit = _one(site, 40, site.kind, term=20, fate=Fate.RETURNED) if site.kind else None
    return _with(visit, is_overdue=True) if visit else NOTHING


def handed_in_late(site: Site) -> Tale:
    """Handed in after its deadline and not rechecked: no longer late, and not put right either."""
    return _with(_one(site, 40, site.kind, term=20, fate=Fate.HANDED_IN)) if site.kind else NOTHING


def put_right(site: Site) -> Tale:
    """Put right and rechecked: nothing is left of it."""
    return ([_one(site, 35, site.kind, fate=Fate.PASSED)], []) if site.kind else NOTHING


def withdrawn(site: Site) -> Tale:
    """Confirmed in error: 未查实 now, its rectification cancelled."""
    return ([_one(site, 35, site.kind, fate=Fate.CANCELLED)], []) if site.kind else NOTHING


def clue(site: Site) -> Tale:
    """Clues count for nothing."""
    failures = [Failure(kind, decision=Decision.CLUE) for kind in (site.kind, OTHER) if kind]
    return [Told(site.unit, site.ago(20), failures=failures)], []


def other_overdue(site: Site) -> Tale:
    """What no rule judges must be put right all the same."""
    visit = _one(site, 30, OTHER)
    return [visit], list(_overdue(visit))


def termed(site: Site) -> Tale:
    """A kind whose rule waits for the deadline, which is past; TO-33 judges that deadline, for the others IN-01."""
    if not site.termed:
        return NOTHING
    visit = _one(site, 30, site.termed)
    late = [Expected(each.rule, visit, each.failure, visit.on + dt.timedelta(days=16)) for each in _at_once(visit)]
    return [visit], [*late, *_overdue(visit)]


def repeated(site: Site) -> Tale:
    """The same again within two years, the first put right: it counts all the same."""
    if not site.kind:
        return NOTHING
    first = _one(site, 400, site.kind, fate=Fate.PASSED, severity=_VIOLATION)
    second = _one(site, 12, site.kind, term=20, severity=_VIOLATION)
    return [first, second], [*_at_once(second), *_again(second, 1)]


def repeated_on_the_last_day(site: Site) -> Tale:
    """The corresponding day of the 24th month is still within; all of it put right, the repetition stays."""
    if not site.kind:
        return NOTHING
    on = next(day for day in (site.ago(days) for days in range(40, 50)) if day.day <= 28)
    confirmed_on = on.replace(year=on.year - _MONTHS_OF_REPETITION // 12)
    first = _one(site, (site.today - confirmed_on).days + 1, site.kind, fate=Fate.PASSED, severity=_VIOLATION)
    second = _one(site, (site.today - on).days, site.kind, fate=Fate.PASSED, severity=_VIOLATION)
    return [first, second], list(_again(second, 1))


def repeated_too_late(site: Site) -> Tale:
    """A day after the last: no repetition."""
    visits, expected = repeated_on_the_last_day(site)
    for visit in visits[:1]:
        visit.on -= ONE_DAY
    return visits, [each for each in expected if each.rule != "IN-02"]


def repeated_mildly(site: Site) -> Tale:
    """What is no violation is no repetition."""
    if not site.kind:
        return NOTHING
    first = _one(site, 200, site.kind, fate=Fate.PASSED, severity=_WARNING)
    second = _one(site, 12, site.kind, term=20, severity=_VIOLATION)
    return [first, second], list(_at_once(second))


def repeated_twice(site: Site) -> Tale:
    """Three times: the second counts one before it, the third two."""
    if not site.kind:
        return NOTHING
    visits = [_one(site, days, site.kind, fate=Fate.PASSED, severity=_VIOLATION) for days in (300, 90, 45)]
    return visits, [*_again(visits[1], 1), *_again(visits[2], 2)]


def _again(visit: Told, count: int) -> Iterator[Expected]:
    for failure in visit.failures:
        yield Expected("IN-02", visit, failure, visit.on, count)


def unfinished(site: Site) -> Tale:
    """Two visits that are not filed, in states that change from one institution to the next; what is written on them
    is nothing yet."""
    is_even = site.turn % 2 == 0
    before = Told(site.unit, site.ago(3), VisitState.HANDED_IN if is_even else VisitState.RETURNED, [Failure(OTHER)])
    today = Told(site.unit, site.today, VisitState.PLANNED if is_even else VisitState.UNDER_WAY)
    return [before, today], []


#: In turn, an institution each.
PLANTS: tuple[Plant, ...] = (
    overdue, repeated, in_time, unfinished, put_right, returned, termed, clue, handed_in_late, other_overdue,
    repeated_on_the_last_day, withdrawn, repeated_twice, repeated_mildly, repeated_too_late,
)  # fmt: skip
