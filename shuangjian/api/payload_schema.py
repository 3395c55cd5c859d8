"""The OpenAPI description of a weekly return's content, made of the very columns that check it.

It is told to programs only: what is refused, and in which words, ``check_payload`` alone decides. Rules across rows
(repeats, a tick beside data, both numbers or neither) cannot be said here.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension

from shuangjian.bureau.models import Institution
from shuangjian.core.weeks import Week
from shuangjian.intake.columns import OMIT, Column
from shuangjian.intake.sections import Form, Section, all_sections

_ANY_WEEK = Week.parse("2026-W45")  # columns ask for a week; what they say of it is of every week


class PayloadSchema(OpenApiSerializerExtension):
    """Puts ``payload_schema`` in the place of PayloadSerializer."""

    target_class = "shuangjian.api.serializers.returns.PayloadSerializer"

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return payload_schema()


def payload_schema() -> dict[str, Any]:
    """JSON Schema of the content: every key of every section, every field of its rows."""
    form = Form(Institution(), _ANY_WEEK, {})
    properties = {
        key: {"type": ["array", "null"], "description": _title(section, key), "items": row_schema(columns)}
        for section in sorted(all_sections(), key=lambda section: section.place)
        for key, columns in section.columns(form).items()
    }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def row_schema(columns: Any) -> dict[str, Any]:
    """JSON Schema of one row."""
    return {
        "type": "object",
        "required": [column.name for column in columns if column.is_required],
        "properties": {column.name: field_schema(column) for column in columns},
        "additionalProperties": False,
    }


def field_schema(column: Column) -> dict[str, Any]:
    """JSON Schema of one cell: a later key may be null, which says as much as leaving it out."""
    schema = dict(column.check.schema)
    said = schema.pop("description", "")
    words = [column.label]
    if said:
        words.append(str(said))
    if column.default is OMIT:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
        words.append("可不填，null 与不填相同，表示没有说明")
    elif not column.is_required:
        schema["default"] = column.default
    return {"description": "；".join(words), **schema}


def _title(section: Section, key: str) -> str:
    tick = section.ticks.get(key)
    return f"{section.title}：{tick}" if tick else section.title
