"""One institution of the register by a form: 登记机构 and 修改档案, by the path of all doors."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from shuangjian.accounts.models import RoleKind
from shuangjian.accounts.requests import signed_in
from shuangjian.bureau.models import Department, Institution, Town
from shuangjian.core.errors import InvalidInput, Problem, Refused
from shuangjian.core.views import ScopedView
from training_orgs.choices import Category
from training_orgs.forms.rows import RowForm
from training_orgs.rows import get_kind, may_file, save_rows
from training_orgs.rows.table import of_forms
from training_orgs.selectors.party import party_trail
from training_orgs.views.register import OrgView

_KIND = "orgs"
#: The portal gives the code; a suspected site is opened on its own page and stays one until it is recognised.
_GIVEN = ("kind", "code")


def _form(data: Any = None, initial: dict[str, Any] | None = None, *, is_site: bool = False) -> RowForm:
    """The form of one institution, with towns and departments to choose from; a site may be of no category yet."""
    form = RowForm(get_kind(_KIND), data, initial=initial)
    for name in _GIVEN:
        del form.fields[name]
    for name, names in (
        ("town", Town.objects.values_list("name")),
        ("department", Department.objects.values_list("name")),
    ):
        known = form.fields[name]
        form.fields[name] = forms.ChoiceField(
            label=known.label, required=known.required, choices=[("", "请选择"), *((each, each) for (each,) in names)]
        )
    category = form.fields["category"]
    category.required, category.help_text = not is_site, "疑似无证点未定的留空" if is_site else ""
    for name in ("town", "department", "category"):
        form.fields[name].widget.attrs["aria-required"] = "true" if form.fields[name].required else "false"
    return form


class OrgAddView(ScopedView):
    """登记机构: an institution that is not in the register yet; what is there already is refused, not overwritten."""

    template_name = "training_orgs/row_form.html"
    roles = frozenset({RoleKind.BUREAU})

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", _form())
        trail = [{"label": "机构名录", "url": reverse("training_orgs")}, {"label": "登记机构", "url": ""}]
        lead = "登记后在机构页面补充证照、核查、人员和课程；没有证照的，请登记为疑似无证点。"
        kind = get_kind(_KIND)
        return super().get_context_data(title="登记机构", lead=lead, kind=kind, scope_trail=trail, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        user = signed_in(request)
        if not may_file(user, get_kind(_KIND)):
            raise PermissionDenied("您可以查看，不能登记；首次登录请先修改密码。")
        form = _form(request.POST)
        form.is_valid()
        try:
            unit = _added(form, user)
        except InvalidInput as refused:
            form.add_refusal(refused)
        except Refused as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, f"“{unit.name}”已登记，代码 {unit.code}；请补充证照。")
            return redirect("training_org", code=unit.code)
        return self.render_to_response(self.get_context_data(form=form), status=422)


def _added(form: RowForm, actor: Any) -> Institution:
    """The new institution; InvalidInput, and nothing changed, where the row means one that is there already."""
    with transaction.atomic():
        saved = save_rows(_KIND, of_forms([form.row()]), actor=actor)
        if not saved.created:
            transaction.set_rollback(True)
    unit = Institution.objects.get(pk=saved.keys[0])
    if not saved.created:
        how = f"名录中已有这家机构：{unit.name}，代码 {unit.code}；请在它的页面修改档案。"
        raise InvalidInput([Problem("name", how, "duplicate")])
    return unit


class OrgChangeView(OrgView):
    """修改档案: what the institution is from a day on; what it was before stays in its profiles."""

    template_name = "training_orgs/row_form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        unit = self._permitted()
        if "form" not in kwargs:
            kwargs["form"] = _form(initial=_as_it_stands(unit), is_site=unit.kind == Institution.Kind.SUSPECTED_SITE)
        trail = party_trail(signed_in(self.request), unit)
        trail[-1]["url"] = reverse("training_org", args=[unit.code])
        trail.append({"label": "修改档案", "url": ""})
        return super().get_context_data(unit=unit, kind=get_kind(_KIND), title="修改档案", scope_trail=trail, **kwargs)

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        unit = self._permitted()
        form = _form(request.POST, is_site=unit.kind == Institution.Kind.SUSPECTED_SITE)
        form.is_valid()
        row = {"code": unit.code, "kind": unit.kind, **form.row()}
        try:
            _place_is_kept(unit, row)
            saved = save_rows(_KIND, of_forms([row]), actor=signed_in(request), institution=unit)
        except InvalidInput as refused:
            form.add_refusal(refused)
        except Refused as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, "档案已保存。" if saved.changed else "与现行档案相同，没有改动。")
            return redirect("training_org", code=unit.code)
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def _permitted(self) -> Institution:
        unit, user = self.unit(), signed_in(self.request)
        if user.role_kind != RoleKind.BUREAU or not may_file(user, get_kind(_KIND), unit.pk):
            raise PermissionDenied("您可以查看，不能修改档案；请联系区教育局。")
        return unit


def _place_is_kept(unit: Institution, row: dict[str, Any]) -> None:
    """InvalidInput where a new address would be lost: a site of no category has no profile that could hold it."""
    if row["category"] or unit.category or row["address"].strip() == _seen_place(unit):
        return
    how = "还没有类别的点，地址以现场发现为准：请选择类别，或另登记一次现场发现，写明新的地点。"
    raise InvalidInput([Problem("address", how)])


def _seen_place(unit: Institution) -> str:
    seen = unit.sightings.order_by("-seen_on", "-pk").first()
    return str(seen.place) if seen is not None else ""


def _as_it_stands(unit: Institution) -> dict[str, Any]:
    """The institution as the form shows it; from which day a change holds is left to whoever changes it."""
    org = unit.training_org
    profile = unit.org_profiles.filter(valid_until=None).first()
    row: dict[str, Any] = {
        "uscc": org.uscc or "",
        "name": unit.name,
        "category": dict(Category.choices).get(unit.category, ""),
        "town": unit.town.name if unit.town else "",
        "legal_person": org.legal_person,
        "phone": org.phone,
        "brand": org.brand.name if org.brand else "",
        "opened_on": unit.opened_on or "",
        "source": unit.source,
    }
    if profile is not None:
        department = Department.objects.filter(code=profile.department).first() if profile.department else None
        row |= {
            "registered_name": profile.registered_name,
            "department": department.name if department else profile.department,
            "address": profile.address,
            "latitude": profile.latitude,
            "longitude": profile.longitude,
            "area_m2": profile.area_m2,
            "capacity": profile.capacity,
            "is_online_only": "是" if profile.is_online_only else "否",
        }
    else:
        row["address"] = _seen_place(unit)
    return row
