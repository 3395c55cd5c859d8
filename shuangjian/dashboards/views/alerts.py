"""Alerts, one alert with its findings and history, what people do with it, and one finding with its explanation."""

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
from shuangjian.alerts.models import Alert
from shuangjian.alerts.services import acknowledge_alert, close_alert, dismiss_alert
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput, Refused
from shuangjian.core.views import ScopedView
from shuangjian.dashboards.selectors import alerts as selectors
from shuangjian.dashboards.selectors.alert_page import alert_page, finding_page
from shuangjian.dashboards.selectors.jurisdiction import READERS, alerts_of, findings_of
from shuangjian.dashboards.views.asked import asked
from shuangjian.dashboards.views.kept import KeptView
from shuangjian.dashboards.views.units import PAGE_SIZE
from shuangjian.rules.models import Finding


class AlertsView(KeptView):
    """预警: unclosed ones unless another state is asked for, overdue first, then the worst."""

    template_name = "dashboards/alerts.html"
    roles = READERS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, today = signed_in(self.request), clock.today()
        wanted = selectors.AlertFilter.of(partial(asked, self.request))
        page = Paginator(wanted.applied(alerts_of(user), today), PAGE_SIZE).get_page(asked(self.request, "page"))
        options = selectors.alert_options(user, today)
        return super().get_context_data(
            page_obj=page,
            lines=[selectors.AlertLine.of(alert) for alert in page],
            totals=options["totals"],
            states=options["states"],
            state=wanted.state,
            today=today,
            query=wanted.word,
            filters=_filters(user, wanted, options),
            chips=[{"label": f"单位含“{wanted.word}”", "param": "q"}] if wanted.word else [],
            is_school=user.role_kind in KIND_OF_ROLE,
            is_filtered=bool(self.request.GET),
            **kwargs,
        )


class AlertView(KeptView):
    """One alert: its findings with their ground, its history, and what the reader may do with it."""

    template_name = "dashboards/alert.html"
    roles = READERS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = signed_in(self.request)
        alert = cast(Alert, self.get_scoped_or_404(alerts_of(user), pk=self.kwargs["pk"]))
        return super().get_context_data(**alert_page(user, alert, clock.today()), **kwargs)


class ActView(ScopedView):
    """One act on an alert, by POST. Outside the jurisdiction 404, without the right 403; otherwise back to the alert.

    An htmx request gets the alert's body again, with what was wrong or what was done on top.
    """

    http_method_names = ["post"]
    roles = READERS
    done: ClassVar[str] = ""

    def act(self, alert_id: int, *, actor: User, reason: str) -> Alert:
        raise NotImplementedError

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        user = signed_in(request)
        alert = cast(Alert, self.get_scoped_or_404(alerts_of(user), pk=pk))
        errors: list[dict[str, str]] = []
        reason = request.POST.get("reason", "").replace("\x00", "")
        try:
            self.act(alert.pk, actor=user, reason=reason)
        except InvalidInput as refused:
            errors = [{"message": problem.message} for problem in refused.problems]
        except Refused as refused:
            if refused.status == 403:
                raise PermissionDenied(refused.message) from refused
            errors = [{"message": refused.message}]
        if not errors and not request.headers.get("HX-Request"):
            messages.success(request, self.done)
            return redirect("alert", pk=pk)
        fresh = cast(Alert, self.get_scoped_or_404(alerts_of(user), pk=pk))
        context = {**alert_page(user, fresh, clock.today()), "errors": errors, "typed": reason if errors else ""}
        if request.headers.get("HX-Request"):
            # Status 200 with errors too: htmx shows nothing of an answer that is no success.
            return render(request, "dashboards/_alert_body.html", {**context, "done": "" if errors else self.done})
        return render(request, "dashboards/alert.html", context, status=422)


class AcknowledgeView(ActView):
    """签收."""

    done = "已签收，处理期限不变。"

    def act(self, alert_id: int, *, actor: User, reason: str) -> Alert:
        return acknowledge_alert(alert_id, actor=actor, now=clock.now())


class CloseView(ActView):
    """办结, with a reason."""

    done = "已办结。出现新的疑似问题时会重新打开。"

    def act(self, alert_id: int, *, actor: User, reason: str) -> Alert:
        return close_alert(alert_id, actor=actor, now=clock.now(), reason=reason)


class DismissView(ActView):
    """排除（误报）, with a reason."""

    done = "已作为误报排除。数据或标准变化后会重新比对。"

    def act(self, alert_id: int, *, actor: User, reason: str) -> Alert:
        return dismiss_alert(alert_id, actor=actor, now=clock.now(), reason=reason)


class FindingView(KeptView):
    """One finding with its explanation card."""

    template_name = "dashboards/finding.html"
    roles = READERS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = signed_in(self.request)
        finding = cast(Finding, self.get_scoped_or_404(findings_of(user), pk=self.kwargs["pk"]))
        return super().get_context_data(**finding_page(user, finding), **kwargs)


def _filters(user: User, wanted: selectors.AlertFilter, options: dict[str, Any]) -> list[dict[str, Any]]:
    overdue = [{"value": selectors.OVERDUE, "label": "已逾期", "count": options["totals"]["overdue"]}]
    filters = [
        {"label": "等级", "param": "severity", "value": wanted.severity, "options": options["severities"]},
        {"label": "期限", "param": "due", "value": wanted.due, "options": overdue},
        {"label": "规则", "param": "rule", "value": wanted.rule, "options": options["rules"]},
    ]
    if user.role_kind in (RoleKind.BUREAU, RoleKind.CENTRE, RoleKind.DEPARTMENT):
        filters.append({"label": "镇街", "param": "town", "value": wanted.town, "options": options["towns"]})
    return filters
