"""整改: the list, one of them, and what the institution and the officials do with it."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from shuangjian.accounts.models import KIND_OF_ROLE, RoleKind, User
from shuangjian.accounts.requests import signed_in
from shuangjian.alerts import rectifications as services
from shuangjian.alerts.models import Alert, Rectification
from shuangjian.alerts.rectification_checks import may_hand_in
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput, Refused
from shuangjian.core.uploads import was_too_large
from shuangjian.core.views import ScopedView
from shuangjian.dashboards.rectification_forms import ActForm, OrderForm
from shuangjian.dashboards.selectors import rectifications as selectors
from shuangjian.dashboards.selectors.alert_page import alert_page
from shuangjian.dashboards.selectors.jurisdiction import READERS, SUPERVISORS, alerts_of
from shuangjian.dashboards.selectors.rectification_page import (
    CANCEL,
    CHANGE,
    HAND_IN,
    RECHECK,
    act_form,
    rectification_page,
)
from shuangjian.dashboards.views.asked import asked
from shuangjian.dashboards.views.kept import KeptView
from shuangjian.dashboards.views.units import PAGE_SIZE
from shuangjian.files.pictures import too_large

_OWN = frozenset({RoleKind.SCHOOL, RoleKind.ORG})


class RectificationsView(KeptView):
    """What is not finished unless another state is asked for; every filter is in the address."""

    template_name = "dashboards/rectifications.html"
    roles = READERS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, today = signed_in(self.request), clock.today()
        own = user.role_kind in KIND_OF_ROLE
        wanted = selectors.RectificationFilter.of(partial(asked, self.request))
        totals = selectors.rectification_totals(user, today)
        rows = wanted.applied(selectors.rectifications_of(user), today, own=own)
        page = Paginator(rows, PAGE_SIZE).get_page(asked(self.request, "page"))
        return super().get_context_data(
            page_obj=page,
            lines=selectors.lines_of(page, today),
            totals=totals,
            states=selectors.state_options(totals),
            state=wanted.state,
            query=wanted.word,
            filters=selectors.rectification_filters(user, wanted, totals, own=own),
            chips=[{"label": f"含“{wanted.word}”", "param": "q"}] if wanted.word else [],
            is_own=own,
            is_filtered=bool(self.request.GET),
            **kwargs,
        )


class RectificationView(ScopedView):
    """One rectification, and what the reader may do with it."""

    template_name = "dashboards/rectification.html"
    roles = READERS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        refused = kwargs.pop("refused", {})
        user = signed_in(self.request)
        return super().get_context_data(**rectification_page(user, self.found(), clock.today(), refused), **kwargs)

    def found(self) -> Rectification:
        rows = Rectification.objects.select_related("institution__town", "observation", "ordered_by", "rechecked_by")
        return cast(Rectification, self.get_scoped_or_404(rows, number=self.kwargs["number"]))


class RectificationActView(RectificationView):
    """One act, by POST. Outside the jurisdiction 404, without the right 403; refused it comes back as it was typed."""

    http_method_names = ["post"]
    name: ClassVar[str] = ""
    done: ClassVar[str] = ""

    def act(self, found: Rectification, values: dict[str, Any], user: User) -> None:
        raise NotImplementedError

    def check(self, found: Rectification, user: User) -> None:
        """PermissionDenied where the person has not the right, whatever was typed."""
        if not user.may_write:
            raise PermissionDenied("您可以查看，不能办理；首次登录请先修改密码。")

    def post(self, request: HttpRequest, number: str) -> HttpResponse:
        user, found = signed_in(request), self.found()
        self.check(found, user)
        form = act_form(self.name, found, clock.today(), request.POST)
        if form.is_valid() and _is_done(form, partial(self.act, found, form.cleaned_data, user)):
            messages.success(request, f"{found.number}：{self.done}")
            return redirect("rectification", number=found.number)
        return self.render_to_response(self.get_context_data(refused={self.name: form}), status=422)


class HandInView(RectificationActView):
    """提交整改, with photos."""

    name, done = HAND_IN, "已提交，等待复查。"
    roles = _OWN | SUPERVISORS

    def check(self, found: Rectification, user: User) -> None:
        super().check(found, user)
        if not may_hand_in(user, found.institution):
            raise PermissionDenied("整改情况由该单位自己提交；疑似无证点由区教育局、教育指导中心或镇街代为提交。")

    def act(self, found: Rectification, values: dict[str, Any], user: User) -> None:
        if was_too_large(self.request, "photos"):
            raise too_large("photos")
        services.hand_in_rectification(
            found.pk,
            account=values["account"],
            rectified_on=values["rectified_on"],
            revision=values["revision"],
            photos=self.request.FILES.getlist("photos"),
            actor=user,
        )


class RecheckView(RectificationActView):
    """复查: passed or returned, as the button says that was pressed."""

    name, done = RECHECK, "复查结果已登记。"
    roles = SUPERVISORS | {RoleKind.INSPECTOR}

    def act(self, found: Rectification, values: dict[str, Any], user: User) -> None:
        decision = self.request.POST.get("decision")
        if decision not in ("pass", "return"):
            raise Refused("请选择复查通过，还是退回再改。")
        services.recheck_rectification(
            found.pk,
            is_passed=decision == "pass",
            remark=values["remark"],
            revision=values["revision"],
            actor=user,
        )


class ChangeView(RectificationActView):
    """变更 of the requirement or the deadline."""

    name, done = CHANGE, "整改要求和期限已保存。"
    roles = SUPERVISORS

    def act(self, found: Rectification, values: dict[str, Any], user: User) -> None:
        services.change_rectification(found.pk, actor=user, **values)


class CancelView(RectificationActView):
    """撤销, with a reason."""

    name, done = CANCEL, "已撤销。"
    roles = SUPERVISORS

    def act(self, found: Rectification, values: dict[str, Any], user: User) -> None:
        services.cancel_rectification(found.pk, actor=user, **values)


class OrderView(ScopedView):
    """下达整改 on an alert, from its page."""

    http_method_names = ["post"]
    roles = SUPERVISORS

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        user = signed_in(request)
        alert = cast(Alert, self.get_scoped_or_404(alerts_of(user), pk=pk))
        form = OrderForm(request.POST, act="order")
        if form.is_valid() and _is_done(form, partial(_order, alert, form.cleaned_data, user)):
            messages.success(request, "整改已下达，单位在“整改”里看得到。")
            return redirect("alert", pk=pk)
        context = {**alert_page(user, alert, clock.today(), form), "errors": _errors(form)}
        return render(request, "dashboards/alert.html", context, status=422)


def _order(alert: Alert, values: dict[str, Any], user: User) -> None:
    services.order_rectification(alert.institution, alert=alert, actor=user, **values)


def _is_done(form: ActForm, act: Any) -> bool:
    """Whether the act was done; else the form says what was wrong."""
    try:
        act()
    except InvalidInput as refused:
        form.add_refusal(refused)
    except Refused as refused:
        if refused.status == 403:
            raise PermissionDenied(refused.message) from refused
        form.add_error(None, refused.message)
    return not form.errors


def _errors(form: ActForm) -> list[dict[str, str]]:
    placed = [
        {"target": f"order_{name}", "label": str(form.fields[name].label), "message": str(message)}
        for name, found in form.errors.items()
        if name in form.fields
        for message in found
    ]
    return [{"message": str(message)} for message in form.non_field_errors()] + placed
