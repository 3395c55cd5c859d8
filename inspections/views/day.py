"""An inspector's day: today's visits, one opened on the spot, one to a site found in the street."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from inspections.choices import OPEN_STATES
from inspections.models import Visit
from inspections.pages.form import placed
from inspections.pages.people import colleagues
from inspections.pages.today import today_page
from inspections.scope import inspectable_by
from inspections.services.sync import people_by_login
from inspections.services.visits import open_visit
from inspections.views.answering import INSPECTING
from inspections.views.place import device_time, posted_place
from inspections.visit_forms import SiteForm
from shuangjian.accounts.models import User
from shuangjian.accounts.requests import signed_in
from shuangjian.bureau.models import Institution
from shuangjian.bureau.sites import SeenSite, open_site
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.core.uploads import was_too_large
from shuangjian.core.views import ScopedView
from shuangjian.dashboards.views.asked import asked

_MOST_FOUND = 10


class InspectorPage(ScopedView):
    """A page for whoever may be an inspector of visits."""

    roles = INSPECTING

    @property
    def user(self) -> User:
        return signed_in(self.request)

    def writer(self) -> User:
        if not self.user.may_write:
            raise PermissionDenied("您可以查看，不能登记；首次登录请先修改密码。")
        return self.user


class TodayView(InspectorPage):
    """今日检查: what is under way, overdue and due today."""

    template_name = "inspections/visits_today.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**today_page(self.user, clock.today()), **kwargs)


class OpenView(InspectorPage):
    """现场检查: find the institution, then begin."""

    template_name = "inspections/visit_open.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        code, word = asked(self.request, "unit"), asked(self.request, "q")
        if code and "unit" not in kwargs:
            kwargs["unit"] = self.unit(code)
        if kwargs.get("unit"):
            kwargs = {**self.of_unit(kwargs["unit"]), **kwargs}
        found = find_units(self.user, word) if word and not code else []
        return super().get_context_data(
            query=word, found=found[:_MOST_FOUND], has_more=len(found) > _MOST_FOUND, **kwargs
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        user, code = self.writer(), request.POST.get("unit", "")[:40]
        if not code:
            return redirect("visit_open")
        unit = self.unit(code)
        key = posted_key(request)
        try:
            people = people_by_login(request.POST.getlist("inspectors"), user)
            visit = open_visit(
                unit,
                key=key,
                actor=user,
                inspectors=people,
                purpose=request.POST.get("purpose", "")[:200],
                place=posted_place(request.POST),
                device_started_at=device_time(request.POST),
            )
        except (InvalidInput, Conflict) as refused:
            problems = refused.problems if isinstance(refused, InvalidInput) else [Problem("", refused.message)]
            shown = {"unit": unit, "key": key, "problems": [placed(each) for each in problems]}
            return self.render_to_response(self.get_context_data(**shown), status=refused.status)
        return redirect("visit", key=visit.key)

    def unit(self, code: str) -> Institution:
        """The institution of that code among those that the reader may visit; 404 otherwise."""
        return get_object_or_404(inspectable_by(self.user).select_related("town"), code=code.replace("\x00", ""))

    def of_unit(self, unit: Institution) -> dict[str, Any]:
        own = Visit.objects.visible_to(self.user).filter(institution=unit, state__in=OPEN_STATES)
        return {
            "unit": unit,
            "key": uuid.uuid4(),
            "colleagues": [each for each in colleagues(self.user, unit) if each.login != self.user.username],
            "under_way": list(own.order_by("planned_on")[:5]),
            "purpose": self.request.POST.get("purpose", ""),
        }


class SiteView(InspectorPage):
    """路边发现疑似点: the site's record is opened, and the visit begins."""

    template_name = "inspections/visit_site.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", SiteForm(actor=self.user))
        kwargs.setdefault("key", uuid.uuid4())
        return super().get_context_data(**kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        user, key = self.writer(), posted_key(request)
        own = Visit.objects.visible_to(user).filter(key=key)
        if own.exists():  # sent twice over a bad line
            return redirect("visit", key=key)
        form, photo_error = SiteForm(request.POST, actor=user), ""
        if was_too_large(request, "photos"):
            photo_error = "有照片大于 20 MB，没有保存。请缩小后再传。"
        elif form.is_valid():
            try:
                visit = self._opened(user, form.cleaned_data, key)
            except InvalidInput as refused:
                photo_error = " ".join(each.message for each in refused.problems if each.path == "photos")
                rest = [each for each in refused.problems if each.path != "photos"]
                form.add_refusal(InvalidInput(rest))
            except Refused as refused:
                if refused.status == 403:
                    raise PermissionDenied(refused.message) from refused
                if own.exists():  # touched twice: the first touch has just opened it
                    return redirect("visit", key=key)
                form.add_error(None, refused.message)
            else:
                messages.success(request, f"已登记为疑似无证点 {visit.institution.code}，检查已开始。")
                return redirect("visit", key=visit.key)
        page = self.get_context_data(form=form, key=key, photo_error=photo_error)
        return self.render_to_response(page, status=422)

    @transaction.atomic
    def _opened(self, user: User, values: dict[str, Any], key: uuid.UUID) -> Visit:
        seen = SeenSite(seen_on=clock.today(), **values)
        unit = open_site(seen, photos=self.request.FILES.getlist("photos"), actor=user)
        return open_visit(
            unit,
            key=key,
            actor=user,
            place=posted_place(self.request.POST),
            device_started_at=device_time(self.request.POST),
        )


def find_units(user: User, word: str) -> list[Institution]:
    """Up to one more than a page shows of those that ``user`` may visit whose name holds the word or whose code begins
    with it; names that begin with it first."""
    rows = inspectable_by(user).filter(Q(name__icontains=word) | Q(code__istartswith=word)).select_related("town")
    found = list(rows.order_by("pinyin")[: 5 * _MOST_FOUND])
    return sorted(found, key=lambda each: not each.name.startswith(word))[: _MOST_FOUND + 1]


def posted_key(request: HttpRequest) -> uuid.UUID:
    """The key that the page carried, so that a form sent twice opens one visit; a new one where it is none."""
    try:
        return uuid.UUID(request.POST.get("key", ""))
    except ValueError:
        return uuid.uuid4()
