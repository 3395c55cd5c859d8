"""Who calls: an API token, given as ``Authorization: Bearer``. Sessions of signed-in people are not accepted."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request

from shuangjian.accounts.models import ApiToken
from shuangjian.accounts.tokens import find_token
from shuangjian.core import clock

REALM = 'Bearer realm="api"'


class TokenAuthentication(BaseAuthentication):
    """``request.user`` becomes the ApiToken: the principal has the token's own jurisdiction, whoever created it."""

    def authenticate(self, request: Request) -> tuple[ApiToken, None] | None:
        scheme, _, credentials = get_authorization_header(request).partition(b" ")
        if not scheme:
            return None
        if scheme.lower() != b"bearer" or not credentials.strip():
            raise AuthenticationFailed("请求头应为 “Authorization: Bearer <令牌>”。", code="bad_authorization")
        token = find_token(credentials.strip().decode("latin-1"), clock.now())
        if token is None:
            raise AuthenticationFailed("令牌不存在、已过期或已吊销，请向区教育局申请新令牌。", code="bad_token")
        return token, None

    def authenticate_header(self, request: Request) -> str:
        return REALM


def token_of(request: Request) -> ApiToken:
    """The token that calls; NotAuthenticated without one."""
    principal: Any = request.user
    if not isinstance(principal, ApiToken):
        raise NotAuthenticated
    return principal
