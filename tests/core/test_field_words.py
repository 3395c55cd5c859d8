"""What forms say of fields that cannot be read."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile

from shuangjian.bureau.forms import DateField, RefusableForm


class Everything(RefusableForm):
    day = DateField()
    hour = forms.TimeField()
    count = forms.IntegerField(min_value=0, max_value=50)
    share = forms.DecimalField(max_digits=5)
    words = forms.CharField(max_length=5, min_length=2)
    kind = forms.ChoiceField(choices=[("a", "甲")])
    kinds = forms.MultipleChoiceField(choices=[("a", "甲")])
    paper = forms.FileField()
    agreed = forms.BooleanField()
    own = forms.CharField(error_messages={"required": "请写明原因。"})


@pytest.mark.parametrize(
    ("name", "sent", "said"),
    [
        ("day", "", "请填写这一项。"),
        ("day", "明天", "应为日期，写成 2026-11-24 的样子。"),
        ("hour", "八点", "应为时刻，写成 08:20 的样子。"),
        ("count", "十个", "应为整数，如 12。"),
        ("count", "-1", "不能小于 0，请改正。"),
        ("count", "51", "不能大于 50，请改正。"),
        ("share", "多", "应为数，如 12.5。"),
        ("words", "一二三四五六", "最多 5 字，现为 6 字，请缩短。"),
        ("words", "一", "至少 2 字，现为 1 字，请补充。"),
        ("words", "一\x00二", "含有空字符，请删除。"),
        ("kind", "", "请选择一项。"),
        ("kind", "b", "不在可选的范围内，请重新选择。"),
        ("kinds", [], "请至少选择一项。"),
        ("kinds", ["b"], "不在可选的范围内，请重新选择。"),
        ("paper", "", "请选择文件。"),
        ("agreed", "", "请勾选。"),
        ("own", "", "请写明原因。"),
    ],
)
def test_each_says_what_is_wrong_and_how_it_is_written(name: str, sent: Any, said: str) -> None:
    assert Everything({name: sent}).errors[name] == [said]


def test_an_empty_file_is_told_to_be_empty() -> None:
    assert Everything({}, {"paper": SimpleUploadedFile("a.jpg", b"")}).errors["paper"] == [
        "文件是空的（0 字节），请重新选择。"
    ]
