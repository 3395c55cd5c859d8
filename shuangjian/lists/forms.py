"""Forms of the list pages. What they hold is checked by the services."""

from __future__ import annotations

from typing import Any

from django import forms

from shuangjian.bureau.forms import DateField, RefusableForm
from shuangjian.bureau.models import Institution
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.lists.models import ListCriteria, ListDecision, ListKind


def _long(label: str, **kwargs: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}), **kwargs)


class ProposalForm(RefusableForm):
    """列入 or 移出 of one institution; ``institutions`` are those that the person may propose."""

    institution = forms.CharField(
        label="机构代码", max_length=18, help_text="统一社会信用代码或疑似无证点的代码，见机构名录。"
    )
    act = forms.ChoiceField(label="决定", choices=ListDecision.Act.choices)
    kind = forms.ChoiceField(label="名单", choices=ListKind.choices)
    criteria = forms.ModelChoiceField(label="列入标准", queryset=ListCriteria.objects.all(), empty_label="请选择")
    decision_no = forms.CharField(label="文号", max_length=40)
    effective_on = DateField(label="生效日期", help_text="列入从这一天起；移出时为不在名单上的第一天。")
    reason = _long("理由")

    def __init__(self, *args: Any, institutions: ScopedQuerySet[Institution], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._institutions = institutions

    def clean_institution(self) -> Institution:
        """The institution of the code, inside the person's scope."""
        code = str(self.cleaned_data["institution"]).strip()
        found = self._institutions.filter(code=code).first()
        if found is None:
            raise forms.ValidationError(f"没有代码为“{code}”的培训机构，请在机构名录中核对代码。")
        return found


class ReviewForm(RefusableForm):
    approve = forms.ChoiceField(
        label="复核", choices=[("1", "通过，立即生效"), ("0", "不予决定")], widget=forms.RadioSelect
    )
    note = forms.CharField(
        label="复核意见", max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="不予决定须写明理由。",
    )  # fmt: skip


class PublishForm(RefusableForm):
    on = DateField(label="公布日期")


class AppealForm(RefusableForm):
    text = _long("申诉内容")
    filed_on = DateField(label="申诉日期", required=False, help_text="代机构登记纸质申诉时填写；留空为今天。")


class AnswerForm(RefusableForm):
    result = forms.ChoiceField(
        label="结果", choices=[("upheld", "维持原决定"), ("overturned", "撤销原决定")], widget=forms.RadioSelect
    )
    answer = _long("答复", help_text="撤销的，系统提出相反的决定，由另一人复核后从今天起生效；以前的日期不改。")


class CriteriaForm(RefusableForm):
    kind = forms.ChoiceField(label="名单", choices=ListKind.choices)
    version = forms.CharField(label="版本", max_length=20, help_text="如 2026-1；未被引用的版本可以用同一版本号改写。")
    text = _long("标准")
    valid_from = DateField(label="施行日期")
    reference = forms.CharField(label="文件依据", max_length=200)


class ListDateForm(RefusableForm):
    on = DateField(label="名单日", help_text="到这一天，每家持证机构都应列入黑、白或预警名单之一。")
    reference = forms.CharField(label="依据", max_length=200)
