"""What programs may ask without writing anything: the order clinic, open to all, and a planned course's clashes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from shuangjian.accounts import lockout
from shuangjian.api.authentication import token_of
from shuangjian.api.permissions import TokenMayWrite
from shuangjian.api.problems import Rejection
from shuangjian.api.views.base import ApiView
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput, Problem
from training_orgs.choices import Category, CourseStage, Mode
from training_orgs.clinic import Diagnosis, diagnose
from training_orgs.forms.clinic import Asked
from training_orgs.services.courses import foresee_clashes
from training_orgs.views.clinic import may_check


class MayAsk(TokenMayWrite):
    """A reading token may ask as well: what is asked changes nothing. Nothing else is offered here."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.method == "POST" and token_of(request) is not None or super().has_permission(request, view)


class ClinicLineSerializer(serializers.Serializer[Any]):
    subject = serializers.CharField(label="科目")
    hours = serializers.DecimalField(9, 2, label="课时")
    gift_hours = serializers.DecimalField(9, 2, required=False, label="赠送课时")
    amount = serializers.DecimalField(9, 2, label="金额（元）")
    open_hours = serializers.DecimalField(9, 2, required=False, label="原有未上课时")
    taken_hours = serializers.DecimalField(9, 2, required=False, label="已上课时")


class ClinicOrderSerializer(serializers.Serializer[Any]):
    category = serializers.ChoiceField(Category.choices, label="培训类别")
    stage = serializers.ChoiceField(CourseStage.choices, label="学段")
    mode = serializers.ChoiceField(Mode.choices, label="授课方式")
    lesson_minutes = serializers.IntegerField(label="每课时分钟")
    class_size = serializers.IntegerField(required=False, allow_null=True, label="班型（人）")
    paid_on = serializers.DateField(label="收费日期")
    starts_on = serializers.DateField(label="服务起")
    ends_on = serializers.DateField(required=False, allow_null=True, label="服务止")
    first_on = serializers.DateField(required=False, allow_null=True, label="第一次课")
    is_loan = serializers.BooleanField(required=False, label="用贷款支付")
    lines = ClinicLineSerializer(many=True)


class ClinicStandardSerializer(serializers.Serializer[Any]):
    description = serializers.CharField()
    value = serializers.CharField()
    reference = serializers.CharField()
    effective_from = serializers.DateField()


class ClinicVerdictSerializer(serializers.Serializer[Any]):
    rule = serializers.CharField(source="rule.code")
    title = serializers.CharField(source="rule.title")
    outcome = serializers.ChoiceField(["suspected", "insufficient_data", "lawful", "not_applicable"])
    severity = serializers.IntegerField(allow_null=True)
    clause = serializers.CharField(source="clause_id")
    message = serializers.CharField(source="words")
    remedy = serializers.CharField(source="rule.remedy")
    standards = ClinicStandardSerializer(many=True)


class ClinicHoursSerializer(serializers.Serializer[Any]):
    subject = serializers.CharField()
    nominal = serializers.DecimalField(9, 2)
    standard = serializers.DecimalField(9, 2, allow_null=True)
    price = serializers.DecimalField(12, 2, allow_null=True)
    refund = serializers.DecimalField(12, 2)


class DiagnosisSerializer(serializers.Serializer[Diagnosis]):
    is_lawful = serializers.BooleanField(help_text="没有发现疑似问题；有没有因数据不足而无法判断的，见 outcome")
    outcome = serializers.ChoiceField(["suspected", "insufficient_data", "lawful"])
    verdicts = ClinicVerdictSerializer(many=True)
    hours = ClinicHoursSerializer(many=True)
    amount = serializers.DecimalField(12, 2)
    refund = serializers.DecimalField(12, 2)
    lawful_until = serializers.DateField(allow_null=True)
    earliest_payment = serializers.DateField(allow_null=True)


class ClinicViewSet(ApiView, viewsets.ViewSet):
    """The clinic needs no token: what it is asked about is nobody's data and stays nowhere."""

    authentication_classes = ()
    permission_classes = ()

    def answer(self, handler: Callable[..., Response]) -> HttpResponse:
        """Without a token there is nobody to whom an Idempotency-Key could belong, and nothing to be done twice."""
        return handler(self.request, *self.args, **self.kwargs)

    @extend_schema(
        summary="订单体检",
        description="* 不需要令牌，同一网络地址 15 分钟内最多 60 次\n* 填写的内容不保存\n* 金额为元，课时为合同课时",
        request=ClinicOrderSerializer,
        responses=DiagnosisSerializer,
        auth=[],
    )
    def create(self, request: Request) -> Response:
        now = clock.now()
        order = _asked(request.data).order()
        if not may_check(now):
            seconds = str(int(lockout.WINDOW.total_seconds()))
            raise Rejection("检查得太频繁，请稍后再试。", code="too_many", status=429, headers={"Retry-After": seconds})
        return Response(DiagnosisSerializer(diagnose(order, now=now)).data)


def _asked(body: Any) -> Asked:
    lines = body.get("lines") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(lines, list) or not all(isinstance(each, dict) for each in lines):
        raise InvalidInput([Problem("lines", "请求体应为一份订单，lines 为科目的列表。", "invalid")])
    problems = [
        Problem(path, "没有这一项，请删除或改正拼写。", "unknown_field")
        for path in (
            *sorted(set(body) - set(ClinicOrderSerializer().fields)),
            *(
                f"lines[{index}].{name}"
                for index, line in enumerate(lines)
                for name in sorted(set(line) - set(ClinicLineSerializer().fields))
            ),
        )
    ]
    if problems:
        raise InvalidInput(problems)
    return Asked(body, lines)


class ClashSerializer(serializers.Serializer[Any]):
    clash = serializers.ChoiceField(["rest", "late", "school"], source="kind")
    day = serializers.DateField()
    message = serializers.CharField(source="words")
    reference = serializers.CharField(source="source")
    remedy = serializers.CharField()
    rule = serializers.CharField(allow_blank=True)
    severity = serializers.IntegerField()


class ClashesSerializer(serializers.Serializer[Any]):
    clashes = ClashSerializer(many=True)


class PlannedCourseSerializer(serializers.Serializer[Any]):
    category = serializers.ChoiceField(Category.choices, label="申报类别")
    stage = serializers.ChoiceField(CourseStage.choices, label="学段")
    mode = serializers.ChoiceField(Mode.choices, label="授课方式")
    starts_on = serializers.DateField(label="开课日期")
    ends_on = serializers.DateField(label="结课日期")
    slots = serializers.CharField(label="每周课时段", help_text="周六 09:00-10:30、周三 18:00-19:30")


class CourseClashViewSet(ApiView, viewsets.ViewSet):
    """What the radar would see in a course that is not saved; any token may ask, nothing is kept."""

    permission_classes = (MayAsk,)

    @extend_schema(
        summary="排课检查",
        description="* 对还没有保存的课程：按每周课时段和起止日期排出场次，列出与规定冲突的日子\n"
        "* 填写的内容不保存，只读令牌也可使用；其余栏目与课程相同，可以不填",
        request=PlannedCourseSerializer,
        responses=ClashesSerializer,
    )
    def create(self, request: Request) -> Response:
        body = request.data
        if not isinstance(body, dict):
            raise InvalidInput([Problem("", "请求体应为一门课程。", "invalid")])
        found = foresee_clashes(body, actor=request.user, today=clock.today())
        return Response(ClashesSerializer({"clashes": found}).data)
