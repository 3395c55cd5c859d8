"""The weekly return as a web form: all sections' sheets together, and the way from a problem back to its cell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shuangjian.bureau.models import Institution
from shuangjian.core.errors import Problem
from shuangjian.core.weeks import Week
from shuangjian.intake.days import FormDay, week_days
from shuangjian.intake.payloads import canonical
from shuangjian.intake.sections import Form, Gap, Section, sections_of
from shuangjian.intake.sheets import Rows, Sheet, cell_of_path, line_of_path
from shuangjian.rules.declare import Rule
from shuangjian.rules.engine import current_overrides
from shuangjian.rules.parameters import frozen

MOST_LISTED = 30  # of a summary; every cell in question is marked all the same


@dataclass
class ReturnForm:
    """What one person has on the screen. ``errors`` are entries of the summary, ``marks`` the sentences by cell."""

    form: Form
    days: Mapping[str, list[FormDay]]
    sheets: list[tuple[Section, Sheet]]
    errors: list[dict[str, str]] = field(default_factory=list)
    marks: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def filled(
        cls, institution: Institution, week: Week, payload: Mapping[str, Any] | None, *, only_class: str = ""
    ) -> ReturnForm:
        """The form that shows a stored payload; None: nothing yet."""
        form, days = Form.of(institution, week, only_class=only_class), week_days(institution, week)
        return cls(form, days, [(section, section.filled(form, days, payload or {})) for section in in_order(form)])

    @classmethod
    def posted(
        cls, institution: Institution, week: Week, post: Mapping[str, Any], *, only_class: str = ""
    ) -> ReturnForm:
        """The form as it was sent."""
        form, days = Form.of(institution, week, only_class=only_class), week_days(institution, week)
        return cls(form, days, [(section, section.posted(form, days, post)) for section in in_order(form)])

    def payload(self) -> Rows:
        """The rows of every section, unchecked, as the API would get them."""
        rows: Rows = {}
        for _, sheet in self.sheets:
            rows |= sheet.rows()
        return rows

    # Help with typing ---------------------------------------------------------------------------------------

    def add_row(self, place: str) -> None:
        """A blank row more at that place."""
        for _, sheet in self.sheets:
            sheet.add_row(place)

    def tick_gaps(self, key: str) -> int:
        """Tick every unanswered school day whose tick belongs to the payload key; returns how many."""
        ticked = 0
        for section, sheet in self.sheets:
            for gap in list(section.gaps(self.form, sheet.rows())) if key in sheet.keys else ():
                sheet.tick(gap.tick_key, gap.tick)
                ticked += 1
        return ticked

    def publish(self, evidence: str) -> int:
        """State that what was set was made public on its own day, where nothing is stated; returns how many places."""
        return sum(sheet.publish(evidence) for _, sheet in self.sheets)

    def take_over(self, earlier_week: Week, payload: Mapping[str, Any]) -> int:
        """Fill what is blank from an earlier week's return; returns how many classes and days were filled."""
        earlier = Form.of(self.form.institution, earlier_week)
        filled = 0
        for section, sheet in self.sheets:
            carried = section.carried_over(self.form, earlier, payload)
            filled += sheet.fill_blanks_from(section.filled(self.form, self.days, carried))
        return filled

    # From a problem back to its cell --------------------------------------------------------------------------

    def show_problems(self, problems: Iterable[Problem]) -> None:
        """Mark the cells that the problems' paths name, and list them: once, where one cell speaks for many rows."""
        lines = [(sheet, sheet.cells_by_path()) for _, sheet in self.sheets]
        places: dict[tuple[str, str, str], list[str]] = {}
        for problem in problems:
            target, who, day = "", problem.path, ""
            for sheet, by_path in lines:
                line = line_of_path(problem.path, by_path)
                if line is not None:
                    target = cell_of_path(problem.path, by_path)
                    who, day = self._who(sheet, line.row), self._day_label(line.row)
            places.setdefault((target, who, problem.message), []).append(day)
        for (target, who, message), listed in places.items():
            days = list(dict.fromkeys(day for day in listed if day))
            when = f"{days[0]}等 {len(days)} 天" if len(days) > 1 else "".join(days)
            self.errors.append({"target": target, "label": f"{who} {when}".strip(), "message": message})
            self._mark(target, f"{when}：{message}" if when else message)

    def show_gaps(self, gaps: Iterable[Gap]) -> None:
        """Mark the cells where an answer is missing; list them by class or stage, since one alone has five of them."""
        groups: dict[tuple[str, str], list[Gap]] = {}
        for gap in gaps:
            groups.setdefault((gap.section, about_of(gap.place)), []).append(gap)
        for section, sheet in self.sheets:
            for missing in (group for (key, _), group in groups.items() if key == section.key):
                days = "、".join(self._day_label(gap.place, short=True) for gap in missing)
                how = "请填写，或勾选“无”" if missing[0].tick_key else "请填写"
                message = f"{section.title}缺 {len(missing)} 天：{days}，{how}。"
                cells = [sheet.cell_of(gap.place) for gap in missing]
                self.errors.append(
                    {"target": cells[0], "label": self._who(sheet, missing[0].place), "message": message}
                )
                for cell in cells:
                    self._mark(cell, message)

    def cell_of_finding(self, rule: Rule, about: str, occurred_on: dt.date) -> tuple[str, str]:
        """(element, words of what it is about) of a finding-to-be of that rule."""
        for section, sheet in self.sheets:
            if section.model is rule.about:
                return sheet.cell_of_finding(about, occurred_on.isoformat(), rule.code), sheet.label_of(about)
        return "", about

    def sections(self) -> Iterator[dict[str, Any]]:
        """What the page shows, section by section, judged by the standard values in force with the bureau's changes."""
        with frozen(current_overrides()):
            for section, sheet in self.sheets:
                yield {
                    "key": section.key,
                    "title": section.title,
                    "template": section.template,
                    "sheet": sheet.view(self.marks),
                }

    def _mark(self, target: str, message: str) -> None:
        if target:
            self.marks.setdefault(target, []).append(message)

    def _who(self, sheet: Sheet, row: Mapping[str, Any]) -> str:
        return sheet.label_of(about_of(row))

    def _day_label(self, row: Mapping[str, Any], *, short: bool = False) -> str:
        days = next(iter(self.days.values()), [])
        return next((day.name if short else day.label for day in days if day.iso == row.get("day")), "")


