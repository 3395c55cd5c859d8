"""Sections: each domain registers its part of the weekly return; intake knows nothing of homework or lessons."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.db import models

from shuangjian.bureau.models import Institution, UnitDay
from shuangjian.core.choices import Stage
from shuangjian.core.errors import Problem
from shuangjian.core.weeks import Week
from shuangjian.intake.columns import Column, check_rows
from shuangjian.intake.days import FormDay
from shuangjian.intake.sheets import Rows, Sheet
from shuangjian.intake.workbook.tables import Table

MOST_PROBLEMS = 200  # more than anyone mends at once; the count still tells all


@dataclass(frozen=True)
class Gap:
    """A school day with neither data nor tick. ``tick`` is the payload row that would say "none", if there is one.

    ``at`` tells class or stage and day where no tick exists; ``place`` gives them in either case.
    """

    section: str
    message: str
    tick_key: str = ""
    tick: Mapping[str, str] = field(default_factory=dict)
    at: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> Mapping[str, str]:
        """What identifies the missing answer: class or stage, and day."""
        return self.tick or self.at


@dataclass(frozen=True)
class FiledWeek:
    """What one unit's week holds: the payload as JSON text, for set-based writing of one or many."""

    institution_id: int
    week: Week
    payload: str


@dataclass(frozen=True)
class Form:
    """What a return is checked against: the unit, its week, and its school days by stage as the calendar is now.

    With ``only_class`` it is one class's part of the return: only the sections that are filled in by class, and of
    them only that class. ``facts`` holds, by section, what ``Section.prepare`` has read for many forms at once.
    """

    institution: Institution
    week: Week
    school_days: Mapping[str, Sequence[dt.date]]
    only_class: str = ""
    facts: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, institution: Institution, week: Week, *, only_class: str = "") -> Form:
        """One query. A stage of the unit without a school day that week has an empty list."""
        days: dict[str, list[dt.date]] = {stage: [] for stage in institution.stages}
        rows = UnitDay.objects.filter(institution=institution, week=week.monday, is_school_day=True)
        for stage, date in rows.order_by("date").values_list("stage", "date"):
            days.setdefault(stage, []).append(date)
        return cls(institution, week, days, only_class)

    @classmethod
    def of_many(cls, returns: Sequence[tuple[Institution, Week]]) -> list[Form]:
        """The forms of many units' weeks, in their order and prepared for the checks, in a constant number of queries.

        What a form knows is as of now: use them at once.
        """
        days: dict[tuple[int, dt.date], dict[str, list[dt.date]]] = {
            (institution.pk, week.monday): {stage: [] for stage in institution.stages} for institution, week in returns
        }
        rows = UnitDay.objects.filter(
            institution__in={institution.pk for institution, _ in returns},
            week__in={week.monday for _, week in returns},
            is_school_day=True,
        )
        for unit, monday, stage, date in rows.order_by("date").values_list("institution", "week", "stage", "date"):
            if (unit, monday) in days:
                days[unit, monday].setdefault(stage, []).append(date)
        forms = [cls(institution, week, days[institution.pk, week.monday]) for institution, week in returns]
        for section in all_sections():
            section.prepare(forms)
        return forms

    def is_school_day(self, stage: str, day: str) -> bool:
        return any(date.isoformat() == day for date in self.school_days.get(stage, ()))

    def moved(self, stage: str | None, day: str, earlier: Form) -> str | None:
        """The same weekday in this week for a day of an earlier one; None when only one of the two is a school day."""
        if stage is None:
            return None
        date = dt.date.fromisoformat(day) + (self.week.monday - earlier.week.monday)
        same = self.is_school_day(stage, date.isoformat()) == earlier.is_school_day(stage, day)
        return date.isoformat() if same else None

    def stage_problem(self, key: str, index: int, row: Mapping[str, Any]) -> Problem | None:
        """A row of a stage and day must be of a stage of the unit, and of a school day of it."""
        stage, day = row["stage"], row["day"]
        if stage not in self.institution.stages:
            own = "、".join(f"{value}（{Stage(value).label}）" for value in self.institution.stages)
            return Problem(f"{key}[{index}].stage", f"本校没有{Stage(stage).label}学段，可填：{own}。")
        if not self.is_school_day(stage, day):
            return Problem(
                f"{key}[{index}].day",
                f"按校历 {day} 不是{Stage(stage).label}上课日，请删除此行；当天如确有上课，先请教育局登记校历例外。",
            )
        return None


