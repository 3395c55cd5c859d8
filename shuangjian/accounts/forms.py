"""The forms of signing in and of one's own password."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm as AllauthLoginForm
from django import forms


class LoginForm(AllauthLoginForm):
    """登录名 and 密码. The session ends with the browser, or after 12 hours: office PCs are shared."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.CharField(
            label="登录名",
            max_length=100,
            widget=forms.TextInput(attrs={"autocomplete": "username"}),
        )
        self.fields["password"] = forms.CharField(
            label="密码",
            max_length=200,
            strip=False,
            widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        )
        self.fields["remember"].widget = forms.HiddenInput()
        self.order_fields(["login", "password"])


class PasswordForm(forms.Form):
    """Replaces one's own password; the service judges it."""

    current = forms.CharField(
        label="当前密码",
        max_length=200,
        strip=False,
        help_text="首次登录时填纸条上的一次性密码。",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label="新密码",
        max_length=200,
        strip=False,
        help_text="至少 10 个字符，不能全是数字，不能是常见密码，也不能与登录名相近。可用几个词连成一句。",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="再输一次新密码",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """Both entries of the new password must be the same."""
        data = super().clean() or {}
        if "new" in data and "again" in data and data["new"] != data["again"]:
            self.add_error("again", "两次输入的新密码不一致，请重新输入。")
        return data
