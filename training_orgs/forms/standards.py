"""Forms of the bureau's dated data. What they hold is checked by the services."""

from __future__ import annotations

from django import forms

from shuangjian.bureau.forms import DateField, RefusableForm
from training_orgs.choices import Mode
from training_orgs.models import ListedWord


class WordForm(RefusableForm):
    listed = forms.ChoiceField(label="词表", choices=ListedWord.List.choices)
    word = forms.CharField(label="词语", max_length=30, help_text="按原字比对。")
    is_exception = forms.BooleanField(label="例外", required=False, help_text="比对前先从文字里去掉，如“思维导图”。")
    in_course_text_only = forms.BooleanField(label="只看课程名称和介绍", required=False)
    valid_from = DateField(label="起")
    reference = forms.CharField(label="依据", max_length=200, required=False)


class GuidePriceForm(RefusableForm):
    mode = forms.ChoiceField(label="授课方式", choices=Mode.choices)
    size_from = forms.IntegerField(label="班型自（人）", min_value=1, max_value=999)
    size_to = forms.IntegerField(
        label="班型至（人）", min_value=1, max_value=999, required=False, help_text="留空为不限。"
    )
    price = forms.DecimalField(
        label="基准价（元/标准课时）", min_value=0, max_digits=10, decimal_places=2, help_text="每人每标准课时。"
    )
    valid_from = DateField(label="施行日期")
    reference = forms.CharField(label="文件依据", max_length=200)


class EndForm(RefusableForm):
    until = DateField(label="最后一天", help_text="这一天仍然有效，次日起不再使用。")
