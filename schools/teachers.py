"""教师账号: the school makes accounts for its teachers and says which classes each fills in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from schools.classes import classes_in_week
from schools.models import School
from schools.views import SchoolView
from shuangjian.accounts import services
from shuangjian.accounts.models import RoleKind, User
from shuangjian.accounts.requests import signed_in
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.rules.explain import about_text


class ClassesField(forms.MultipleChoiceField):
    """任教班级: classes of the school as they are this week."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label="任教班级", error_messages={"required": "请至少勾选一个班级。"}, **kwargs)


class TeacherForm(forms.Form):
    """A new account."""

    name = forms.CharField(label="姓名", max_length=40)
    login = forms.CharField(label="登录名", max_length=40, help_text="小写字母、数字，3–40 个字符，全区不重复。")
    classes = ClassesField()

    def __init__(self, *args: Any, codes: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["classes"].choices = [(code, about_text(f"class:{code}")) for code in codes]  # type: ignore[attr-defined]


class ClassesForm(forms.Form):
    """Other classes for a teacher who is there already."""

    classes = ClassesField()

    def __init__(self, *args: Any, codes: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["classes"].choices = [(code, about_text(f"class:{code}")) for code in codes]  # type: ignore[attr-defined]


class TeachersPage(SchoolView):
    """For the school's own filer."""

    def school(self) -> School:
        found = super().school()
        user = signed_in(self.request)
        if user.role_kind != RoleKind.SCHOOL or user.institution_id != found.pk or not user.may_write:
            raise PermissionDenied("教师账号由本校填报员管理。")
        return found

    def codes(self, institution: Institution) -> list[str]:
        return list(classes_in_week(institution, Week.of(clock.today())))


class TeachersView(TeachersPage):
    """The teachers, and a form for a new one; its slip is in the answer to the POST and nowhere else."""

    template_name = "schools/teachers.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        institution, now = self.school().institution, clock.now()
        codes = self.codes(institution)
        teachers = (
            User.objects.administered_by(signed_in(self.request))
            .filter(role_kind=RoleKind.TEACHER)
            .order_by("-is_active", "name", "username")
        )
        kwargs.setdefault("form", TeacherForm(codes=codes))
        return super().get_context_data(
            institution=institution,
            teachers=[
                {
                    "account": each,
                    "state": each.state(now),
                    "classes": [about_text(f"class:{code}") for code in each.classes],
                    "outdated": not set(each.classes) & set(codes),
                }
                for each in teachers
            ],
            missing=[
                about_text(f"class:{code}")
                for code in codes
                if not any(code in each.classes for each in teachers if each.is_active)
            ],
            has_classes=bool(codes),
            scope_trail=[
                {"label": institution.name, "url": reverse("unit", args=[institution.code])},
                {"label": "教师账号", "url": ""},
            ],
            **kwargs,
        )

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        institution = self.school().institution
        form = TeacherForm(request.POST, codes=self.codes(institution))
        if form.is_valid():
            try:
                _, slip = services.create_account(
                    login=form.cleaned_data["login"],
                    name=form.cleaned_data["name"],
                    role=RoleKind.TEACHER,
                    unit=institution,
                    classes=form.cleaned_data["classes"],
                    actor=signed_in(request),
                    now=clock.now(),
                )
            except ValidationError as wrong:
                for field, said in wrong.message_dict.items():
                    form.add_error({"username": "login", "name": "name"}.get(field), said)
            else:
                login_url = request.build_absolute_uri(reverse("account_login"))
                back = reverse("teachers", args=[code])
                return render(
                    request, "accounts/slip.html", {"slip": slip, "login_url": login_url, "back": back, "is_new": True}
                )
        return self.render_to_response(self.get_context_data(form=form), status=422)


class TeacherClassesView(TeachersPage):
    """Which classes one teacher fills in."""

    template_name = "schools/teacher_classes.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        institution, teacher = self.school().institution, self.teacher()
        kwargs.setdefault("form", ClassesForm(codes=self.codes(institution), initial={"classes": teacher.classes}))
        return super().get_context_data(
            institution=institution,
            teacher=teacher,
            scope_trail=[
                {"label": institution.name, "url": reverse("unit", args=[institution.code])},
                {"label": "教师账号", "url": reverse("teachers", args=[institution.code])},
                {"label": teacher.name, "url": ""},
            ],
            **kwargs,
        )

    def teacher(self) -> User:
        accounts = User.objects.administered_by(signed_in(self.request)).filter(role_kind=RoleKind.TEACHER)
        found: User | None = accounts.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404("没有这个教师账号。")
        return found

    def post(self, request: HttpRequest, code: str, pk: int) -> HttpResponse:
        form = ClassesForm(request.POST, codes=self.codes(self.school().institution))
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        teacher = services.set_classes(self.teacher(), form.cleaned_data["classes"], actor=signed_in(request))
        messages.success(request, f"{teacher.name}的任教班级已更新。")
        return redirect("teachers", code=code)
