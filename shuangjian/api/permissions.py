"""What a token may do; which rows it may see is a matter of scope, not of permission."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from shuangjian.accounts.models import ApiToken
from shuangjian.api.authentication import token_of


class TokenMayWrite(BasePermission):
    """A live token for every request; a writing one (``--write``) for those that change something."""

    message = "此令牌只读，不能修改数据；请申请可写令牌。"
    code = "read_only_token"

    def has_permission(self, request: Request, view: Any) -> bool:
        return token_of(request).may_write or request.method in SAFE_METHODS


class ActsFromAbove(TokenMayWrite):
    """Acts of those above, such as 退回 or 认定: a town's or the district's token, never the unit's own."""

    message = "这一操作须使用镇街或全区的可写令牌，单位自己的令牌不能办理。"
    code = "role"

    def has_permission(self, request: Request, view: Any) -> bool:
        return super().has_permission(request, view) and token_of(request).scope != ApiToken.Scope.INSTITUTION
