"""How values are written in JSON: exact numbers, ISO weeks, times of day as text beside their minutes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from shuangjian.core.units import FLAG, SHARE, TIME_OF_DAY, clock_text, share_text
from shuangjian.core.weeks import Week


def number(value: Decimal | int) -> int | float:
    """A stored numeric(12,4) as a JSON number. Twelve digits are within what a double writes back unchanged."""
    return int(value) if value == int(value) else float(value)


def quantity_text(value: Decimal | int, unit: str) -> str:
    """As people read it: ``08:20`` for minutes after midnight, ``90%`` for a share, else the number with its unit."""
    if unit == TIME_OF_DAY:
        return clock_text(value)
    if unit == SHARE:
        return share_text(value)
    if unit == FLAG:
        return "是" if value else "否"
    return f"{number(value)} {unit}".rstrip()


class _ReadField(serializers.Field[Any, Any, Any, Any]):
    """A field of answers only."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, **options)


@extend_schema_field({"type": "number"})
class NumberField(_ReadField):
    """A Decimal as an exact JSON number."""

    def to_representation(self, value: Decimal) -> int | float:
        return number(value)


@extend_schema_field({"type": "string", "pattern": "^[0-9]{4}-W[0-9]{2}$", "example": "2026-W45"})
class WeekField(_ReadField):
    """The Monday of a week as 2026-W45."""

    def to_representation(self, value: dt.date) -> str:
        return Week.of(value).key


@extend_schema_field({"type": "string"})
class CodeField(_ReadField):
    """The ``code`` of a related unit: outside programs never see primary keys of units."""

    def to_representation(self, value: Any) -> str:
        return str(value.code)


@extend_schema_field({"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}$", "example": "08:20"})
class ClockField(_ReadField):
    """Minutes after midnight as 08:20, as returns write them."""

    def to_representation(self, value: int) -> str:
        return clock_text(value)
