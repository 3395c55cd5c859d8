"""Forms of a checklist's draft. What they hold is checked by the services."""

from __future__ import annotations

from typing import Any

from django import forms

from inspections.choices import PhotoRule, ProblemKind
from inspections.services.checklist_checks import kinds_for_target
from shuangjian.bureau.forms import RefusableForm
from shuangjian.core.choices import Severity
from shuangjian.rules.clauses import all_clauses


def _area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class ItemForm(RefusableForm):
    """One item; ``mark`` is what it was when the form was opened."""

    text = forms.CharField(
        label="检查要点", max_length=200, widget=_area(2), help_text="写成符合时的样子，如“没有聘用在职教师”。"
    )
    guidance = forms.CharField(
        label="怎样检查", max_length=300, required=False, widget=_area(3), help_text="看什么、问谁、到哪里看。"
    )
    group = forms.CharField(
        label="分组",
        max_length=20,
        widget=forms.TextInput(attrs={"list": "groups", "autocomplete": "off"}),
        help_text="选已有的分组，或写一个新的。",
    )
    clause = forms.ChoiceField(label="条款")
    kind = forms.ChoiceField(
        label="核查事项", help_text="不符合时登记为哪一类；括号内是查实后参与比对的规则。没有合适的选“其他问题”。"
    )
    severity = forms.TypedChoiceField(label="默认预警等级", choices=Severity.choices, coerce=int)
    problem_kind = forms.ChoiceField(label="问题类别", choices=ProblemKind.choices)
    photo_rule = forms.ChoiceField(label="拍照要求", choices=PhotoRule.choices)
    mark = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, target: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clauses = [(each.id, f"{each.id} {each.title}") for each in all_clauses().values() if each.fates != ("N",)]
        kinds = [(k.code, f"{k.label}（{k.rule}）" if k.rule else k.label) for k in kinds_for_target(target)]
        self.fields["clause"].choices = [("", "请选择"), *clauses]  # type: ignore[attr-defined]
        self.fields["kind"].choices = [("", "请选择"), *kinds]  # type: ignore[attr-defined]


class PublishForm(RefusableForm):
    """What the new version is called and why it is made; ``mark`` is what the draft was when it was shown."""

    title = forms.CharField(label="名称", max_length=60)
    note = forms.CharField(
        label="修订说明", max_length=400, required=False, widget=_area(3), help_text="改了什么，为什么；随版本保留。"
    )
    mark = forms.CharField(required=False, widget=forms.HiddenInput)
