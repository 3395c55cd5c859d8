"""标准值: numbers of the law as data, a value per date with its reference, merged with the bureau's dated overrides."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Case, DecimalField, Q, Value, When
from django.db.models.expressions import Combinable

from shuangjian.rules.parameter_files import Dated, ParameterFile, ParameterMistake, read_parameter_file

logger = logging.getLogger(__name__)

NUMBER = DecimalField(max_digits=12, decimal_places=4)

#: Approved overrides: (parameter name, key) → [(effective from, value)], oldest first.
Overrides = Mapping[tuple[str, str], list[tuple[dt.date, Decimal]]]

_overrides: ContextVar[Overrides | None] = ContextVar("parameter_overrides", default=None)
_registry: dict[str, Parameter] = {}


@dataclass(frozen=True, eq=False)
class Parameter:
    """A dated standard value, the same for all or one per grade band or stage.

    ``at`` gives it as an SQL expression, ``on`` as a number. Before its first date it is NULL / None, so that nothing
    compares true and the rule judges nothing.
    """

    file: ParameterFile

    @property
    def name(self) -> str:
        return self.file.name

    def entries(self, key: str = "") -> list[Dated]:
        """Dated values for one key ("" for a plain parameter), newest first, the bureau's overrides merged in."""
        dated = {entry.effective_from: entry for entry in self.file.values[key]}
        for effective_from, value in (_overrides.get() or {}).get((self.name, key), []):
            dated[effective_from] = Dated(effective_from, value, {"document": "区教育局调整"}, None)
        return sorted(dated.values(), key=lambda entry: entry.effective_from, reverse=True)

    def at(self, on: str, *, by: str = "") -> Combinable:
        """The value in force on the date column ``on``, for the grade or stage in column ``by``."""
        if bool(by) != bool(self.file.by):
            raise ParameterMistake(
                f"{self.name} is given by {self.file.by or 'nothing'}: "
                + (f'write .at("{on}", by="…{self.file.by}")' if self.file.by else f'write .at("{on}")')
            )
        whens = []
        for key in self.file.values:
            which = self.file.condition(key, by)
            for entry in self.entries(key):
                condition = {f"{on}__gte": entry.effective_from, **which}
                whens.append(When(**condition, then=Value(self._value(entry), output_field=NUMBER)))
        return Case(*whens, default=Value(None, output_field=NUMBER), output_field=NUMBER)

    def given(self, *, by: str) -> Q:
        """Rows whose grade or stage, in column ``by``, has a value at some time: the others compare with NULL."""
        return reduce(or_, (Q(**self.file.condition(key, by)) for key in self.file.values))

    def on(self, day: dt.date, *, key: str = "") -> Decimal | None:
        """The value in force on ``day`` for ``key`` ("3-6", "primary", or ""); None before the first date."""
        entry = self.entry_on(day, key=key)
        return None if entry is None else self._value(entry)

    def entry_on(self, day: dt.date, *, key: str = "") -> Dated | None:
        """The dated entry in force on ``day``, with its reference."""
        return next((entry for entry in self.entries(key) if entry.effective_from <= day), None)

    def key_for(self, about: str | int) -> str | None:
        """The key that holds for a grade or stage; None when there is none (grades 1–2 have no cap)."""
        return next((key for key in self.file.values if self.file.matches(key, about)), None)

    def _value(self, entry: Dated) -> Decimal:
        expired = entry.valid_until
        if expired is not None:
            newest = max(e.effective_from for key in self.file.values for e in self.entries(key))
            if newest <= expired:
                self._warn_of_gap(expired)
        return entry.value

    def _warn_of_gap(self, expired: dt.date) -> None:
        message = (
            f"标准值 {self.name} 于 {expired} 到期，没有后续值；请在 {self.file.path.name} 中补充，或由教育局作出调整。"
        )
        if getattr(settings, "PARAMETER_GAPS_RAISE", False):
            raise ParameterMistake(message)
        logger.error(message)


def domain_folder(module_file: str) -> Path:
    """Where a domain keeps cases and parameters: beside its rules.py, or beside the package rules/ of many modules."""
    folder = Path(module_file).parent
    return folder.parent if folder.name == "rules" else folder


def load_parameter(module_file: str, name: str) -> Parameter:
    """The parameter ``parameters/<name>.yaml`` of the domain whose module asks; called once, at import."""
    path = domain_folder(module_file) / "parameters" / f"{name}.yaml"
    parameter = Parameter(read_parameter_file(path))
    known = _registry.get(parameter.name)
    if known is not None and known.file.path != path:
        raise ParameterMistake(f"{path}: the name {parameter.name} is taken by {known.file.path}.")
    _registry[parameter.name] = parameter
    return parameter


def all_parameters() -> list[Parameter]:
    """Every parameter of the rules that are registered, by name."""
    return [_registry[name] for name in sorted(_registry)]


def get_parameter(name: str) -> Parameter:
    """The parameter of that name; KeyError when there is none."""
    return _registry[name]


@contextmanager
def frozen(overrides: Overrides) -> Iterator[str]:
    """Within the block every parameter answers with these overrides; yields the version of the whole set."""
    token = _overrides.set(overrides)
    try:
        yield parameters_version()
    finally:
        _overrides.reset(token)


def parameters_version() -> str:
    """Sixteen hex digits over every dated value in force: the same values give the same version."""
    content: dict[str, Any] = {
        parameter.name: {
            key: [[str(entry.effective_from), str(entry.value.normalize())] for entry in parameter.entries(key)]
            for key in parameter.file.values
        }
        for parameter in all_parameters()
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
