"""Forms of visits that officials and inspectors fill in at once; the phone form of a visit saves item by item."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms

from inspections.choices import VisitKind
from inspections.scope import inspectable_by
from shuangjian.accounts.models import User
from shuangjian.bureau.forms import DateField, RefusableForm
from shuangjian.bureau.models import Institution, Town
from shuangjian.bureau.sites import site_choices, towns_for_sites
from shuangjian.core.errors import InvalidInput, Problem
from shuangjian.evidence.words import clean

_BETWEEN = re.compile(r"[\s,，;；、\t]+")
_MOST_LINES = 200


class PlanForm(RefusableForm):
    """Visits to several institutions on one day by the same people."""

    units = forms.CharField(
        label="检查对象",
        max_length=20_000,
        help_text="每行一个，填代码或全称，可从表格粘贴；也可在上面查找后加入。",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    planned_on = DateField(label="检查日期")
    kind = forms.ChoiceField(
        label="方式",
        choices=[
            (VisitKind.PLANNED, VisitKind.PLANNED.label),
            (VisitKind.FOLLOW_UP, VisitKind.FOLLOW_UP.label),
        ],
    )
    purpose = forms.CharField(
        label="事由", max_length=200, required=False, help_text="如 秋季学期安全检查。被检查单位看不到。"
    )

    def add_refusal(self, refused: InvalidInput) -> None:
        """Problems of one of the institutions are at the field that names them all."""
        placed = [
            Problem("units" if each.path.startswith("institution") else each.path, each.message, each.code)
            for each in refused.problems
        ]
        super().add_refusal(InvalidInput(placed))


class SiteForm(RefusableForm):
    """A suspected site as one sees it from the street."""

    name = forms.CharField(
        label="招牌或称呼", max_length=80, help_text="没有招牌的，写地点加特征，如 某花园 3 栋 1201 疑似补习点。"
    )
    town = forms.ModelChoiceField(
        label="镇街", queryset=Town.objects.none(), empty_label="请选择", to_field_name="code"
    )
    place = forms.CharField(label="地点", max_length=120, help_text="写到楼栋门牌。")
    category = forms.ChoiceField(label="疑似类别", required=False)
    licence_state = forms.ChoiceField(label="现场证照", required=False)
    staff = forms.IntegerField(label="从业人数", min_value=0, max_value=9999, required=False)
    pupils = forms.IntegerField(label="学生人数", min_value=0, max_value=9999, required=False)
    note = forms.CharField(label="情况", max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, actor: User, **rest: Any) -> None:
        super().__init__(*args, **rest)
        towns = towns_for_sites(actor)
        town = self.fields["town"]
        assert isinstance(town, forms.ModelChoiceField)
        town.queryset = towns
        if len(towns) == 1:
            town.initial = towns[0].code
        categories, licence_states = site_choices()
        for name, blank, choices in (
            ("category", "未定", categories),
            ("licence_state", "未查看", licence_states),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", blank), *choices]


def named_units(actor: User, text: str) -> list[Institution]:
    """The institutions that the lines of ``text`` name, each by a code at its beginning or by its full name; all of
    them within what ``actor`` may choose. InvalidInput at ``units`` with the lines that name none. Two queries."""
    lines = list(dict.fromkeys(line for line in (clean(each) for each in text.splitlines()) if line))
    if not 1 <= len(lines) <= _MOST_LINES:
        raise InvalidInput([Problem("units", f"请填写检查对象，一次 1–{_MOST_LINES} 个。", "required")])
    codes = {line: _BETWEEN.split(line, 1)[0] for line in lines}
    able = inspectable_by(actor).select_related("town")
    by_code = {each.code: each for each in able.filter(code__in=codes.values())}
    by_name: dict[str, list[Institution]] = {}
    for each in able.filter(name__in=lines):
        by_name.setdefault(each.name, []).append(each)
    found, wrong = [], []
    for line in lines:
        same = [by_code[codes[line]]] if codes[line] in by_code else by_name.get(line, [])
        if len(same) == 1:
            found.append(same[0])
        else:
            wrong.append(_wrong(line, same))
    if wrong:
        raise InvalidInput(wrong)
    return list(dict.fromkeys(found))


def _wrong(line: str, same: Sequence[Institution]) -> Problem:
    if same:
        return Problem("units", f"有几个单位都叫“{line[:40]}”，请改填代码。")
    return Problem("units", f"没有代码或名称为“{line[:40]}”的单位，或不在您可以检查的范围内。")
