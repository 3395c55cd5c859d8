"""Who stands behind a request."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from shuangjian.accounts.models import User


def signed_in(request: HttpRequest) -> User:
    """The signed-in person; PermissionDenied (403) for anyone else, should a view forget to ask for a login."""
    if not isinstance(request.user, User):
        raise PermissionDenied("请先登录。")
    return request.user
