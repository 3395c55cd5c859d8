"""Forms of the acts on refunds, lessons and courses. What they hold is checked by the services."""

from __future__ import annotations

from django import forms

from shuangjian.bureau.forms import DateField, RefusableForm
from training_orgs.choices import Identified
from training_orgs.models import Refund


def _yuan(label: str, **options: object) -> forms.DecimalField:
    return forms.DecimalField(label=label, min_value=0, max_digits=14, decimal_places=2, **options)  # type: ignore[arg-type]


class RefundRequestForm(RefusableForm):
    number = forms.CharField(label="退费编号", max_length=40)
    requested_on = DateField(label="申请日期")
    amount = _yuan("申请金额（元）", help_text="不超过没有消课、没有退过的余额。")


class RefundAnswerForm(RefusableForm):
    answer = forms.ChoiceField(label="答复", choices=[("", "请选择"), *Refund.Answer.choices])
    answered_on = DateField(label="答复日期")
    reason = forms.CharField(label="理由", max_length=200, required=False, help_text="不同意的必须写明。")


class RefundPayForm(RefusableForm):
    paid_on = DateField(label="退款日期")
    paid_amount = _yuan("退款金额（元）")
    reference = forms.CharField(
        label="银行流水号", max_length=40, required=False, help_text="监管账户流水已导入的，填同一流水号，不重复记账。"
    )


class RefundWithdrawForm(RefusableForm):
    withdrawn_on = DateField(label="撤回日期", help_text="家长撤回申请的日期。")


class IdentifyForm(RefusableForm):
    result = forms.ChoiceField(label="结论", choices=[("", "请选择"), *Identified.choices])
    decided_on = DateField(label="结论日期")
    decision_no = forms.CharField(label="文号", max_length=40)
    experts = forms.CharField(label="专家组成员", max_length=200, help_text="至少 3 人，姓名用、隔开。")
    conflict_statement = forms.CharField(
        label="利益冲突声明",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="写明专家与任何培训机构没有利益关系，由谁声明。",
    )
    reasons = forms.CharField(
        label="鉴别意见", required=False, widget=forms.Textarea(attrs={"rows": 3}), help_text="目的、内容、方式、评价。"
    )


class PublishForm(RefusableForm):
    on = DateField(label="发布日期")
    note = forms.CharField(
        label="说明", required=False, max_length=400, help_text="排课与规定冲突而仍要发布的，写明原因。"
    )


class CancelSessionForm(RefusableForm):
    reason = forms.CharField(label="取消原因", max_length=200)


class TakeLessonsForm(RefusableForm):
    pupils = forms.CharField(
        label="到课学员代号", required=False, max_length=4000, help_text="用、隔开；不填为全部有余额的学员。"
    )
    with_release = forms.BooleanField(
        label="同时记监管账户课消划拨", required=False, help_text="监管账户流水由银行文件导入的不要勾选。"
    )
