"""What the OpenAPI description says beyond what drf-spectacular reads from the code: tokens, problems, headers."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from shuangjian.api.idempotency import HEADER, METHODS
from shuangjian.api.problems import CONTENT_TYPE


class BearerToken(OpenApiAuthenticationExtension):
    """Authorization: Bearer, as Swagger UI offers it."""

    target_class = "shuangjian.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


_DIFFERENCE = {
    "section": "部分",
    "where": "班级或学段、日期、学科",
    "column": "栏目",
    "yours": "您的内容",
    "saved": "现有内容",
}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail", "code", "instance", "request_id", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "instance": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "message", "code"],
                "properties": {
                    "path": {"type": "string", "examples": ["homework[3].minutes"]},
                    "message": {"type": "string"},
                    "code": {"type": "string"},
                },
            },
        },
        "current": {"type": ["object", "null"], "description": "412 和已锁定（409）时的现有周报"},
        "differences": {
            "type": "array",
            "description": "412 和已锁定（409）时，您的内容与现有内容不同的每一格，先列 500 格",
            "items": {
                "type": "object",
                "required": list(_DIFFERENCE),
                "properties": {name: {"type": "string", "description": said} for name, said in _DIFFERENCE.items()},
            },
        },
        "differences_total": {"type": "integer", "description": "不同之处的总数"},
    },
}
_READS = {"400": "参数有误", "401": "没有有效令牌", "404": "没有，或不在管辖范围内", "406": "只回答 JSON"}
_WRITES = {
    **_READS,
    "403": "令牌只读，或其范围不能做这项操作",
    "409": "状态冲突（已锁定为 locked，附现有内容和不同之处），或同一幂等键的请求仍在处理",
    "412": "已被他人修改",
    "413": "请求体过大",
    "415": "请求体不是 JSON",
    "422": "数据有误，或幂等键已用于别的内容",
}
_IDEMPOTENCY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "每个请求一个新键（建议 UUID）。24 小时内以相同内容重发，只回答上次的结果，"
    "并带 Idempotency-Replayed: true。",
    "schema": {"type": "string", "maxLength": 100},
}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "所依据版本的 ETag；已被他人修改时回答 412 和现有内容。",
    "schema": {"type": "string"},
}
_IF_NONE_MATCH = {**_IF_MATCH, "name": "If-None-Match", "description": "已有内容的 ETag；没有变化时回答 304。"}


def document_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Post-processing hook: every operation's problems, and the headers that reads and writes take."""
    schemas = result["components"]["schemas"]
    for each in schemas.values():
        _drop_docstring(each)
    schemas["Problem"] = _PROBLEM
    for operations in result["paths"].values():
        for method, operation in operations.items():
            _drop_docstring(operation)
            is_write = method.upper() in METHODS
            for status, meaning in (_WRITES if is_write else _READS).items():
                operation["responses"].setdefault(status, _answer(meaning))
            parameters = operation.setdefault("parameters", [])
            if is_write:
                parameters += [_IDEMPOTENCY, _IF_MATCH]
            else:
                parameters.append(_IF_NONE_MATCH)
                operation["responses"].setdefault("304", {"description": "没有变化"})
    return result


def _answer(meaning: str) -> dict[str, Any]:
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": meaning, "content": content}


def _drop_docstring(described: dict[str, Any]) -> None:
    """Docstrings speak English to who maintains the portal, not to its callers; lists of choices are kept."""
    if not described.get("description", "").startswith("*"):
        described.pop("description", None)
