"""The class set-up page: one class, or many pasted lines."""

from __future__ import annotations

from typing import Any

from django import forms

from schools.class_services import MOST_PUPILS, grades_of
from shuangjian.bureau.models import Institution


class OneClassForm(forms.Form):
    """One class; ``line`` is what the same service reads from a pasted text."""

    school_year = forms.IntegerField(
        label="学年起始年份", min_value=2000, max_value=2099, help_text="2026 指 2026–2027 学年。"
    )
    grade = forms.TypedChoiceField(label="年级", coerce=int)
    number = forms.IntegerField(label="班号", min_value=1, max_value=99)
    pupils = forms.IntegerField(label="学生数", min_value=1, max_value=MOST_PUPILS)

    def __init__(self, *args: Any, institution: Institution, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["grade"].choices = [(g, f"{g} 年级") for g in grades_of(institution)]  # type: ignore[attr-defined]

    @property
    def line(self) -> str:
        """Class code and pupils, as the pasted text writes them."""
        values = self.cleaned_data
        return f"{values['school_year']}-{values['grade']:02d}-{values['number']:02d},{values['pupils']}"


class ManyClassesForm(forms.Form):
    """Lines copied from a spreadsheet."""

    lines = forms.CharField(
        label="班级清单",
        widget=forms.Textarea(attrs={"rows": 8, "placeholder": "2026-01-01,42\n2026-01-02,43"}),
        help_text="每行一个班：班级代码、学生数，用逗号或制表符分开，可从表格直接粘贴。",
    )
