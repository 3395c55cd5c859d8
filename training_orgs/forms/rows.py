"""A form of one row, made from the kind's own columns; whatever it holds is checked by the path of all doors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from shuangjian.bureau.forms import RefusableForm
from shuangjian.core.excel.writing import Kind as Shown
from training_orgs.rows import Column, Kind
from training_orgs.rows.cells import Flag, Number, Text
from training_orgs.rows.declare import INSTITUTION

#: How many lines of an order a form offers; a longer one comes by workbook.
LINES = 3


#: Columns that on pages have an act of their own: whoever publishes is shown the clashes first and says why.
_BY_AN_ACT = {"courses": ("published_on",)}


class RowForm(RefusableForm):
    """Fields named like the columns; of parts (an order's lines) ``lines[0].hours``, as problems name them.

    ``required`` only marks a field: the path of all doors says what is missing, in its own words.
    """

    use_required_attribute = False

    def __init__(self, kind: Kind, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        left_out = {INSTITUTION.key, *_BY_AN_ACT.get(kind.key, ())}
        own = [column for column in kind.columns if "." not in column.key and column.key not in left_out]
        for column in own:
            self.fields[column.key] = _field(column, column.label, is_required=column.is_required)
        parts = [column for column in kind.columns if "." in column.key]
        for at in range(LINES if parts else 0):
            for column in parts:
                name = column.key.replace(".", f"[{at}].", 1)
                label = f"明细 {at + 1} · {column.label}"
                self.fields[name] = _field(column, label, is_required=column.is_required and at == 0)

    def _clean_fields(self) -> None:
        """Nothing is judged here: a rule written twice would say two things."""

    def row(self) -> dict[str, Any]:
        """The row as a door hands it over: text, and the parts that anything was typed into."""
        row: dict[str, Any] = {}
        parts: dict[int, dict[str, Any]] = {}
        for name in self.fields:
            text = self.data.get(name, "")
            of, mark, rest = name.partition("[")
            if not mark:
                row[name] = text
                continue
            number, _, key = rest.partition("].")
            parts.setdefault(int(number), {})[key] = text
        if parts:
            # Empty lines at the end are lines that nobody filled in; one in between keeps its number for the problems.
            filled = [number for number, part in parts.items() if any(str(text).strip() for text in part.values())]
            row[self.kind.child] = [parts[number] for number in range(max(filled, default=0) + 1)]
        return row


def _field(column: Column, label: str, *, is_required: bool) -> forms.Field:
    options: dict[str, Any] = {"label": label, "required": is_required, "help_text": column.help}
    cell = column.cell
    field: forms.Field
    if cell.choices and not cell.is_list:
        words = [("", "请选择" if is_required else "—"), *((label, label) for label in cell.choices.values())]
        field = forms.ChoiceField(choices=words, **options)
    elif cell.shown is Shown.DATE:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        field = forms.CharField(widget=widget, **options)
    elif isinstance(cell, Number):
        field = forms.CharField(widget=forms.TextInput(attrs={"inputmode": "decimal"}), **options)
    elif isinstance(cell, Text) and cell.is_long:
        field = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), **options)
    else:
        field = forms.CharField(**options)
    # The browser would ask for it in its own words; a reader of the page aloud is told.
    field.widget.attrs["aria-required"] = "true" if is_required else "false"
    return field


def shown_row(kind: Kind, record: Any) -> Mapping[str, Any]:
    """A record as the form shows it: labels of choices, texts of times and lists; references by their number."""
    row: dict[str, Any] = {}
    for column in kind.columns:
        if column.reference is not None:
            referred = getattr(record, column.reference.attname.removesuffix("_id"))
            row[column.key] = getattr(referred, column.reference.field) if referred is not None else ""
        elif column.attname is not None and "." not in column.key:
            row[column.key] = _shown(column, getattr(record, column.attname))
    return row


def _shown(column: Column, value: Any) -> Any:
    if value is None:
        return ""
    if column.cell.is_list:
        return "、".join(column.cell.choices.get(each, each) for each in value)
    if isinstance(column.cell, Flag):
        return "是" if value else "否"
    if column.cell.shown is Shown.TIME:
        return f"{value // 60:02d}:{value % 60:02d}"
    return column.cell.choices.get(value, value)
