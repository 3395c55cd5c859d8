"""What the rules would say of a workbook's rows if they were saved: asked of the engine itself in a rehearsal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Max

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.querysets import power_of
from shuangjian.core.weeks import Week
from shuangjian.dashboards.selectors.wording import FindingLine
from shuangjian.rules import engine
from shuangjian.rules.declare import Rule, Source, all_rules
from shuangjian.rules.models import Finding, RuleMode
from shuangjian.rules.periods import Span, widen
from training_orgs.doors.book_saving import save_book
from training_orgs.models import CourseSession
from training_orgs.rows import Saved, Table
from training_orgs.rows.declare import BUREAU

#: More institutions than these are not rehearsed: the reader waits, and their rows are locked meanwhile.
MOST_UNITS = 50
MOST_LINES = 30
_DAY = dt.timedelta(days=1)
_Key = tuple[str, int, str, dt.date]


@dataclass(frozen=True)
class Line:
    """One finding to come, at whom. ``is_ahead``: of a lesson that is still to be held."""

    unit: Institution
    found: FindingLine
    is_ahead: bool


@dataclass(frozen=True)
class Foreseen:
    """``total`` findings that saving would add or change, the worst of them in ``lines``; ``cleared`` open ones that it
    would clear. With more than ``MOST_UNITS`` institutions (``units``) nothing was asked."""

    units: int = 0
    total: int = 0
    cleared: int = 0
    lines: list[Line] = field(default_factory=list)

    @property
    def is_asked(self) -> bool:
        return self.units <= MOST_UNITS

    @property
    def hidden(self) -> int:
        """Findings that are counted and not listed."""
        return self.total - len(self.lines)


def try_book(
    tables: Mapping[str, Table], *, actor: Any, institution: Institution | None
) -> tuple[dict[str, Saved], Foreseen]:
    """What saving would do with each sheet's rows, and what would be found then; nothing stays. InvalidInput as
    ``save_book``."""
    told: list[tuple[dict[str, Saved], Foreseen]] = []
    with engine.rehearsal():
        saved = save_book(tables, actor=actor, institution=institution)
        told.append((saved, _foresee(saved, actor)))
    return told[0]


def _foresee(saved: Mapping[str, Saved], actor: Any) -> Foreseen:
    today = clock.today()
    since = [(unit, day or today) for done in saved.values() for unit, day in done.since.items()]
    units = sorted({unit for unit, _ in since})
    if not units or len(units) > MOST_UNITS:
        return Foreseen(len(units))
    span = Span(min(min(day for _, day in since), today), today)
    rules = [rule for rule in all_rules() if rule.source is Source.REGISTER]
    seen = engine.foresee(rules, units, span, now=clock.now())
    sees_trials = power_of(actor) in BUREAU
    coming = [row for row in [*seen, *_ahead(saved, rules, units, today)] if not row["is_exempt"]]
    coming = [row for row in coming if sees_trials or row["mode"] != RuleMode.Mode.TRIAL]
    known = _open(rules, units, span, with_trials=sees_trials)
    new = [row for row in coming if known.get(_key(row)) != (row["observed"], row["limit"])]
    gone = known.keys() - {_key(row) for row in seen}
    new.sort(key=lambda row: (-row["severity"], row["rule"], row["institution_id"], row["occurred_on"], row["about"]))
    by_pk = Institution.objects.in_bulk({row["institution_id"] for row in new[:MOST_LINES]})
    lines = [_line(row, by_pk[row["institution_id"]], today) for row in new[:MOST_LINES]]
    return Foreseen(len(units), len(new), len(gone), lines)


def _ahead(saved: Mapping[str, Saved], rules: list[Rule], units: list[int], today: dt.date) -> list[dict[str, Any]]:
    """What will be found of the lessons that were filed and are still to be held: the engine judges a lesson on its
    day, so that it is asked as of the last of them."""
    last = _last_lesson(saved)
    if last is None or last <= today:
        return []
    of_lessons = [rule for rule in rules if rule.about is CourseSession]
    found = engine.foresee(of_lessons, units, Span(today + _DAY, last), now=clock.at(last, 24 * 60 - 1))
    return [row for row in found if today < row["occurred_on"] <= last]


def _last_lesson(saved: Mapping[str, Saved]) -> dt.date | None:
    """The last day on which a lesson of what was filed is held; None where no plan was filed."""
    days = []
    for key, of_saved in (("courses", "course_id"), ("course-sessions", "pk")):
        done = saved.get(key)
        moved = [done.keys[row] for row in {*done.fresh, *done.altered}] if done else []
        if moved:
            days.append(CourseSession.objects.filter(**{f"{of_saved}__in": moved}).aggregate(last=Max("day"))["last"])
    return max((day for day in days if day is not None), default=None)


def _open(rules: list[Rule], units: list[int], span: Span, *, with_trials: bool) -> dict[_Key, tuple[Any, Any]]:
    """Figures of the findings that stand open now, where the rules look."""
    asked = {rule.code: widen(rule, span) for rule in rules}
    names = ("rule", "institution_id", "about", "occurred_on", "observed", "limit")
    rows = Finding.objects.open().filter(institution__in=units, rule__in=asked).values(*names)
    if not with_trials:
        rows = rows.filter(is_trial=False)
    return {_key(row): (row["observed"], row["limit"]) for row in rows if row["occurred_on"] in asked[row["rule"]]}


def _key(row: Mapping[str, Any]) -> _Key:
    return row["rule"], row["institution_id"], row["about"], row["occurred_on"]


def _line(row: Mapping[str, Any], unit: Institution, today: dt.date) -> Line:
    names = ("rule", "about", "occurred_on", "observed", "limit", "severity")
    finding = Finding(**{name: row[name] for name in names}, period=Week.of(row["occurred_on"]).key)
    return Line(unit, FindingLine.of(finding), row["occurred_on"] > today)
