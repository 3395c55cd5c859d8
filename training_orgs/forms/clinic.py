"""What the order clinic asks for. Page and API read it by the same two forms: they say the same of a mistake."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from shuangjian.bureau.forms import DateField
from shuangjian.core.errors import InvalidInput, Problem
from training_orgs.choices import Category, CourseStage, Mode
from training_orgs.clinic import Line, Order

MOST_LINES = 5
FIRST_DAY = dt.date(2021, 9, 1)
LAST_DAY = dt.date(2099, 12, 31)


def _number(label: str, *, digits: int = 7, places: int = 2, **options: Any) -> forms.DecimalField:
    field = forms.DecimalField(label=label, max_digits=digits, decimal_places=places, **{"min_value": 0, **options})
    field.error_messages.update(
        invalid=f"{label}应为数字，如 20 或 20.5。",
        min_value=f"{label}不能是负数，请改正。",
        max_decimal_places=f"{label}最多写到小数点后 {places} 位。",
        max_digits=f"{label}太大，请核对。",
        max_whole_digits=f"{label}太大，请核对。",
    )
    return field


def _whole(label: str, least: int, most: int, **options: Any) -> forms.IntegerField:
    field = forms.IntegerField(label=label, min_value=least, max_value=most, **options)
    words = f"{label}应为 {least}–{most} 之间的整数。"
    field.error_messages.update(invalid=words, min_value=words, max_value=words)
    return field


def _day(label: str, **options: Any) -> DateField:
    field = DateField(label=label, **options)
    field.error_messages.update(invalid=f"{label}不是有效日期，应写成 2026-09-01 的样子。")
    return field


class _SpokenForm(forms.Form):
    """A form whose every sentence names the field: the API shows it without the field's label."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.error_messages["required"] = f"请填写{field.label}。"
            field.error_messages["invalid_choice"] = f"{field.label}不在可选的范围内，请重新选择。"


class OrderForm(_SpokenForm):
    """The contract's head."""

    category = forms.ChoiceField(label="培训类别", choices=Category.choices)
    stage = forms.ChoiceField(label="学段", choices=CourseStage.choices, initial=CourseStage.PRIMARY)
    mode = forms.ChoiceField(label="授课方式", choices=Mode.choices)
    lesson_minutes = _whole("每课时分钟", 1, 600, initial=45)
    class_size = _whole("班型（人）", 1, 999, required=False, help_text="一个班最多几人；用于对照政府指导价。")
    paid_on = _day("收费日期", help_text="第一次付款的日期；还没付的填打算付款的日期。")
    starts_on = _day("服务起", help_text="合同约定的第一天。")
    ends_on = _day("服务止", required=False, help_text="合同约定的最后一天。")
    first_on = _day("第一次课", required=False, help_text="不填按服务起计算。")
    is_loan = forms.BooleanField(label="用贷款（分期贷）支付", required=False)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        for name in ("paid_on", "starts_on", "ends_on", "first_on"):
            day = given.get(name)
            if day is not None and not FIRST_DAY <= day <= LAST_DAY:
                self.add_error(
                    name, f"{self.fields[name].label}应在 {FIRST_DAY} 至 {LAST_DAY} 之间（指引自 {FIRST_DAY} 起执行）。"
                )
        starts_on, ends_on, first_on = (given.get(name) for name in ("starts_on", "ends_on", "first_on"))
        if starts_on and ends_on and ends_on < starts_on:
            self.add_error("ends_on", "服务止早于服务起，请改正。")
        elif starts_on and first_on and not starts_on <= first_on <= (ends_on or first_on):
            self.add_error("first_on", "第一次课应在服务起止之间，请改正。")
        return given


class LineForm(_SpokenForm):
    """What is bought of one subject."""

    subject = forms.CharField(label="科目", max_length=20, error_messages={"max_length": "科目最多 20 字，请缩短。"})
    hours = _number("课时")
    gift_hours = _number("赠送课时", required=False)
    amount = _number("金额（元）", digits=9)
    open_hours = _number("原有未上课时", required=False)
    taken_hours = _number("已上课时", required=False)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        hours, gift = given.get("hours"), given.get("gift_hours") or 0
        if hours is not None and hours + gift == 0:
            self.add_error("hours", "课时应大于零。")
        elif hours is not None and (given.get("taken_hours") or 0) > hours + gift:
            self.add_error("taken_hours", f"已上课时多于所购的 {hours + gift} 课时，请改正。")
        return given


class Asked:
    """One order as it was asked about: the head and its lines, each with what is wrong at its own field."""

    def __init__(self, head: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> None:
        self.head = OrderForm(head)
        self.lines = [LineForm(line) for line in lines]

    def problems(self) -> list[Problem]:
        """Every problem with its path: paid_on, lines[0].hours."""
        found = [*_problems(self.head, "")]
        for index, line in enumerate(self.lines):
            found += _problems(line, f"lines[{index}].")
        return found

    def order(self) -> Order:
        """The order; InvalidInput with every problem when it cannot be read."""
        problems = self.problems()
        if not self.lines:
            problems.append(Problem("lines", "请至少填写一个科目。", "required"))
        elif len(self.lines) > MOST_LINES:
            problems.append(Problem("lines", f"一次最多 {MOST_LINES} 个科目。", "too_many"))
        if problems:
            raise InvalidInput(problems)
        lines = [
            Line(**{name: value for name, value in each.cleaned_data.items() if value is not None})
            for each in self.lines
        ]
        head = self.head.cleaned_data
        return Order(**head, lines=lines)


def _problems(form: forms.Form, prefix: str) -> list[Problem]:
    return [
        Problem(f"{prefix}{name if name != '__all__' else ''}", str(error.message), str(error.code or "invalid"))
        for name, errors in form.errors.as_data().items()
        for error in (each if not each.params else _worded(each) for each in errors)
    ]


def _worded(error: forms.ValidationError) -> forms.ValidationError:
    return forms.ValidationError("".join(error.messages), code=error.code)
