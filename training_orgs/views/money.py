"""Courses and money of one institution, the clash radar over all, and the acts on them."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, cast

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from shuangjian.accounts.models import RoleKind
from shuangjian.accounts.requests import signed_in
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput, Refused
from shuangjian.core.weeks import Week
from shuangjian.dashboards.views.asked import asked
from shuangjian.dashboards.views.kept import KeptView
from training_orgs.forms import money as forms
from training_orgs.forms.rows import RowForm
from training_orgs.models import Course, CourseSession, FeeOrder, Refund
from training_orgs.selectors import clashes, money_page
from training_orgs.selectors.courses_page import courses_page
from training_orgs.selectors.party import party_trail
from training_orgs.services import courses, refunds
from training_orgs.services.consumption import take_lessons
from training_orgs.services.lesson_links import token_of
from training_orgs.views.register import ActView, OrgView
from training_orgs.views.rows import RowView

PAGE_SIZE = 50
#: How far ahead the radar over all institutions looks: choices, and the first of them by default.
AHEAD = (30, 90, 180)


class RadarView(KeptView):
    """排课雷达: every course in scope whose sessions to come clash, worst first."""

    template_name = "training_orgs/radar.html"
    roles: ClassVar[frozenset[str]] = frozenset(
        {RoleKind.BUREAU, RoleKind.CENTRE, RoleKind.TOWN, RoleKind.ORG, RoleKind.DEPARTMENT}
    )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = clock.today()
        days = next((n for n in AHEAD if str(n) == asked(self.request, "days")), AHEAD[0])
        sessions = self.scoped(CourseSession.objects.all())
        found = clashes.clashes_of(sessions, today, today + dt.timedelta(days=days))
        kind = asked(self.request, "kind")
        shown = [each for each in found if not kind or any(clash.kind == kind for clash in each.clashes)]
        kinds = [
            {"value": value, "label": label, "count": sum(any(c.kind == value for c in each.clashes) for each in found)}
            for value, label in clashes.LABELS.items()
        ]
        filters = [{"label": "冲突", "param": "kind", "value": kind, "options": kinds}]
        return super().get_context_data(
            page_obj=Paginator(shown, PAGE_SIZE).get_page(asked(self.request, "page")),
            filters=filters,
            headline=f"未来 {days} 天有 {len(found)} 门课程排课冲突" if found else f"未来 {days} 天的排课没有冲突",
            ahead=AHEAD,
            days=days,
            total=len(found),
            **kwargs,
        )


class UnitPage(OrgView):
    """A page of one institution with who may act on it."""

    def unit_with_money(self) -> Institution:
        """The institution, for whoever may see its orders: they are about pupils, which is no matter of a visit."""
        unit = self.unit()
        if signed_in(self.request).role_kind == RoleKind.INSPECTOR:
            raise PermissionDenied("订单、课消和退费涉及学员，检查员不能查看；需要时请区教育局协助。")
        return unit

    def about(self, unit: Institution, title: str) -> dict[str, Any]:
        user = signed_in(self.request)
        trail = party_trail(user, unit)
        trail[-1]["url"] = reverse("training_org", args=[unit.code])
        trail.append({"label": title, "url": ""})
        is_own = user.institution_id == unit.pk
        return {
            "unit": unit,
            "scope_trail": trail,
            "may_file": user.may_write and (is_own or user.role_kind == RoleKind.BUREAU),
            "may_decide": user.may_write and user.role_kind == RoleKind.BUREAU,
        }


class CoursesView(UnitPage, KeptView):
    """Courses, their identification, one week's sessions, and what the radar sees."""

    template_name = "training_orgs/courses.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        unit, today = self.unit(), clock.today()
        page = courses_page(unit, _week(asked(self.request, "week"), today), today)
        return super().get_context_data(**self.about(unit, "课程"), **page, today=today, **kwargs)


