"""The register: its list, the one page of an institution, and the acts on it."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from shuangjian.accounts.models import RoleKind
from shuangjian.accounts.requests import signed_in
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput, Refused
from shuangjian.core.views import ScopedView
from shuangjian.dashboards.views.asked import asked
from shuangjian.dashboards.views.kept import KeptView
from training_orgs.forms import register as forms
from training_orgs.selectors import register as listing
from training_orgs.selectors.party import party_page, party_trail
from training_orgs.services import register, sites

PAGE_SIZE = 50
_DECIDE: frozenset[str] = frozenset({RoleKind.BUREAU})
_LOOK_OUT: frozenset[str] = frozenset({RoleKind.BUREAU, RoleKind.CENTRE, RoleKind.TOWN})


class RegisterView(KeptView):
    """机构名录: every institution in scope as of a day, worst first; every filter is in the address."""

    template_name = "training_orgs/register.html"
    roles = _LOOK_OUT | {RoleKind.DEPARTMENT}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        user: Any = request.user
        if user.is_authenticated and user.role_kind == RoleKind.DEPARTMENT and not user.sees_registers:
            raise PermissionDenied("贵单位不查看机构名录；与贵单位有关的疑似问题在“预警”里。")
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, today = signed_in(self.request), clock.today()
        said = asked(self.request, "as_of")
        day = _day(said, today)
        every = listing.register_rows(user, day, today)
        wanted = {name: asked(self.request, name) for name in listing.FILTERS}
        word, town = asked(self.request, "q"), asked(self.request, "town")
        rows = listing.narrowed(every, wanted, word, town)
        filters = listing.filter_options(every, wanted)
        towns = sorted({row.unit.town for row in every if row.unit.town}, key=lambda each: each.pinyin)
        if len(towns) > 1:
            options = [{"value": each.code, "label": each.name} for each in towns]
            filters.append({"label": "镇街", "param": "town", "value": town, "options": options})
        return super().get_context_data(
            page_obj=Paginator(rows, PAGE_SIZE).get_page(asked(self.request, "page")),
            total=len(every),
            found=len(rows),
            is_filtered=len(rows) != len(every),
            headline=listing.attention_words(every, day, today),
            day=day,
            is_today=day == today,
            is_misread=bool(said) and day.isoformat() != said,
            filters=filters,
            query=word,
            may_add_site=user.role_kind in _LOOK_OUT,
            is_bureau=user.role_kind == RoleKind.BUREAU,
            **kwargs,
        )


class OrgView(ScopedView):
    """A page of one institution of the register, by its code; one out of sight is 404."""

    def unit(self) -> Institution:
        units = Institution.objects.filter(kind__in=listing.KINDS, training_org__isnull=False).select_related("town")
        return cast(Institution, self.get_scoped_or_404(units, code=self.kwargs["code"]))


class PartyView(OrgView, KeptView):
    """One page for everything that is known of an institution, as of a day that the reader may choose."""

    template_name = "training_orgs/party.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today, said = clock.today(), asked(self.request, "as_of")
        day = _day(said, today)
        page = party_page(signed_in(self.request), self.unit(), day, today)
        is_misread = bool(said) and day.isoformat() != said
        return super().get_context_data(is_misread=is_misread, **page, **kwargs)


def _day(text: str, today: dt.date) -> dt.date:
    """The day of the address; today where it names none."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return today


