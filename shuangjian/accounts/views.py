"""Signing in and out, one's own password, and the accounts of the units below."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account import views as allauth_views
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.generic import FormView

from shuangjian.accounts import services
from shuangjian.accounts.forms import LoginForm, PasswordForm
from shuangjian.accounts.models import RoleKind, User
from shuangjian.accounts.requests import signed_in
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput
from shuangjian.core.views import ScopedView

ADMINISTRATORS = frozenset({RoleKind.BUREAU, RoleKind.CENTRE, RoleKind.TOWN, RoleKind.SYSADMIN})
_PAGE_SIZE = 50


class LoginView(allauth_views.LoginView):
    """登录."""

    form_class = LoginForm


class LogoutView(allauth_views.LogoutView):
    """退出登录: by POST only, so that no link or image can sign a person out."""

    http_method_names: ClassVar[list[str]] = ["post"]


class PasswordView(LoginRequiredMixin, FormView):
    """修改密码: one's own; ends one's other sessions."""

    template_name = "accounts/password.html"
    form_class = PasswordForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        # Navigation would only lead back here while the password is still the one of the slip.
        layout = "base/plain.html" if signed_in(self.request).must_change_password else "base/app.html"
        return super().get_context_data(layout=layout, **kwargs)

    def form_valid(self, form: PasswordForm) -> HttpResponse:
        try:
            user = services.change_password(
                signed_in(self.request),
                current=form.cleaned_data["current"],
                new=form.cleaned_data["new"],
                address=self.request.META.get("REMOTE_ADDR"),
                now=clock.now(),
            )
        except InvalidInput as refused:
            for problem in refused.problems:
                form.add_error(problem.path, problem.message)
            return self.form_invalid(form)
        update_session_auth_hash(self.request, user)
        messages.success(self.request, "密码已修改，您在其他设备上的登录已失效。")
        return redirect("home")


class AccountsView(ScopedView):
    """下级账号: whom one may reset, searched by name, login or unit."""

    template_name = "accounts/accounts.html"
    roles = ADMINISTRATORS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET.get("q", "").strip()
        role = self.request.GET.get("role", "")
        accounts = User.objects.administered_by(signed_in(self.request)).with_units()
        total = accounts.count()
        if query:
            accounts = accounts.filter(
                Q(username__icontains=query)
                | Q(name__icontains=query)
                | Q(institution__name__icontains=query)
                | Q(town__name__icontains=query)
                | Q(centre__name__icontains=query)
                | Q(department__name__icontains=query)
            )
        if role in RoleKind.values:
            accounts = accounts.filter(role_kind=role)
        page = Paginator(accounts, _PAGE_SIZE).get_page(self.request.GET.get("page"))
        now = clock.now()
        return super().get_context_data(
            page_obj=page,
            rows=[(account, account.state(now)) for account in page],
            query=query,
            role=role,
            filters=_filters(signed_in(self.request).role_kind, role),
            total=total,
            **kwargs,
        )


class AccountActView(ScopedView):
    """Asks first (GET), then does one act to one account of a unit below (POST).

    Any other account is 404 for every role, and the try is recorded.
    """

    template_name = "accounts/confirm.html"
    act: ClassVar[str] = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(account=self.account(), act=self.act, back=_back(self.request), **kwargs)

    def account(self) -> User:
        try:
            return services.find_administered(self.kwargs["pk"], actor=signed_in(self.request), act=self.act)
        except services.OutsideJurisdiction as outside:
            raise Http404(outside.message) from outside


class ResetView(AccountActView):
    """重置: the new slip is in the answer to this POST and nowhere else."""

    act = services.RESET

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        account = self.account()
        slip = services.reset_account(account, actor=signed_in(request), now=clock.now())
        return render(
            request,
            "accounts/slip.html",
            {
                "slip": slip,
                "login_url": request.build_absolute_uri(reverse("account_login")),
                "back": _back(request),
            },
        )


class DeactivateView(AccountActView):
    """停用: for a person who has left."""

    act = services.DEACTIVATE

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        account = self.account()
        services.deactivate_account(account, actor=signed_in(request))
        messages.success(request, f"账号 {account.username} 已停用，其登录已全部失效。")
        return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    """The list from which the person came: a school looks after its teachers on a page of its own."""
    user = signed_in(request)
    if user.role_kind == RoleKind.SCHOOL and user.institution is not None:
        return reverse("teachers", args=[user.institution.code])
    return reverse("accounts")


def _filters(own_role: str, chosen: str) -> list[dict[str, Any]]:
    """The role filter, for those whose list holds more than one role."""
    if own_role not in (RoleKind.SYSADMIN, RoleKind.BUREAU):
        return []
    offered = [kind for kind in RoleKind if own_role == RoleKind.SYSADMIN or kind != RoleKind.SYSADMIN]
    options = [{"value": kind.value, "label": kind.label} for kind in offered]
    return [{"label": "角色", "param": "role", "value": chosen, "options": options}]
