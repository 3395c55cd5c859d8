"""Forms of the calendar page and of the towns to confirm. What they hold is checked by the services."""

from __future__ import annotations

from typing import Any

from django import forms

from shuangjian.bureau.calendar_models import CalendarDay, Certainty
from shuangjian.bureau.models import Institution, Town
from shuangjian.core.choices import Stage
from shuangjian.core.errors import InvalidInput
from shuangjian.core.field_words import say
from shuangjian.core.querysets import ScopedQuerySet


class DateField(forms.DateField):
    """A date with the browser's own picker."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **kwargs)


class RefusableForm(forms.Form):
    """A form that shows what its service refused at the field that it is about, and says how its fields are written."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        say(self.fields.values())

    def add_refusal(self, refused: InvalidInput) -> None:
        """Each problem at its field, or on top where its path names none."""
        for problem in refused.problems:
            self.add_error(problem.path if problem.path in self.fields else None, problem.message)


class SpanForm(RefusableForm):
    """What term and break have in common; first and last day are included."""

    stage = forms.ChoiceField(label="学段", choices=Stage.choices)
    starts_on = DateField(label="首日")
    ends_on = DateField(label="末日", help_text="首日与末日都包括在内。")
    certainty = forms.ChoiceField(
        label="确定性", choices=Certainty.choices, help_text="按已公布的校历填写时选“正式”，估定的选“暂定”。"
    )


class TermForm(SpanForm):
    key = forms.CharField(label="学期", max_length=11, help_text="如 2026-2027-1（秋季）、2026-2027-2（春季）。")
    field_order = ("key",)


class BreakForm(SpanForm):
    name = forms.CharField(label="名称", max_length=20, help_text="如 寒假2027。")
    field_order = ("name",)


class CalendarDayForm(RefusableForm):
    date = DateField(label="日期")
    kind = forms.ChoiceField(label="类型", choices=CalendarDay.Kind.choices)
    level = forms.ChoiceField(label="范围", choices=CalendarDay.Level.choices)
    town = forms.ModelChoiceField(
        label="镇街", queryset=Town.objects.none(), required=False, empty_label="不限", help_text="范围为镇街时选择。"
    )
    institution = forms.ModelChoiceField(
        label="单位",
        queryset=Institution.objects.none(),
        required=False,
        empty_label="不限",
        help_text="范围为单位时选择。",
    )
    stage = forms.ChoiceField(label="学段", choices=[("", "全部学段"), *Stage.choices], required=False)
    reason = forms.CharField(label="事由", max_length=80, help_text="如 台风停课、期末考试。")
    certainty = forms.ChoiceField(label="确定性", choices=Certainty.choices)

    def __init__(self, *args: Any, schools: ScopedQuerySet[Institution], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["town"].queryset = Town.objects.all()  # type: ignore[attr-defined]
        self.fields["institution"].queryset = schools  # type: ignore[attr-defined]


class ConfirmTownForm(forms.Form):
    """The towns that the directory proposes come first."""

    town = forms.ChoiceField(label="镇街", widget=forms.RadioSelect)

    def __init__(self, *args: Any, institution: Institution, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        candidates = institution.town_candidates.split("、")
        towns = sorted(Town.objects.all(), key=lambda town: (town.name not in candidates, town.pinyin))
        self.fields["town"].choices = [  # type: ignore[attr-defined]
            (town.code, f"{town.name}（候选）" if town.name in candidates else town.name) for town in towns
        ]
