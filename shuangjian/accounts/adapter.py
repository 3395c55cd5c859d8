"""What django-allauth asks of us: accounts come from the unit above, logins are counted, nothing is sent by mail."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from shuangjian.accounts import lockout, services
from shuangjian.accounts.logins import normalised
from shuangjian.accounts.models import User
from shuangjian.core import clock


class AccountAdapter(DefaultAccountAdapter):
    """Login by login name and password only."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": "登录名或密码不正确，请检查后重新输入。忘记密码请联系上级单位重置。",
        "too_many_login_attempts": "登录失败次数过多，请在 15 分钟后再试；急用请联系上级单位重置密码。",
        "expired_slip": "一次性密码已过有效期（72 小时）。请联系上级单位重置，领取新的一次性密码。",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: accounts are made by create_accounts."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The person whose password this is, or None; ValidationError when no attempt is left or the slip ran out.

        The attempt is reserved, and committed, before the password is looked at.
        """
        login = normalised(credentials.get("username", ""))
        now = clock.now()
        attempt = lockout.reserve(login, request.META.get("REMOTE_ADDR"), now)
        if attempt is None:
            services.record_refused_login(login, "locked")
            raise self.validation_error("too_many_login_attempts")
        user = authenticate(request, username=login, password=credentials.get("password"))
        if not isinstance(user, User):
            services.record_refused_login(login, "wrong")
            return None
        attempt.succeeded()
        if user.has_expired_slip(now):
            services.record_refused_login(login, "expired_slip")
            raise ValidationError(self.error_messages["expired_slip"], code="expired_slip")
        return user

    def login(self, request: HttpRequest, user: Any) -> None:
        """Open the session, and record it in the same transaction."""
        with transaction.atomic():
            super().login(request, user)
            services.record_login(user)

    def logout(self, request: HttpRequest) -> None:
        """End the session, and record it in the same transaction."""
        with transaction.atomic():
            if isinstance(request.user, User):
                services.record_logout(request.user)
            super().logout(request)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: the page after a login says enough."""

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        """Back to the login page: an account that was shut a moment ago is treated like any wrong login."""
        return HttpResponseRedirect(reverse("account_login"))
