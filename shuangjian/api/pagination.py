"""Cursor paging over a key that is unique: rows that arrive meanwhile are neither skipped nor shown twice.

DRF's own cursor counts offsets among equal positions up to 1,000; one evaluation stamps far more findings with the
same instant. Here the cursor is the whole key (for example ``changed_at, id``) of the last row.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

DEFAULT_SIZE = 100
LARGEST_SIZE = 500
CURSOR, PAGE_SIZE = "cursor", "page_size"


class CursorPagination(BasePagination):
    """Answers ``{"next", "previous", "results"}``.

    The view's ``page_key`` names the ascending order: fields that are never NULL, together unique; the default is
    ``("id",)``. Lists that are no querysets (rules, clauses) are paged by position.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        self.next_link: str | None = None
        self.previous_link: str | None = None
        size = _size(request)
        cursor = _decode(request.query_params.get(CURSOR))
        if isinstance(queryset, QuerySet):
            return self._page_of_rows(queryset, tuple(getattr(view, "page_key", ("id",))), cursor, size)
        return self._page_of_list(queryset, cursor, size)

    def _page_of_rows(self, rows: QuerySet[Any], key: tuple[str, ...], cursor: Any, size: int) -> list[Any]:
        backwards, position = cursor or (False, None)
        if position is not None:
            rows = rows.filter(_beyond(key, _checked(position, key, rows), backwards))
        order = [f"-{name}" if backwards else name for name in key]
        page = list(rows.order_by(*order)[: size + 1])
        has_more = len(page) > size
        page = page[:size]
        if backwards:
            page.reverse()
        if page and (backwards or has_more):
            self.next_link = self._link(False, _position(page[-1], key))
        if page and (has_more if backwards else position is not None):
            self.previous_link = self._link(True, _position(page[0], key))
        return page

    def _page_of_list(self, rows: Sequence[Any], cursor: Any, size: int) -> list[Any]:
        start = 0
        if cursor is not None:
            if len(cursor[1]) != 1 or not isinstance(cursor[1][0], int) or cursor[1][0] < 0:
                raise _bad_cursor()
            start = cursor[1][0]
        if start + size < len(rows):
            self.next_link = self._link(False, [start + size])
        if start > 0:
            self.previous_link = self._link(True, [max(start - size, 0)])
        return list(rows[start : start + size])

    def _link(self, backwards: bool, position: list[Any]) -> str:
        text = json.dumps([int(backwards), position], separators=(",", ":"))
        cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        url = remove_query_param(self.request.build_absolute_uri(), CURSOR)
        return str(replace_query_param(url, CURSOR, cursor))

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self.next_link, "previous": self.previous_link, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        properties = {"next": link, "previous": link, "results": schema}
        return {"type": "object", "required": list(properties), "properties": properties}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": LARGEST_SIZE, "default": DEFAULT_SIZE}
        return [
            {
                "name": CURSOR,
                "in": "query",
                "required": False,
                "description": "上一次回答的 next 或 previous 中的游标",
                "schema": {"type": "string"},
            },
            {"name": PAGE_SIZE, "in": "query", "required": False, "description": "每页条数", "schema": size},
        ]


def _size(request: Request) -> int:
    text = request.query_params.get(PAGE_SIZE, str(DEFAULT_SIZE))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= LARGEST_SIZE:
        raise ValidationError({PAGE_SIZE: f"应为 1–{LARGEST_SIZE} 的整数，现为“{text[:20]}”。"})
    return int(text)


def _bad_cursor() -> ValidationError:
    return ValidationError({CURSOR: "游标不可用，请从第一页（不带 cursor）重新开始。"}, code="bad_cursor")


def _decode(text: str | None) -> tuple[bool, list[Any]] | None:
    if text is None:
        return None
    try:
        backwards, position = json.loads(base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise _bad_cursor() from None
    if backwards not in (0, 1) or not isinstance(position, list):
        raise _bad_cursor()
    return bool(backwards), position


def _checked(position: list[Any], key: tuple[str, ...], rows: QuerySet[Any]) -> list[Any]:
    """The position as values of the key's columns; whoever edits a cursor gets 400, not a database error."""
    if len(position) != len(key):
        raise _bad_cursor()
    try:
        # The key's fields stand on the model itself, so that their own parsers apply.
        return [rows.model._meta.get_field(name).to_python(value) for name, value in zip(key, position, strict=True)]
    except Exception:
        raise _bad_cursor() from None


def _beyond(key: tuple[str, ...], position: list[Any], backwards: bool) -> Q:
    """Rows after ``position`` in the key's order: a > x, or a = x and b > y, …"""
    comparison = "lt" if backwards else "gt"
    condition, equal = Q(pk__in=[]), Q()
    for name, value in zip(key, position, strict=True):
        condition |= equal & Q(**{f"{name}__{comparison}": value})
        equal &= Q(**{name: value})
    # The first comparison alone lets the index be used; the OR of a keyset does not.
    return Q(**{f"{key[0]}__{comparison}e": position[0]}) & condition


def _position(row: Any, key: tuple[str, ...]) -> list[Any]:
    values = [getattr(row, name) for name in key]
    return [value.isoformat() if isinstance(value, dt.date) else value for value in values]
