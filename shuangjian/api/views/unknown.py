"""Every other address under /api/: a problem+json 404 and not an HTML page."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from shuangjian.api.problems import Rejection
from shuangjian.api.views.base import ApiView


@extend_schema(exclude=True)
class UnknownAddress(ApiView):
    """Answers 404 to any method, with or without a token: that an address does not exist is no secret."""

    authentication_classes = ()
    permission_classes = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        slash = "；接口地址都以 / 结尾" if not request.path.endswith("/") else ""
        raise Rejection(f"没有这个接口地址{slash}。全部地址见 /api/docs/。", code="unknown_address", status=404)
