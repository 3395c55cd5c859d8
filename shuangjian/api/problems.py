"""Errors as RFC 9457 problem+json, in Chinese: what is wrong, where (``errors[].path``), and how to go on."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from shuangjian.core.errors import InvalidInput, Problem, Refused

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
_TYPE = "urn:shuangjian:problem:"

_TITLES = {
    400: "请求有误",
    401: "需要有效的接口令牌",
    403: "没有权限",
    404: "没有找到",
    405: "此地址不支持这种请求方法",
    406: "无法按要求的格式回答",
    409: "与当前状态冲突",
    411: "缺少请求体长度",
    412: "数据已被他人修改",
    413: "请求体过大",
    415: "请求体格式不支持",
    422: "数据有误，没有保存",
    429: "请求过于频繁",
    500: "服务器内部错误",
    503: "服务暂时不可用",
}
_NOT_FOUND = "没有这一条数据，或不在此令牌的管辖范围内；请核对地址中的代码。"


class Rejection(Refused):
    """A refusal of the interface itself; ``headers`` go with the answer, ``extra`` are further members of it."""

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, code=code, status=status)
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """Every exception of an API view as problem+json; unexpected ones are logged and tell no details."""
    request: Request = context["request"]
    if isinstance(error, Rejection):
        return problem(request, error.status, error.message, code=error.code, headers=error.headers, extra=error.extra)
    if isinstance(error, InvalidInput):
        return problem(request, error.status, error.message, code=error.code, problems=error.problems)
    if isinstance(error, Refused):
        return problem(request, error.status, error.message, code=error.code)
    if isinstance(error, DjangoValidationError):
        found = list(_of_django(error))
        return problem(request, 422, f"有 {len(found)} 处需要修改，数据没有保存。", code="invalid", problems=found)
    if isinstance(error, Http404 | exceptions.NotFound):
        return problem(request, 404, _NOT_FOUND, code="not_found")
    if isinstance(error, DjangoPermissionDenied):
        return problem(request, 403, str(error) or "此令牌不能进行这项操作。", code="permission_denied")
    if isinstance(error, exceptions.APIException):
        return _of_framework(request, error)
    request_id = _request_id(request)
    logger.error("Unexpected error in the API, request %s", request_id, exc_info=error)
    if _is_database_away(error):
        wait = {"Retry-After": "5"}
        # It may have died after the commit and before the answer.
        detail = "数据库暂时不可用，数据可能没有保存。请稍后重试；用同一个 Idempotency-Key 重试不会重复。"
        return problem(request, 503, detail, code="unavailable", headers=wait)
    detail = f"服务器出错，数据没有保存。请稍后重试；如仍出错，请把请求编号 {request_id} 告知区教育局。"
    return problem(request, 500, detail, code="internal")


def _is_database_away(error: Exception) -> bool:
    """A server that dies under a statement has no code for it: psycopg2 then knows no closer class."""
    return isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError


def problem(
    request: Request,
    status: int,
    detail: str,
    *,
    code: str,
    problems: list[Problem] | None = None,
    headers: Mapping[str, str] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Response:
    """One problem+json answer. ``instance`` is the path that was asked for."""
    body = {
        "type": _TYPE + code,
        "title": _TITLES.get(status, "请求没有完成"),
        "status": status,
        "detail": detail,
        "code": code,
        "instance": request.path,
        "request_id": _request_id(request),
        "errors": [each.as_dict() for each in problems or []],
        **(extra or {}),
    }
    return Response(body, status=status, headers=dict(headers or {}), content_type=CONTENT_TYPE)


def _request_id(request: Request) -> str:
    return str(getattr(request, "request_id", ""))


def _of_framework(request: Request, error: exceptions.APIException) -> Response:
    if isinstance(error, exceptions.ValidationError):
        found = list(_flatten("", error.detail))
        return problem(request, 400, f"有 {len(found)} 处需要修改。", code="invalid", problems=found)
    headers = {}
    if auth_header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    code = str(getattr(error.detail, "code", None) or error.default_code)
    return problem(request, error.status_code, _detail(request, error), code=code, headers=headers)


def _detail(request: Request, error: exceptions.APIException) -> str:
    if isinstance(error, exceptions.NotAuthenticated):
        return "请在请求头中提供接口令牌：Authorization: Bearer <令牌>。网页登录不能用于接口。"
    if isinstance(error, exceptions.MethodNotAllowed):
        return f"此地址不支持 {request.method}，支持的方法见响应头 Allow。"
    if isinstance(error, exceptions.UnsupportedMediaType):
        return "请求体应为 JSON，请加请求头 Content-Type: application/json。"
    if isinstance(error, exceptions.NotAcceptable):
        return "接口只回答 JSON，请去掉请求头 Accept 或改为 application/json。"
    if isinstance(error, exceptions.Throttled):
        return "请求过于频繁，请按响应头 Retry-After 的秒数等待后再试。"
    return str(error.detail)


def _flatten(path: str, detail: Any) -> Iterator[Problem]:
    """The nested errors of serializers and filters as one list with paths such as ``rows[3].day``."""
    if isinstance(detail, Mapping):
        for key, each in detail.items():
            if key == "non_field_errors":
                yield from _flatten(path, each)
            else:
                yield from _flatten(f"{path}.{key}" if path else str(key), each)
    elif isinstance(detail, list):
        for index, each in enumerate(detail):
            yield from _flatten(f"{path}[{index}]" if isinstance(each, Mapping | list) else path, each)
    else:
        yield Problem(path, str(detail), str(getattr(detail, "code", "invalid")))


def _of_django(error: DjangoValidationError) -> Iterator[Problem]:
    if hasattr(error, "error_dict"):
        for field, errors in error.error_dict.items():
            path = "" if field == "__all__" else str(field)
            for each in errors:
                yield from (Problem(path, message, str(each.code or "invalid")) for message in each.messages)
    else:
        yield from (Problem("", message) for message in error.messages)
