"""Forms of complaints and observations. What they hold is checked by the services."""

from __future__ import annotations

from typing import Any

from django import forms

from shuangjian.bureau.forms import DateField, RefusableForm
from shuangjian.bureau.models import Institution, Town
from shuangjian.core.choices import Severity
from shuangjian.core.errors import InvalidInput, Problem
from shuangjian.evidence.choices import ComplaintChannel, Source, Topic
from shuangjian.evidence.kinds import ObservationKind, all_kinds
from shuangjian.evidence.words import LONGEST_TEXT, clean

_UNIT_HELP = "填代码或全称。"


def find_unit(principal: Any, text: str) -> Institution:
    """The institution of that code or full name in the jurisdiction; InvalidInput at ``institution`` otherwise."""
    wanted, units = clean(text), Institution.objects.visible_to(principal).select_related("town")
    found = list(units.filter(code=wanted)[:1] or units.filter(name=wanted)[:2])
    if len(found) == 1:
        return found[0]
    if found:
        raise InvalidInput([Problem("institution", f"有几个单位都叫“{wanted[:40]}”，请改填代码。")])
    raise InvalidInput([Problem("institution", f"没有代码或名称为“{wanted[:40]}”的单位，或不在您的管辖范围内。")])


class _Area(forms.CharField):
    def __init__(self, *, rows: int = 3, **options: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **options)


class ActForm(RefusableForm):
    """A form of one act; several stand on a page, so the ids of its fields carry the act's name."""

    def __init__(self, data: Any = None, *, act: str, kinds: list[ObservationKind] | None = None, **rest: Any) -> None:
        super().__init__(data, auto_id=f"{act}_%s", **rest)
        field = self.fields.get("kind")
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", "请选择"), *((kind.code, kind.label) for kind in kinds or all_kinds())]


class ComplaintForm(RefusableForm):
    """One complaint; the columns of services.register_complaints."""

    channel = forms.ChoiceField(label="受理渠道", choices=ComplaintChannel.choices)
    channel_no = forms.CharField(
        label="渠道工单号", max_length=40, required=False, help_text="同一渠道的工单只登记一次。"
    )
    received_on = DateField(label="受理日期", help_text="答复时限从这一天起按工作日计算。")
    topic = forms.ChoiceField(label="事项", choices=Topic.choices)
    institution = forms.CharField(
        label="被投诉单位", max_length=80, required=False, help_text=f"{_UNIT_HELP}不知道的留空，填下一项。"
    )
    named = forms.CharField(
        label="投诉人所称单位或地点", max_length=120, required=False, help_text="如 某花园 3 栋的补习点。"
    )
    town = forms.ModelChoiceField(
        label="镇街", queryset=Town.objects.all(), required=False, empty_label="不清楚", to_field_name="code"
    )
    text = _Area(label="内容", max_length=LONGEST_TEXT, rows=5)
    complainant_name = forms.CharField(
        label="投诉人", max_length=40, required=False, help_text="只有区教育局和所在镇街看得到。"
    )
    complainant_phone = forms.CharField(label="联系方式", max_length=30, required=False)


class LinkForm(ActForm):
    institution = forms.CharField(label="被投诉单位", max_length=80, help_text=_UNIT_HELP)


class DuplicateForm(ActForm):
    of = forms.CharField(
        label="与哪一件重复", max_length=30, required=False, help_text="填那一件的登记号；留空即取消重复。"
    )


class EmptyForm(ActForm):
    """An act that needs nothing said."""


class FoundForm(ActForm):
    """查实: what was found at the institution, which will read it."""

    kind = forms.ChoiceField(label="查实的问题", required=False)
    occurred_on = DateField(label="发生日期", required=False, help_text="留空为受理日期。")
    text = _Area(
        label="情况", max_length=LONGEST_TEXT, required=False, help_text="被投诉单位看得到，不要写投诉人的任何信息。"
    )
    about = forms.CharField(label="涉及对象", max_length=80, required=False, help_text="如 course:K01、order:HT001。")
    severity = forms.TypedChoiceField(
        label="等级", choices=[("", "按事项"), *Severity.choices], coerce=int, empty_value=None, required=False
    )
    due_on = DateField(label="整改期限", required=False, help_text="留空按等级的工作日数计算。")
    observation = forms.CharField(
        label="已有的核查编号", max_length=30, required=False, help_text="已登记过核查情况的填编号，上面各项可以留空。"
    )


class ConfirmForm(ActForm):
    """查实 of an observation."""

    due_on = DateField(label="整改期限", required=False, help_text="留空按等级的工作日数计算。")
    severity = forms.TypedChoiceField(
        label="等级", choices=[("", "按事项"), *Severity.choices], coerce=int, empty_value=None, required=False
    )


class ReasonForm(ActForm):
    reason = _Area(label="理由", max_length=400, help_text="不要写投诉人的信息。")


class ReplyForm(ActForm):
    reply = _Area(label="答复内容", max_length=2000, rows=4)
    replied_on = DateField(label="答复日期", required=False, help_text="留空为今天。")


class RectifyForm(ActForm):
    rectified_on = DateField(label="整改完成日期", required=False, help_text="留空为今天。")


class ObservationForm(RefusableForm):
    """What was found, as a clue."""

    institution = forms.CharField(label="单位", max_length=80, help_text=_UNIT_HELP)
    kind = forms.ChoiceField(label="事项")
    occurred_on = DateField(label="发生日期")
    source = forms.ChoiceField(label="来源", choices=Source.choices)
    about = forms.CharField(label="涉及对象", max_length=80, required=False, help_text="如 course:K01、order:HT001。")
    text = _Area(label="情况", max_length=LONGEST_TEXT, rows=5, help_text="查实后单位看得到，不要写投诉人的信息。")

    def __init__(self, *args: Any, **rest: Any) -> None:
        super().__init__(*args, **rest)
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "请选择"), *((kind.code, kind.label) for kind in all_kinds())]