def about_of(row: Mapping[str, Any]) -> str:
    """What a payload row is about, written as findings write it."""
    return f"class:{row['class']}" if "class" in row else f"stage:{row['stage']}"


def in_order(form: Form) -> list[Section]:
    """The form's sections as it shows them."""
    return sorted(sections_of(form), key=lambda section: section.place)


def words_of_publishing(filled: int, link: str) -> str:
    """What the page says after ``ReturnForm.publish``."""
    if not filled:
        return "没有空白可填：有作业的班级和日期都已填写公示。"
    what = "当天公示和所填链接" if link else "当天公示"
    return f"已在 {filled} 处（班级和日期）填入{what}，已填的没有改动；尚未保存，不是当天公示的请改正后再保存或提交。"


def same_rows(one: Mapping[str, Any] | None, other: Mapping[str, Any]) -> bool:
    """Whether two payloads hold the same rows, in whatever order: a grid cannot keep the order of another door."""
    return one is not None and _sorted(one) == _sorted(other)


def _sorted(payload: Mapping[str, Any]) -> dict[str, list[str]]:
    return {key: sorted(canonical(_plain(row)) for row in rows) for key, rows in payload.items() if rows}


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A share of 1.0 is the share of 1: JSON writes the two apart."""
    return {
        name: int(value) if isinstance(value, float) and value.is_integer() else value for name, value in row.items()
    }