class MoneyView(UnitPage, KeptView):
    """Balances, the reconciliation with what disagrees first, open orders, refunds with their clock."""

    template_name = "training_orgs/money.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        unit, today = self.unit_with_money(), clock.today()
        orders = Paginator(money_page.open_orders(unit), PAGE_SIZE).get_page(asked(self.request, "page"))
        for order in cast(Any, orders):
            order.parents_link = reverse("lessons", args=[token_of(order)])
        page = money_page.money_page(unit, today)
        return super().get_context_data(**self.about(unit, "收费与退费"), **page, page_obj=orders, **kwargs)


class MoneyDayView(UnitPage, KeptView):
    """What moved on one day: orders, class log, refunds and ledger side by side."""

    template_name = "training_orgs/money_day.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        unit, day = self.unit_with_money(), _day_or_404(kwargs.pop("day"))
        page = money_page.movements(unit, day)
        return super().get_context_data(**self.about(unit, str(day)), **page, day=day, **kwargs)


class MoneyActView(ActView):
    """An act on one order, refund, course or session of an institution; afterwards back to the page it came from."""

    may: ClassVar[frozenset[str]] = frozenset({RoleKind.BUREAU, RoleKind.ORG})
    back = "org_money"
    denied = "您可以查看，不能登记。"

    def who(self) -> dict[str, Any]:
        return {"actor": signed_in(self.request), "today": clock.today()}

    def refund(self, unit: Institution) -> Refund:
        rows = Refund.objects.filter(institution=unit).select_related("order")
        return cast(Refund, self.get_scoped_or_404(rows, number=self.kwargs["number"]))

    def course(self, unit: Institution) -> Course:
        rows = Course.objects.filter(institution=unit)
        return cast(Course, self.get_scoped_or_404(rows, number=self.kwargs["number"]))

    def session(self, unit: Institution) -> CourseSession:
        rows = CourseSession.objects.filter(institution=unit).select_related("course")
        return cast(CourseSession, self.get_scoped_or_404(rows, pk=self.kwargs["pk"]))


class RefundRequestView(MoneyActView):
    title, button, done = "登记退费申请", "登记申请", "退费申请已登记"
    form_class: type[Form] = forms.RefundRequestForm

    def _order(self, unit: Institution) -> FeeOrder:
        rows = FeeOrder.objects.filter(institution=unit)
        return cast(FeeOrder, self.get_scoped_or_404(rows, contract_no=self.kwargs["contract"]))

    def initial(self, unit: Institution) -> dict[str, Any]:
        return {"requested_on": clock.today(), "amount": refunds.refundable(self._order(unit))}

    def act(self, unit: Institution, values: dict[str, Any]) -> None:
        refunds.request_refund(self._order(unit), **values, **self.who())


class RefundAnswerView(MoneyActView):
    title, button, done = "答复退费申请", "登记答复", "答复已登记"
    form_class: type[Form] = forms.RefundAnswerForm

    def initial(self, unit: Institution) -> dict[str, Any]:
        self.refund(unit)
        return {"answered_on": clock.today()}

    def act(self, unit: Institution, values: dict[str, Any]) -> None:
        refunds.answer_refund(self.refund(unit), **values, **self.who())


class RefundPayView(MoneyActView):
    title, button, done = "登记退款", "登记退款", "退款已登记，同一笔不会再退"
    form_class: type[Form] = forms.RefundPayForm

    def initial(self, unit: Institution) -> dict[str, Any]:
        return {"paid_on": clock.today(), "paid_amount": self.refund(unit).amount}

    def act(self, unit: Institution, values: dict[str, Any]) -> None:
        amount = values.pop("paid_amount")
        refunds.pay_refund(self.refund(unit), amount=amount, **values, **self.who())