class ActView(OrgView):
    """A form with one act on an institution; who may not act gets 403, after 404 for what is out of sight."""

    template_name = "training_orgs/act.html"
    form_class: type[Form]
    title = ""
    button = ""
    done = ""
    may: ClassVar[frozenset[str]] = _DECIDE
    #: Name of the page to go back to, and what who may not act is told.
    back = "training_org"
    denied = "您可以查看，不能登记；请联系区教育局。"

    def form(self, unit: Institution, data: Any = None) -> Form:
        return self.form_class(data, initial=self.initial(unit))

    def initial(self, unit: Institution) -> dict[str, Any]:
        return {}

    def act(self, unit: Institution, values: dict[str, Any]) -> None:
        """Do it; Refused says why not."""
        raise NotImplementedError(f"{type(self).__name__} must define act(unit, values).")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        unit = self._permitted()
        kwargs.setdefault("form", self.form(unit))
        trail = party_trail(signed_in(self.request), unit)
        trail[-1]["url"] = reverse("training_org", args=[unit.code])
        trail.append({"label": self.title, "url": ""})
        return super().get_context_data(unit=unit, title=self.title, button=self.button, scope_trail=trail, **kwargs)

    def post(self, request: HttpRequest, code: str, **kwargs: Any) -> HttpResponse:
        unit = self._permitted()
        form: Any = self.form(unit, request.POST)
        if form.is_valid():
            try:
                self.act(unit, form.cleaned_data)
            except InvalidInput as refused:
                form.add_refusal(refused)
            except Refused as refused:
                form.add_error(None, refused.message)
            else:
                messages.success(request, f"{unit.name}：{self.done}")
                return redirect(self.back, code=code)
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def _permitted(self) -> Institution:
        unit = self.unit()
        user = signed_in(self.request)
        if user.role_kind not in self.may or not user.may_write:
            raise PermissionDenied(self.denied)
        return unit


class StatusView(ActView):
    form_class = forms.StatusForm
    title, button, done = "变更状态", "登记变更", "状态变更已登记。"

    def initial(self, unit: Institution) -> dict[str, Any]:
        return {"on": clock.today()}

    def act(self, unit: Institution, values: dict[str, Any]) -> None:
        register.change_status(unit, today=clock.today(), actor=self.request.user, **values)


class BrandView(ActView):
    form_class = forms.BrandForm
    title, button, done = "关联品牌", "保存关联", "品牌关联已保存。"

    def initial(self, unit: Institution) -> dict[str, Any]:
        brand = unit.training_org.brand
        return {"brand": brand.name if brand else ""}

    def act(self, unit: Institution, values: dict[str, Any]) -> None:
        register.tie_brand(unit, values["brand"], actor=self.request.user)


class SightingView(ActView):
    template_name = "training_orgs/sighting.html"
    form_class = forms.SightingForm
    title, button, done = "登记现场发现", "登记发现", "现场发现已登记。"
    may = _LOOK_OUT

    def initial(self, unit: Institution) -> dict[str, Any]:
        return {"seen_on": clock.today()}

    def act(self, unit: Institution, values: dict[str, Any]) -> None:
        photos = self.request.FILES.getlist(sites.PHOTOS)
        sites.report_sighting(unit, values, photos=photos, actor=self.request.user)


class RecogniseView(ActView):
    form_class = forms.RecogniseForm
    title, button, done = "转为培训机构", "转为培训机构", "已转为培训机构，以前的记录都保留。"

    def form(self, unit: Institution, data: Any = None) -> Form:
        return forms.RecogniseForm(data, knows_category=bool(unit.category))

    def act(self, unit: Institution, values: dict[str, Any]) -> None:
        register.recognise_site(unit, today=clock.today(), actor=self.request.user, **values)


class SiteAddView(ScopedView):
    """登记疑似无证点: a site gets its record before any licence exists."""

    template_name = "training_orgs/sighting.html"
    roles = _LOOK_OUT

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", self._form())
        trail = [{"label": "机构名录", "url": reverse("training_orgs")}, {"label": "登记疑似无证点", "url": ""}]
        lead = "先登记地点和看到的情况；证照、人员、课程以后在同一页面补充，名称可以以后更正。"
        return super().get_context_data(
            title="登记疑似无证点", button="登记无证点", lead=lead, scope_trail=trail, **kwargs
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self._form(request.POST)
        if form.is_valid():
            try:
                photos = request.FILES.getlist(sites.PHOTOS)
                unit = sites.open_site(form.cleaned_data, photos=photos, actor=request.user)
            except InvalidInput as refused:
                form.add_refusal(refused)
            else:
                messages.success(request, f"“{unit.name}”已登记为疑似无证点；以后的发现在本页继续登记。")
                return redirect("training_org", code=unit.code)
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def _form(self, data: Any = None) -> forms.SiteForm:
        return forms.SiteForm(data, towns=sites.towns_open_to(self.request.user), initial={"seen_on": clock.today()})
