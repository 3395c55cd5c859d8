"""班级设置: the classes of one school."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from schools import class_services
from schools.forms import ManyClassesForm, OneClassForm
from schools.models import School, SchoolClass
from shuangjian.accounts.models import RoleKind
from shuangjian.accounts.requests import signed_in
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput, Refused
from shuangjian.core.views import ScopedView

EDITORS: frozenset[str] = frozenset({RoleKind.BUREAU, RoleKind.SCHOOL})


class SchoolView(ScopedView):
    """A page of one school, by its code; a school out of sight is 404."""

    def school(self) -> School:
        schools = School.objects.select_related("institution")
        found = self.get_scoped_or_404(schools, institution__code=self.kwargs["code"])
        assert isinstance(found, School)
        return found

    def may_edit(self) -> bool:
        user = self.request.user
        return user.is_authenticated and user.role_kind in EDITORS and user.may_write

    def refuse_readers(self) -> None:
        """PermissionDenied for those who may only look; asked after the school was found, so that 404 comes first."""
        if not self.may_edit():
            raise PermissionDenied("您可以查看班级，不能修改；请由学校或区教育局修改。")


class ClassesView(SchoolView):
    """班级设置: the list by school year; one class or many are added here, and wrong lines are named."""

    template_name = "schools/classes.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        school = self.school()
        classes = self.scoped(SchoolClass.objects.filter(school=school))
        counts = {
            row["school_year"]: row["count"]
            for row in classes.order_by("school_year").values("school_year").annotate(count=models.Count("pk"))
        }
        chosen = self.request.GET.get("year", "")
        if chosen in map(str, counts):
            classes = classes.filter(school_year=int(chosen))
        if school.institution.is_fictional:
            kwargs["is_demo_data"] = True
        kwargs.setdefault("one", OneClassForm(institution=school.institution, initial={"school_year": _this_year()}))
        kwargs.setdefault("many", ManyClassesForm())
        return super().get_context_data(
            school=school,
            scope_trail=[
                {"label": school.institution.name, "url": reverse("unit", args=[school.institution.code])},
                {"label": "班级", "url": ""},
            ],
            classes=classes.order_by("-school_year", "grade", "number"),
            open_count=sum(1 for c in classes if c.closed_on is None),
            filters=_year_filter(chosen, counts),
            may_edit=self.may_edit(),
            is_filer=signed_in(self.request).role_kind == RoleKind.SCHOOL,
            **kwargs,
        )

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        school = self.school()
        self.refuse_readers()
        if request.POST.get("act") == "many":
            many = ManyClassesForm(request.POST)
            text = many.cleaned_data["lines"] if many.is_valid() else None
            shown: dict[str, Form] = {"many": many}
        else:
            one = OneClassForm(request.POST, institution=school.institution)
            text = one.line if one.is_valid() else None
            shown = {"one": one}
        if text is None:
            return self.render_to_response(self.get_context_data(**shown), status=422)
        try:
            result = class_services.add_classes(school, text, actor=request.user)
        except InvalidInput as refused:
            return self.render_to_response(self.get_context_data(errors=_as_errors(refused), **shown), status=422)
        messages.success(request, f"班级已保存：{result}。")
        return redirect("classes", code=code)


class ClassStateView(SchoolView):
    """Closes or reopens one class (POST)."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, code: str, class_code: str, act: str) -> HttpResponse:
        classes = SchoolClass.objects.filter(school=self.school())
        found = self.get_scoped_or_404(classes, code=class_code)
        assert isinstance(found, SchoolClass)
        self.refuse_readers()
        try:
            if act == "close":
                class_services.close_class(found, closed_on=clock.today(), actor=request.user)
                messages.success(request, f"班级 {class_code} 自今天起停用，以往填报保留。")
            else:
                class_services.reopen_class(found, actor=request.user)
                messages.success(request, f"班级 {class_code} 已恢复使用。")
        except Refused as refused:
            messages.error(request, refused.message)
        return redirect("classes", code=code)


def _this_year() -> int:
    """The year in which the running school year began; from August on, schools set up the coming one."""
    today = clock.today()
    return today.year if today.month >= 8 else today.year - 1


def _year_filter(chosen: str, counts: dict[int, int]) -> list[dict[str, Any]]:
    options = [
        {"value": str(year), "label": f"{year}–{year + 1} 学年", "count": count}
        for year, count in sorted(counts.items(), reverse=True)
    ]
    return [{"label": "学年", "param": "year", "value": chosen, "options": options}]


def _as_errors(refused: InvalidInput) -> list[dict[str, str]]:
    """The wrong lines, with the columns named as the page names them."""
    errors = []
    for problem in refused.problems:
        label = problem.path.replace("class_code", "班级代码").replace("pupils", "学生数")
        errors.append({"label": label or "内容", "message": problem.message})
    return errors
