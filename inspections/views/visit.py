"""One visit: the phone form while its inspectors write, the record for everybody else, and the acts on it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from inspections.choices import WRITABLE, VisitState
from inspections.models import Visit
from inspections.pages.form import form_page, placed
from inspections.pages.open_matters import open_matters
from inspections.pages.people import inspectors_of, names
from inspections.pages.record import is_own, own_page, record_page
from inspections.services.visits import (
    cancel_visit,
    correct_visit,
    hand_in_visit,
    is_inspector,
    review_visit,
    start_visit,
)
from inspections.views.answering import INSPECTING, VisitPage, whole_number
from inspections.views.place import device_time, posted_place
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused


class VisitView(VisitPage):
    """What a visit is to its reader: to be started, to be filled in, or to be read."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.shown(self.readable_visit())

    def shown(self, visit: Visit, problems: list[Problem] | None = None, status: int = 200) -> HttpResponse:
        """The page that fits reader and state, with the ``problems`` of an act that was refused."""
        user, today = self.user, clock.today()
        if is_own(user):
            return self._page("inspections/visit_own.html", own_page(visit), status)
        version = self.request.GET.get("version", "")[:6]
        writes = not version and user.may_write and is_inspector(visit, user)
        if writes and visit.state in WRITABLE:
            return self._page("inspections/visit_form.html", form_page(user, visit, problems or ()), status)
        if writes and visit.state == VisitState.PLANNED:
            return self._page("inspections/visit_start.html", _start_page(self, visit, problems or []), status)
        page = record_page(user, visit, version, today)
        page["problems"] = [placed(each) for each in problems or []]
        page["typed_remark"] = self.request.POST.get("remark", "")  # not lost where the act was refused
        return self._page("inspections/visit_record.html", page, status)

    def _page(self, template: str, context: dict[str, Any], status: int) -> HttpResponse:
        self.template_name = template
        return self.render_to_response(self.get_context_data(**context), status=status)


class VisitActView(VisitView):
    """One act on a visit by a form of its page; refused, the page comes back with what is wrong."""

    http_method_names = ["post"]
    roles = INSPECTING

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.user.may_write:
            raise PermissionDenied("您可以查看，不能登记；首次登录请先修改密码。")
        visit = self.visit()
        try:
            done = self.act(visit)
        except InvalidInput as refused:
            return self.shown(self.visit(), refused.problems, status=422)
        except Conflict as refused:
            messages.warning(request, refused.message)
            return redirect("visit", key=visit.key)
        except Refused as refused:
            if refused.status == 403:
                raise PermissionDenied(refused.message) from refused
            return self.shown(self.visit(), [Problem("", refused.message)], status=refused.status)
        messages.success(request, done)
        return redirect(self.after(visit))

    def act(self, visit: Visit) -> str:
        """Do it; returns the sentence that tells so."""
        raise NotImplementedError

    def after(self, visit: Visit) -> str:
        return reverse("visit", args=[visit.key])


class VisitStartView(VisitActView):
    """开始检查, with the position where the phone gave one."""

    def act(self, visit: Visit) -> str:
        started = start_visit(
            visit.pk,
            actor=self.user,
            place=posted_place(self.request.POST),
            device_started_at=device_time(self.request.POST),
        )
        return f"{started.number} 开始检查，答案随填随存。"


class VisitHandInView(VisitActView):
    """提交审核."""

    def act(self, visit: Visit) -> str:
        revision = whole_number(self.request.POST.get("revision", ""))
        hand_in_visit(visit.pk, actor=self.user, revision=revision)
        return f"{visit.number} 已提交，等待审核。"


class VisitReviewView(VisitActView):
    """审核: 归档 or 退回."""

    def act(self, visit: Visit) -> str:
        posted = self.request.POST
        decision = posted.get("decision", "")
        review_visit(
            visit.pk,
            decision=decision,
            remark=posted.get("remark", ""),
            revision=whole_number(posted.get("revision", "")),
            actor=self.user,
        )
        return f"{visit.number} 已归档，查实的问题随即比对。" if decision == "file" else f"{visit.number} 已退回。"


class VisitCorrectView(VisitActView):
    """更正 of a filed visit."""

    def act(self, visit: Visit) -> str:
        corrected = correct_visit(visit.pk, reason=self.request.POST.get("reason", ""), actor=self.user)
        return f"{corrected.number} 可以更正，现为第 {corrected.version} 版；归档前仍以原来一版为准。"


class VisitCancelView(VisitActView):
    """取消."""

    def act(self, visit: Visit) -> str:
        cancel_visit(visit.pk, reason=self.request.POST.get("reason", ""), actor=self.user)
        return f"{visit.number} 已取消。"


def _start_page(view: VisitView, visit: Visit, problems: list[Problem]) -> dict[str, Any]:
    user = view.user
    return {
        "visit": visit,
        "unit": visit.institution,
        "people": names(inspectors_of(visit)),
        "department_names": "、".join(each.name for each in visit.departments.all()),
        "complaint": visit.complaint.number if visit.complaint is not None else "",
        "open_matters": open_matters(user, visit.institution, clock.today()),
        "start_url": reverse("visit_start", args=[visit.key]),
        "cancel_url": reverse("visit_cancel", args=[visit.key]),
        "may_start": True,
        "may_cancel": True,
        "problems": [placed(each) for each in problems],
    }
