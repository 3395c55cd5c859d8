"""POST of rows: one object or a list, checked and written by the one path of all doors, or only tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from shuangjian.api.filters import refuse_unknown
from shuangjian.bureau.models import Institution
from shuangjian.core.errors import InvalidInput, Problem
from training_orgs.rows import Kind, Saved, get_kind, may_file, save_rows
from training_orgs.rows.saving import table_of

MOST_ROWS = 5_000
DRY_RUN = OpenApiParameter("dry_run", str, enum=["1"], description="1：只检查和计数，什么也不保存")


class RowResultSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="在请求列表中的位置，从 0 起")
    id = serializers.IntegerField(allow_null=True, help_text="记录编号；试运行中新增的为 null")
    outcome = serializers.CharField(help_text="created、changed 或 unchanged")


class RowsSavedSerializer(serializers.Serializer[Any]):
    dry_run = serializers.BooleanField()
    created = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    results = RowResultSerializer(many=True)


class PostsRows:
    """``create`` for a viewset of rows of ``kind_key``."""

    kind_key: ClassVar[str]

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        kind = get_kind(self.kind_key)
        institution = permitted(request.user, kind)
        refuse_unknown(request, ("dry_run",))
        dry_run = request.query_params.get("dry_run", "0") not in ("", "0")
        rows = objects(request.data)
        saved = save_rows(kind, table_of(kind, rows), actor=request.user, institution=institution, dry_run=dry_run)
        body = {"dry_run": dry_run, **saved.as_dict(), "results": results(saved, kind, rows, dry_run=dry_run)}
        return Response(body, status=201 if saved.created and not dry_run else 200)


def permitted(principal: Any, kind: Kind) -> Institution | None:
    """Whose rows the caller may file: one institution's, or (None) all in its jurisdiction. PermissionDenied: none."""
    unit: Institution | None = getattr(principal, "institution", None)
    if not may_file(principal, kind):
        raise PermissionDenied(f"此令牌不能登记{kind.label}；本机构的用本机构的令牌，其他的用全区的令牌。")
    return unit


def objects(data: Any) -> list[Mapping[str, Any]]:
    """The objects of a body: a list, or one. InvalidInput names what is no object."""
    rows = data if isinstance(data, list) else [data]
    if not rows or (isinstance(data, Mapping) and not data):
        raise InvalidInput([Problem("", "没有数据。请求体应为一个对象，或对象的列表。", "required")])
    if len(rows) > MOST_ROWS:
        raise InvalidInput([Problem("", f"一次最多 {MOST_ROWS} 条，现有 {len(rows)} 条，请分几次提交。", "too_many")])
    wrong = [
        Problem(f"[{at}]", "应为 JSON 对象。", "invalid") for at, row in enumerate(rows) if not isinstance(row, Mapping)
    ]
    if wrong:
        raise InvalidInput(wrong[:50])
    return rows


def results(saved: Saved, kind: Kind, rows: list[Mapping[str, Any]], *, dry_run: bool) -> list[dict[str, Any]]:
    """What became of each object, in the order of the body."""
    group = table_of(kind, rows).group or range(len(rows))
    first: dict[int, int] = {}
    for row, number in enumerate(group):
        first.setdefault(number, row)
    found = []
    for number in range(len(rows)):
        row = first[number]
        is_new = row in saved.fresh
        outcome = "created" if is_new else "changed" if row in saved.altered else "unchanged"
        key = None if dry_run and is_new else saved.keys.get(row)
        found.append({"index": number, "id": key, "outcome": outcome})
    return found


def body_schema(kind: Kind) -> dict[str, Any]:
    """The JSON schema of a body of this kind, from its columns."""
    own: dict[str, Any] = {}
    parts: dict[str, Any] = {}
    for column in kind.every_column:
        of, _, name = column.key.rpartition(".")
        words = "；".join(word for word in (column.label, column.help, "、".join(column.cell.choices.values())) if word)
        shape: dict[str, Any] = {"description": words, **column.cell.json}
        (parts if of else own)[name] = shape
    if parts:
        own[kind.child] = {"type": "array", "items": {"type": "object", "properties": parts}}
    required = [column.key for column in kind.every_column if column.is_required and "." not in column.key]
    one = {"type": "object", "properties": own, "required": required}
    return {"oneOf": [{"type": "array", "items": one, "maxItems": MOST_ROWS}, one]}
