"""Forms of the register's acts. What they hold is checked by the services."""

from __future__ import annotations

from typing import Any

from django import forms

from shuangjian.bureau.forms import DateField, RefusableForm
from shuangjian.bureau.models import Town
from training_orgs.choices import Category, LicenceState, OrgStatus


class StatusForm(RefusableForm):
    status = forms.ChoiceField(label="状态", choices=OrgStatus.choices)
    on = DateField(label="日期", help_text="从这一天起处于该状态。")
    reason = forms.CharField(label="原因", max_length=200)
    decision_no = forms.CharField(label="文号", max_length=40, required=False)


class BrandForm(RefusableForm):
    brand = forms.CharField(
        label="品牌名称", max_length=60, required=False, help_text="同一品牌的各个点填同一名称；留空即解除关联。"
    )


class SightingForm(RefusableForm):
    seen_on = DateField(label="发现日期")
    source = forms.CharField(label="线索来源", max_length=40, help_text="如 巡查、随手拍、群众举报、公安协查、转办。")
    place = forms.CharField(label="地点", max_length=120, help_text="写到楼栋门牌，如 某花园 3 栋 1201。")
    staff = forms.IntegerField(label="从业人数", min_value=0, max_value=9999, required=False)
    pupils = forms.IntegerField(label="学生人数", min_value=0, max_value=9999, required=False)
    licence_state = forms.ChoiceField(label="现场证照", choices=[("", "未查看"), *LicenceState.choices], required=False)
    note = forms.CharField(label="情况", max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 3}))


class SiteForm(SightingForm):
    """A suspected site and what was first seen of it."""

    name = forms.CharField(
        label="招牌或称呼", max_length=80, help_text="没有招牌的，写地点加特征，如 某花园 3 栋 1201 疑似补习点。"
    )
    town = forms.ModelChoiceField(label="镇街", queryset=Town.objects.all(), empty_label="请选择")
    category = forms.ChoiceField(label="疑似类别", choices=[("", "未定"), *Category.choices], required=False)
    field_order = ("name", "town", "category")

    def __init__(self, *args: Any, towns: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["town"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = towns
        if len(towns) == 1:
            field.initial = towns[0]


class RecogniseForm(RefusableForm):
    uscc = forms.CharField(label="统一社会信用代码", max_length=20, help_text="18 位，末位为校验码。")
    category = forms.ChoiceField(
        label="培训类别", choices=[("", "请选择"), *Category.choices], help_text="从今天起按这一类比对。"
    )

    def __init__(self, *args: Any, knows_category: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if knows_category:
            del self.fields["category"]
