"""Files a whole file of returns, or nothing of it; states and refusals are those of submit_return and save_draft."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q

from shuangjian.bureau.models import Institution
from shuangjian.core.errors import Problem
from shuangjian.core.locks import lock_institutions
from shuangjian.core.weeks import Week
from shuangjian.intake import standing
from shuangjian.intake.bulk.background import beside
from shuangjian.intake.bulk.mistakes import Mistakes
from shuangjian.intake.bulk.reading import FiledReturn, FiledTable, read_returns
from shuangjian.intake.bulk.rows import parts_of, payload_of, place
from shuangjian.intake.bulk.writing import Content, Step, Writer
from shuangjian.intake.models import WeeklyReturn
from shuangjian.intake.sections import Checked, Form, check_payload
from shuangjian.intake.steps import note_of, refusal_of_locked
from shuangjian.journal.services import record

ROWS_AT_A_TIME = 12_000  # a dozen schools' week: enough for set-based statements, little for the memory


@dataclass
class LoadResult:
    """How many returns and rows a file held, and what became of the returns."""

    returns: int = 0
    rows: int = 0
    written: int = 0
    unchanged: int = 0
    replaced_drafts: int = 0


@dataclass(frozen=True)
class _Place:
    """A return of the file with the unit and the week that it is filed for."""

    filed: FiledReturn
    institution: Institution
    week: Week


@dataclass(frozen=True)
class _Batch:
    """Some returns of the file with the forms to check them by, and the rows they have by unit and week.

    A row comes with whether it holds a draft.
    """

    filed: list[tuple[_Place, Form]]
    returns: dict[tuple[int, Week], tuple[WeeklyReturn, bool]]


@dataclass(frozen=True)
class _Checked:
    """What is to be written of a batch: steps, and returns whose draft goes since what stands was filed again."""

    steps: list[Step] = field(default_factory=list)
    outlived: list[WeeklyReturn] = field(default_factory=list)


def load_returns(
    path: Path, *, actor: Any, now: dt.datetime, note: str = "", is_draft: bool = False, is_dry_run: bool = False
) -> LoadResult:
    """File every return of the CSV file at ``path``; one transaction, everything or nothing.

    One row an item: school_code, week (2026-W45), part (a payload key; empty: homework) and the payload's columns.
    The rows of a school and week are its whole return. Submitted as by ``submit_return`` through the door "file", or
    with ``is_draft`` saved as by ``save_draft``; content that stands already changes nothing. ``is_dry_run`` checks
    and counts only. InvalidInput names every problem by line and column (the first 200, and how many in all).
    """
    mistakes = Mistakes()
    note = note_of(note, "说明")
    table = read_returns(path, column_names(), mistakes)
    load = _Load(table, Writer(actor, now, note), is_draft, is_dry_run, mistakes)
    with transaction.atomic():
        load.run()
        mistakes.raise_if_any()
        if not is_dry_run:
            load.writer.finish()
            detail = {"file": path.name, "is_draft": is_draft, "note": note, **vars(load.result)}
            record("load_returns", actor=actor, target=path.name[:200], detail=detail)
    return load.result


def column_names() -> list[str]:
    """Every column of every part, once."""
    form = Form(Institution(), Week.of(dt.date(2021, 9, 1)), {})
    return list(dict.fromkeys(column.name for columns in parts_of(form).values() for column in columns))


@dataclass
class _Load:
    """One run over a file."""

    table: FiledTable
    writer: Writer
    is_draft: bool
    is_dry_run: bool
    mistakes: Mistakes
    result: LoadResult = field(default_factory=LoadResult)

    def run(self) -> None:
        """Check all returns and write them, a batch at a time; nothing more is written after the first mistake.

        While one batch is written the next is checked, which needs no query: what it rests on is read in between.
        """
        places = list(self._places())
        self.table.returns.clear()
        if not self.is_dry_run:
            # Before anything is read that the checks rely on, as every writer of returns does.
            lock_institutions([place.institution.pk for place in places])
        places.reverse()
        writing: Future[None] | None = None
        with beside() as writer:
            batch = self._read_for(places)
            while batch is not None:
                checked = self._check(batch)
                if writing is not None:
                    writing.result()
                batch = self._read_for(places)
                writing = None if self.is_dry_run or self.mistakes.total else writer.submit(self._write, checked)
            if writing is not None:
                writing.result()

    def _places(self) -> Iterator[_Place]:
        codes = {filed.school_code for filed in self.table.returns}
        units = {unit.code: unit for unit in Institution.objects.filter(code__in=codes)}
        for filed in self.table.returns:
            unit, week = units.get(filed.school_code), None
            if unit is None:
                message = f"没有代码为“{filed.school_code}”的学校，请先导入学校或改正代码。"
                self.mistakes.add(filed.first_line, "school_code（学校代码）", message, "unknown_school")
            elif refusal := standing.refusal_of_unit(unit):
                self.mistakes.add(filed.first_line, "school_code（学校代码）", refusal.message, refusal.code)
                unit = None
            try:
                week = Week.parse(filed.week)
            except ValueError as error:
                self.mistakes.add(filed.first_line, "week（周次）", str(error), "wrong_week")
            if week is not None and (problem := self._problem_of_week(unit, week)):
                self.mistakes.add(filed.first_line, "week（周次）", problem.message, problem.code)
            elif unit is not None and week is not None:
                yield _Place(filed, unit, week)

    def _problem_of_week(self, unit: Institution | None, week: Week) -> Problem | None:
        today = self.writer.now.date()
        problem = standing.problem_of_week(unit, week, today)
        return problem if problem or self.is_draft else standing.problem_of_future(week, today)

    def _read_for(self, places: list[_Place]) -> _Batch | None:
        """Take the next batch off the end of ``places``, with what its checks rest on; None when there is none."""
        batch: list[_Place] = []
        rows = 0
        while places and rows < ROWS_AT_A_TIME:
            batch.append(places.pop())
            rows += batch[-1].filed.rows
        if not batch:
            return None
        forms = Form.of_many([(place.institution, place.week) for place in batch])
        return _Batch(list(zip(batch, forms, strict=True)), self._returns(batch))

    def _check(self, batch: _Batch) -> _Checked:
        checked = _Checked()
        for each, form in batch.filed:
            self.result.returns += 1
            self.result.rows += each.filed.rows
            weekly_return, has_draft = batch.returns[each.institution.pk, each.week]
            content = self._content(each, form, weekly_return)
            each.filed.parts.clear()
            if content is None:
                continue
            if self._stands(weekly_return, content):
                self.result.unchanged += 1
                if has_draft and self._outlives_its_draft(weekly_return):
                    checked.outlived.append(weekly_return)
                continue
            self.result.written += 1
            self.result.replaced_drafts += has_draft
            checked.steps.append(Step(weekly_return, each.institution, each.week, content))
        return checked

    def _write(self, checked: _Checked) -> None:
        if self.is_draft:
            self.writer.save_drafts(checked.steps)
        else:
            self.writer.submit(checked.steps)
            self.writer.discard_drafts(checked.outlived)

    def _returns(self, batch: Sequence[_Place]) -> dict[tuple[int, Week], tuple[WeeklyReturn, bool]]:
        """The rows of these returns, made where missing (a dry run makes none), and whether each holds a draft."""
        wanted = {(place.institution.pk, place.week) for place in batch}
        rows = (
            WeeklyReturn.objects.filter(
                institution__in={unit for unit, _ in wanted}, week__in={week.monday for _, week in wanted}
            )
            .annotate(has_draft=ExpressionWrapper(Q(draft__isnull=False), output_field=BooleanField()))
            .select_related("current_version")
            .defer("current_version__payload", *(() if self.is_draft else ("draft",)))
        )
        if not self.is_dry_run:
            blank = [
                WeeklyReturn(institution_id=unit, week=week.monday, changed_at=self.writer.now) for unit, week in wanted
            ]
            WeeklyReturn.objects.bulk_create(blank, ignore_conflicts=True)
        found: dict[tuple[int, Week], tuple[WeeklyReturn, bool]] = {
            key: (WeeklyReturn(institution_id=key[0], week=key[1].monday), False) for key in wanted
        }
        for row in rows:
            key = row.institution_id, Week(row.week)
            if key in wanted:
                found[key] = row, row.has_draft
        return found

    def _content(self, each: _Place, form: Form, weekly_return: WeeklyReturn) -> Content | None:
        """What the file files for the return; None when it is refused, for reasons that are noted."""
        parts = parts_of(form)
        checked = check_payload(form, payload_of(each.filed, self.table.columns, parts))
        content = None if checked.problems else Content(checked.payload)
        if weekly_return.is_locked_at(self.writer.now):
            if content is None or not standing.is_current(weekly_return, content.digest):
                self._refuse(each, refusal_of_locked(weekly_return).message, "locked")
                return None
            return content
        for problem in checked.problems:
            place(problem, each.filed, parts, self.mistakes)
        if not self.is_draft:
            self._refuse_gaps(each, checked)
            is_new = content is not None and not standing.is_repeat(weekly_return, content.digest, self.writer.note)
            if is_new and standing.is_correction(weekly_return) and not self.writer.note:
                self._refuse(each, standing.NOTE_FOR_CORRECTION, "required")
        return content

    def _refuse_gaps(self, each: _Place, checked: Checked) -> None:
        """What a submit still needs; told only where no line of the return was lost."""
        if each.filed.is_whole and not self.mistakes.is_torn:
            for gap in checked.gaps:
                self._refuse(each, gap.message, "missing")

    def _refuse(self, each: _Place, message: str, code: str) -> None:
        whose = f"{each.institution.code} {each.institution.name} {each.week.key}"
        self.mistakes.add(each.filed.first_line, whose, message, code)

    def _stands(self, weekly_return: WeeklyReturn, content: Content) -> bool:
        """Whether filing this content changes nothing."""
        if weekly_return.is_locked_at(self.writer.now):
            return True
        if not self.is_draft:
            return standing.is_repeat(weekly_return, content.digest, self.writer.note)
        if weekly_return.draft is not None:
            return Content(weekly_return.draft).digest == content.digest
        return weekly_return.is_judged and standing.is_current(weekly_return, content.digest)

    def _outlives_its_draft(self, weekly_return: WeeklyReturn) -> bool:
        """As submit_return: what stands was filed again, so the draft beside it is done with; not while sent back."""
        return (
            not self.is_draft
            and weekly_return.state != WeeklyReturn.State.RETURNED
            and not weekly_return.is_locked_at(self.writer.now)
        )
