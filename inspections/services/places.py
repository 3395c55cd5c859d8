"""Where a visit was: what the phone said of its position, and how far that is from the registered point."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from shuangjian.bureau.models import Institution
from shuangjian.core.errors import InvalidInput, Problem
from shuangjian.evidence.words import clean

_EARTH_M = 6_371_008.8
_MICRO = Decimal("0.000001")
_LONGEST_NOTE = 200
#: A phone without any idea says thousands of kilometres; more is a mistake of the sender.
_WORST_ACCURACY_M = 1_000_000


@dataclass(frozen=True)
class Place:
    """Degrees (WGS 84) and metres as the phone gave them; all None where it gave no position."""

    latitude: Decimal | float | None = None
    longitude: Decimal | float | None = None
    accuracy_m: float | None = None
    note: str = ""


def put_place(visit: Any, place: Place) -> None:
    """Write ``place`` and the distance to the institution's registered point on the unsaved ``visit``.

    A missing position and any distance are let through; InvalidInput at ``place.latitude`` … for what is no position.
    """
    problems: list[Problem] = []
    latitude = degrees(place.latitude, 90, "place.latitude", "纬度", problems)
    longitude = degrees(place.longitude, 180, "place.longitude", "经度", problems)
    if (latitude is None) != (longitude is None) and not problems:
        problems.append(Problem("place", "纬度和经度须一并填写，或都不填。"))
    accuracy = place.accuracy_m
    if accuracy is not None and not (math.isfinite(accuracy) and 0 <= accuracy <= _WORST_ACCURACY_M):
        problems.append(Problem("place.accuracy_m", f"定位精度应为 0–{_WORST_ACCURACY_M} 米。"))
    note = clean(place.note)
    if len(note) > _LONGEST_NOTE:
        problems.append(Problem("place.note", f"位置说明最多 {_LONGEST_NOTE} 字，请缩短。"))
    if problems:
        raise InvalidInput(problems)
    visit.latitude, visit.longitude, visit.place_note = latitude, longitude, note or visit.place_note
    visit.accuracy_m = None if accuracy is None else round(accuracy)
    visit.distance_m = distance_m(visit.institution, latitude, longitude)


def degrees(value: Any, most: int, path: str, label: str, problems: list[Problem]) -> Decimal | None:
    """The number to six places (0.1 m), None for nothing; what is none goes to ``problems``."""
    if value is None or value == "":
        return None
    try:
        number = Decimal(str(value))
        if number.is_finite() and -most <= number <= most:
            return number.quantize(_MICRO, rounding=ROUND_HALF_UP)
    except InvalidOperation:
        pass
    problems.append(Problem(path, f"{label}应为 -{most} 到 {most} 之间的数，如 22.937244。"))
    return None


def distance_m(institution: Institution, latitude: Decimal | None, longitude: Decimal | None) -> int | None:
    """Metres by great circle; None where the visit or the institution has no point."""
    if latitude is None or longitude is None or institution.latitude is None or institution.longitude is None:
        return None
    north, south = math.radians(latitude), math.radians(institution.latitude)
    across = math.radians(longitude - institution.longitude)
    half = math.sin((north - south) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin(across / 2) ** 2
    return round(2 * _EARTH_M * math.asin(math.sqrt(min(1.0, half))))
