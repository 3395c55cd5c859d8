"""The workbook of one unit's week: made for download, and read back after an upload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shuangjian.bureau.models import Institution
from shuangjian.core.errors import InvalidInput
from shuangjian.core.excel.reading import Limits, open_workbook
from shuangjian.core.weeks import Week
from shuangjian.intake.days import FormDay, week_days
from shuangjian.intake.payloads import canonical
from shuangjian.intake.return_form import in_order
from shuangjian.intake.sections import Form
from shuangjian.intake.sheets import Rows
from shuangjian.intake.workbook.parse import check_workbook
from shuangjian.intake.workbook.places import FileProblem, Place
from shuangjian.intake.workbook.tables import Table
from shuangjian.intake.workbook.template import build

# The largest schools: 70 classes × 5 days × 9 subjects are 3,150 items; a tenth of that is usual.
_LIMITS = Limits(rows=5_000)


@dataclass(frozen=True)
class WeekTables:
    """A unit's week with its worksheets, in the order of the form."""

    form: Form
    days: Mapping[str, list[FormDay]]
    tables: Sequence[Table]

    @classmethod
    def of(cls, institution: Institution, week: Week) -> WeekTables:
        form, days = Form.of(institution, week), week_days(institution, week)
        return cls(form, days, [table for section in in_order(form) for table in section.tables(form, days)])

    def template(self, payload: Mapping[str, Any] | None) -> bytes:
        """The workbook with the payload's rows in it; None: blank."""
        return build(self.form, self.days, self.tables, payload or {})

    def carried_over(self, earlier_week: Week, payload: Mapping[str, Any]) -> Rows:
        """An earlier week's rows on the same weekdays of this one."""
        earlier = Form.of(self.form.institution, earlier_week)
        rows: Rows = {}
        for section in in_order(self.form):
            rows |= section.carried_over(self.form, earlier, payload)
        return rows

    def read(self, data: bytes, stored: Mapping[str, Any] | None) -> tuple[Rows, list[FileProblem]]:
        """(payload, problems) of an uploaded file. Where its rows are those of ``stored`` in another order, or with
        1 written as 1.0, the payload is ``stored`` itself, so that a download changes nothing."""
        try:
            workbook = open_workbook(data, limits=_LIMITS)
        except InvalidInput as unreadable:
            return {}, [_of_file(problem.path, problem.message) for problem in unreadable.problems]
        payload, problems = check_workbook(workbook, self.form, self.tables)
        if not problems and stored is not None and _sorted(stored) == _sorted(payload):
            return dict(stored), []
        return payload, problems


def _of_file(path: str, message: str) -> FileProblem:
    return FileProblem(Place("" if path == "文件" else path, 0, -1, ""), message)


def _sorted(payload: Mapping[str, Any]) -> dict[str, list[str]]:
    """The rows of a payload in a fixed order, whole numbers without a fraction, null like a cell left blank."""
    return {
        key: sorted(
            canonical({name: _plain(value) for name, value in row.items() if value is not None}) for row in rows
        )
        for key, rows in payload.items()
        if rows
    }


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