class RefundWithdrawView(MoneyActView):
    title, button, done = "登记撤回", "登记撤回", "撤回已登记"
    form_class: type[Form] = forms.RefundWithdrawForm

    def initial(self, unit: Institution) -> dict[str, Any]:
        self.refund(unit)
        return {"withdrawn_on": clock.today()}

    def act(self, unit: Institution, values: dict[str, Any]) -> None:
        refunds.withdraw_refund(self.refund(unit), **values, **self.who())


class IdentifyView(MoneyActView):
    title, button, done = "登记学科鉴别", "登记结论", "学科鉴别结论已登记"
    form_class: type[Form] = forms.IdentifyForm
    may: ClassVar[frozenset[str]] = frozenset({RoleKind.BUREAU})
    back = "org_courses"

    def initial(self, unit: Institution) -> dict[str, Any]:
        if "number" in self.kwargs:
            self.course(unit)
        return {"decided_on": clock.today()}

    def act(self, unit: Institution, values: dict[str, Any]) -> None:
        experts = tuple(values.pop("experts").replace("，", "、").replace(",", "、").split("、"))
        decision = courses.Decision(experts=experts, **values)
        if "number" in self.kwargs:
            courses.identify_course(self.course(unit), decision, **self.who())
        else:
            courses.identify_operator(unit, decision, **self.who())


class PublishView(MoneyActView):
    title, button, done = "发布课程", "发布课程", "课程已发布"
    form_class: type[Form] = forms.PublishForm
    back = "org_courses"

    def initial(self, unit: Institution) -> dict[str, Any]:
        self.course(unit)
        return {"on": clock.today()}

    def act(self, unit: Institution, values: dict[str, Any]) -> None:
        courses.publish_course(self.course(unit), **values, **self.who())


class CancelSessionView(MoneyActView):
    title, button, done = "取消场次", "取消这一场", "场次已取消"
    form_class: type[Form] = forms.CancelSessionForm
    back = "org_courses"

    def initial(self, unit: Institution) -> dict[str, Any]:
        self.session(unit)
        return {}

    def act(self, unit: Institution, values: dict[str, Any]) -> None:
        courses.cancel_sessions([self.session(unit)], **values, **self.who())


class TakeLessonsView(MoneyActView):
    title, button, done = "登记课消", "登记课消", "课消已登记"
    form_class: type[Form] = forms.TakeLessonsForm
    back = "org_courses"

    def initial(self, unit: Institution) -> dict[str, Any]:
        self.session(unit)
        return {}

    def act(self, unit: Institution, values: dict[str, Any]) -> None:
        named = [each.strip() for each in values["pupils"].replace("，", "、").split("、") if each.strip()]
        charged = take_lessons(
            self.session(unit), pupils=named or None, with_release=values["with_release"], **self.who()
        )
        if not charged:
            raise Refused("没有可以扣课时的订单：学员没有有效订单，或这一场已经登记过。")


class CourseCheckView(RowView):
    """The radar on the form of a course as it stands, before it is saved; the form comes back with what it sees."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        unit, kind = self.permitted()
        form = RowForm(kind, request.POST)
        form.is_valid()
        context: dict[str, Any] = {"form": form, "checked_pk": self._pk(), "save_url": self._save_url(unit)}
        try:
            context["clashes"] = courses.foresee_clashes(form.row(), actor=signed_in(request), today=clock.today())
        except InvalidInput as refused:
            form.add_refusal(refused)
            return self.render_to_response(self.get_context_data(**context), status=422)
        return self.render_to_response(self.get_context_data(**context, is_checked=True))

    def _pk(self) -> int | None:
        asked_for = asked(self.request, "pk")
        return int(asked_for) if asked_for.isdigit() and len(asked_for) < 19 else None

    def _save_url(self, unit: Institution) -> str:
        pk = self._pk()
        if pk is None:
            return reverse("row_new", args=[unit.code, "courses"])
        return reverse("row_change", args=[unit.code, "courses", pk])


def _day_or_404(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Http404 from None


def _week(text: str, today: dt.date) -> Week:
    try:
        return Week.parse(text)
    except ValueError:
        return Week.of(today)
