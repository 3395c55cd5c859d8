"""Forms of the list of teachers in public service and of lent certificates; the services check what they hold."""

from __future__ import annotations

from django import forms

from shuangjian.bureau.forms import DateField, RefusableForm


class InServiceForm(RefusableForm):
    label = forms.CharField(label="名单名称", max_length=60, help_text="如 番禺区中小学在职教师 2026 年 9 月。")
    as_of = DateField(label="截至日期")
    file = forms.FileField(
        label="加密标识文件", help_text="每行一个标识，或三列：标识,任职开始,任职结束。不收身份证号。"
    )


class LentForm(RefusableForm):
    institution = forms.CharField(label="机构代码", max_length=18)
    number = forms.CharField(label="资格证号", max_length=30)
    is_lent = forms.ChoiceField(label="认定", choices=[("1", "经查实为出借"), ("0", "更正：不是出借")])
    reason = forms.CharField(label="查实情况", max_length=400, widget=forms.Textarea(attrs={"rows": 2}))