class Section(ABC):
    """One part of the weekly return, owned by a domain.

    ``columns`` gives, per payload key, the columns of its rows. ``check`` looks across rows whose cells are in order,
    ``gaps`` tells what a submit still needs, ``replace`` writes the section's table set-based. ``filled`` and
    ``posted`` make the sheet that ``template`` shows in the web form, where ``place`` orders the sections. Findings
    about ``model`` belong to the section. ``identity`` gives, per payload key, the columns that tell its rows apart:
    a comparison of two versions calls everything else of a row a changed cell. ``is_by_class``: rows name a class,
    so that teachers can fill in their class's part.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    model: ClassVar[type[models.Model]]
    template: ClassVar[str]
    place: ClassVar[int]
    identity: ClassVar[Mapping[str, tuple[str, ...]]]
    is_by_class: ClassVar[bool] = False
    #: Payload keys whose rows are ticks, with the words of the tick: 当日无作业.
    ticks: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def columns(self, form: Form) -> Mapping[str, Sequence[Column]]:
        """Columns of each payload key of this section."""

    def prepare(self, forms: Sequence[Form]) -> None:
        """Read into the forms' ``facts`` what the checks need, in a constant number of queries for all of them.

        Without it each form reads for itself.
        """
        return

    @abstractmethod
    def check(self, form: Form, rows: Mapping[str, list[dict[str, Any]]]) -> Iterator[Problem]:
        """Problems across rows: unknown classes, repeats, data and tick for the same day."""

    @abstractmethod
    def gaps(self, form: Form, rows: Mapping[str, list[dict[str, Any]]]) -> Iterator[Gap]:
        """School days with neither data nor tick."""

    @abstractmethod
    def filled(self, form: Form, days: Mapping[str, list[FormDay]], payload: Mapping[str, Any]) -> Sheet:
        """The sheet that shows a stored payload ({}: an empty form)."""

    @abstractmethod
    def posted(self, form: Form, days: Mapping[str, list[FormDay]], post: Mapping[str, Any]) -> Sheet:
        """The sheet as a person sent it, with whatever stands in its cells."""

    @abstractmethod
    def tables(self, form: Form, days: Mapping[str, list[FormDay]]) -> Sequence[Table]:
        """The section's worksheets in the workbook, for this unit and week."""

    @abstractmethod
    def stage_of_rows(self, form: Form) -> Callable[[Mapping[str, Any]], str | None]:
        """A function that tells the stage a payload row belongs to; None for a class that is gone."""

    def carried_over(self, form: Form, earlier: Form, payload: Mapping[str, Any]) -> Rows:
        """An earlier week's rows moved to the same weekdays of this week, where both or neither are school days.

        Rows without a day (本周无课) speak of their own week only and stay behind.
        """
        stage_of = self.stage_of_rows(form)
        carried: Rows = {}
        for key in self.columns(form):
            carried[key] = []
            for row in payload.get(key, ()):
                day = form.moved(stage_of(row), row["day"], earlier) if "day" in row else None
                if day is not None:
                    carried[key].append({**row, "day": day})
        return carried

    def classes(self, form: Form) -> Mapping[str, str]:
        """Names of the form's classes by code, in the school's order, of a section that is filled in by class."""
        return {}

    @abstractmethod
    def replace(self, filed: Sequence[FiledWeek]) -> None:
        """Make the section's table hold exactly these payloads for these units' weeks; one statement for all of them.

        A unit's week stands at most once in ``filed``.
        """

    @abstractmethod
    def clear(self, filed: Sequence[FiledWeek]) -> None:
        """Take these units' weeks out of the section's table."""


def columns_of(filed: Sequence[FiledWeek]) -> dict[str, list[Any]]:
    """Parameters for ``unnest``: parallel lists of units, Mondays, Sundays and payloads."""
    return {
        "institutions": [each.institution_id for each in filed],
        "mondays": [each.week.monday for each in filed],
        "sundays": [each.week.sunday for each in filed],
        "payloads": [each.payload for each in filed],
    }


_sections: dict[str, Section] = {}


def register_section(section: Section) -> None:
    """Called in a domain's ``ready()``; payload keys must not collide."""
    _sections[section.key] = section


def all_sections() -> list[Section]:
    """Registered sections, by key, so that every run checks and writes in the same order."""
    return [_sections[key] for key in sorted(_sections)]


def sections_of(form: Form) -> list[Section]:
    """The sections that the form holds: all, or for one class's part those that are filled in by class."""
    return [section for section in all_sections() if section.is_by_class or not form.only_class]


@dataclass(frozen=True)
class Checked:
    """A payload with its defaults filled in, the problems of its cells and rows, and the gaps before a submit."""

    payload: dict[str, list[dict[str, Any]]]
    problems: list[Problem]
    gaps: list[Gap]


def check_payload(form: Form, payload: Any) -> Checked:
    """Check a whole payload. With problems nothing may be saved; gaps forbid only the submit."""
    if not isinstance(payload, dict):
        return Checked({}, [Problem("", "周报内容应为 JSON 对象（{…}）。")], [])
    cleaned: dict[str, list[dict[str, Any]]] = {}
    problems: list[Problem] = []
    known: set[str] = set()
    per_section: list[tuple[Section, dict[str, list[dict[str, Any]]]]] = []
    for section in sections_of(form):
        rows: dict[str, list[dict[str, Any]]] = {}
        mistakes: list[Problem] = []
        spoilt: set[str] = set()
        for key, columns in section.columns(form).items():
            known.add(key)
            rows[key], wrong = check_rows(key, payload.get(key), columns)
            if wrong:
                spoilt.add(key)
                mistakes += wrong
        problems += mistakes
        # Rows can be compared only when their cells are in order; the other keys' mistakes are told all the same.
        problems += section.check(form, {key: [] if key in spoilt else rows[key] for key in rows})
        cleaned |= rows
        per_section.append((section, rows))
    for key in payload.keys() - known:
        problems.append(
            Problem(str(key), f"周报没有这一部分，请删除；可用部分：{'、'.join(sorted(known))}。", "unknown")
        )
    gaps = [] if problems else [gap for section, rows in per_section for gap in section.gaps(form, rows)]
    return Checked(cleaned, problems, gaps)
