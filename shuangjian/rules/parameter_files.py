"""Reads a parameter's YAML file and refuses what is not understood, naming the file and the mend."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

from shuangjian.core.units import TIME_OF_DAY

_CLOCK = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)$")
_BAND = re.compile(r"^(\d)-(\d)$")
_KEYS = {"name", "description", "unit", "by", "jurisdiction", "is_open", "values", "readings", "note"}
_REQUIRED = {"name", "description", "unit", "jurisdiction", "values"}
_ENTRY_KEYS = {"from", "value", "reference", "valid_until"}
_REFERENCE_KEYS = {"clause", "document", "quote", "url"}


class ParameterMistake(Exception):
    """A parameter file or its use is wrong; the message names the file and says how to mend it."""


@dataclass(frozen=True)
class Dated:
    """A value from a date on, with the clause or document that sets it. ``valid_until`` None: until replaced."""

    effective_from: dt.date
    value: Decimal
    reference: dict[str, str]
    valid_until: dt.date | None

    @property
    def reference_text(self) -> str:
        clause = self.reference.get("clause")
        return f"《指引》{clause}" if clause else self.reference.get("document", "")


@dataclass(frozen=True)
class ParameterFile:
    """One parameter as its file says it. ``values`` has one key "" for a plain parameter, else one per band or stage.

    ``is_open`` marks a number or reading that the guideline leaves open (†): the bureau can change it, and
    ``readings`` are the others that were possible.
    """

    path: Path
    name: str
    description: str
    unit: str
    by: str
    jurisdiction: str
    is_open: bool
    values: dict[str, list[Dated]]
    readings: list[dict[str, Any]]
    note: str

    def condition(self, key: str, column: str) -> dict[str, Any]:
        """Filter keywords that select the rows of ``key`` by the grade or stage column."""
        if not key:
            return {}
        band = _BAND.match(key)
        if band:
            return {f"{column}__gte": int(band[1]), f"{column}__lte": int(band[2])}
        return {column: key}

    def matches(self, key: str, about: str | int) -> bool:
        """Whether ``key`` holds for this grade (int) or stage (str)."""
        band = _BAND.match(key)
        if band:
            return isinstance(about, int) and int(band[1]) <= about <= int(band[2])
        return key in ("", about)


def read_parameter_file(path: Path) -> ParameterFile:
    """Parse one file; ParameterMistake when anything in it is unknown, missing or of the wrong kind."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParameterMistake(
            f"{path} is missing: every parameter is a YAML file in its domain's parameters/."
        ) from None
    except yaml.YAMLError as error:
        raise ParameterMistake(f"{path} is not YAML: {error}") from error
    if not isinstance(raw, dict):
        raise ParameterMistake(f"{path}: expected a mapping with the keys {', '.join(sorted(_KEYS))}.")
    _check_keys(path, "", raw, _KEYS, _REQUIRED)
    by = raw.get("by", "")
    values: dict[str, list[Dated]] = {}
    for number, entry in enumerate(raw["values"]):
        for key, dated in _read_entry(path, f"values[{number}]", entry, by, raw["unit"]).items():
            values.setdefault(key, []).append(dated)
    if not values:
        raise ParameterMistake(f"{path}: values is empty; give at least one entry with from, value and reference.")
    return ParameterFile(
        path=path,
        name=raw["name"],
        description=raw["description"],
        unit=raw["unit"],
        by=by,
        jurisdiction=str(raw["jurisdiction"]),
        is_open=bool(raw.get("is_open", False)),
        values=values,
        readings=list(raw.get("readings", [])),
        note=raw.get("note", ""),
    )


def _check_keys(path: Path, where: str, raw: dict[str, Any], known: set[str], required: set[str]) -> None:
    unknown, missing = set(raw) - known, required - set(raw)
    place = f"{path}{': ' + where if where else ''}"
    if unknown:
        raise ParameterMistake(
            f"{place}: unknown key {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}."
        )
    if missing:
        raise ParameterMistake(f"{place}: {', '.join(sorted(missing))} is missing.")


def _read_entry(path: Path, where: str, entry: Any, by: str, unit: str) -> dict[str, Dated]:
    if not isinstance(entry, dict):
        raise ParameterMistake(f"{path}: {where} must be a mapping with from, value and reference.")
    _check_keys(path, where, entry, _ENTRY_KEYS, {"from", "value", "reference"})
    since, until, reference = entry["from"], entry.get("valid_until"), entry["reference"]
    if not isinstance(since, dt.date) or (until is not None and not isinstance(until, dt.date)):
        raise ParameterMistake(f"{path}: {where}: from and valid_until are dates such as 2021-09-01.")
    if not isinstance(reference, dict) or not {"clause", "document"} & set(reference):
        raise ParameterMistake(
            f"{path}: {where}: reference names a clause, or a document for what the guideline leaves open."
        )
    _check_keys(path, f"{where}.reference", reference, _REFERENCE_KEYS, set())
    given = entry["value"]
    if bool(by) != isinstance(given, dict):
        raise ParameterMistake(
            f"{path}: {where}.value must be "
            + (
                f"a mapping by {by}, such as '3-6: 60'."
                if by
                else "one value; to give several, add by: grade or by: stage."
            )
        )
    pairs = given.items() if isinstance(given, dict) else [("", given)]
    texts = {k: str(v) for k, v in reference.items()}
    return {str(key): Dated(since, _number(path, where, value, unit), texts, until) for key, value in pairs}


def _number(path: Path, where: str, value: Any, unit: str) -> Decimal:
    if unit == TIME_OF_DAY:
        match = _CLOCK.match(value) if isinstance(value, str) else None
        if match is None:
            raise ParameterMistake(
                f'{path}: {where}.value {value!r} is not a time of day: quote it as "08:20" '
                "(YAML reads a bare 18:30 as 1110)."
            )
        return Decimal(int(match[1]) * 60 + int(match[2]))
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ParameterMistake(f"{path}: {where}.value {value!r} is not a number.")
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise ParameterMistake(f"{path}: {where}.value {value!r} is not a number.") from None
