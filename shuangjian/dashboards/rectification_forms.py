"""Forms of the acts on a rectification. What they hold is checked by the services."""

from __future__ import annotations

from typing import Any

from django import forms

from shuangjian.bureau.forms import DateField, RefusableForm
from shuangjian.core.errors import InvalidInput, Problem


class _Area(forms.CharField):
    def __init__(self, *, rows: int = 3, **options: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **options)


class _Files(forms.Field):
    """What came under one name, from the camera and from the album; the view reads the files themselves."""

    widget = forms.FileInput


class ActForm(RefusableForm):
    """One act; several stand on a page, so the ids of its fields carry the act's name."""

    def __init__(self, data: Any = None, *, act: str, **rest: Any) -> None:
        super().__init__(data, auto_id=f"{act}_%s", **rest)

    def add_refusal(self, refused: InvalidInput) -> None:
        """``photos[2]`` is about the third file: said at the one field, with its place."""
        super().add_refusal(InvalidInput(map(_placed, refused.problems)))


def _placed(problem: Problem) -> Problem:
    place = problem.path.removeprefix("photos[").removesuffix("]")
    if place == problem.path or not place.isdigit():
        return problem
    return Problem("photos", f"第 {int(place) + 1} 个文件：{problem.message}", problem.code)


class OrderForm(ActForm):
    requirement = _Area(label="整改要求", max_length=400, help_text="单位看得到：写明改什么、改到什么程度。")
    due_on = DateField(label="整改期限", help_text="最后一天仍为按时。")


class HandInForm(ActForm):
    account = _Area(label="整改情况", max_length=2000, rows=4, help_text="做了什么、怎样防止再次发生。")
    rectified_on = DateField(label="整改完成日期")
    photos = _Files(label="整改后的照片", required=False)
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)


class RecheckForm(ActForm):
    remark = _Area(
        label="复查意见", max_length=400, required=False, help_text="不通过的，写明还缺什么；单位看得到。期限不变。"
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)


class ChangeForm(ActForm):
    requirement = _Area(label="整改要求", max_length=400)
    due_on = DateField(label="整改期限")
    reason = _Area(label="变更的原因", max_length=400, rows=2, required=False, help_text="单位看得到。")


class CancelForm(ActForm):
    reason = _Area(label="撤销的原因", max_length=400, rows=2, help_text="单位看得到。")
