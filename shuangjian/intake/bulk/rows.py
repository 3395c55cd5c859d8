"""Turns the text of a return's rows into its payload, whole columns at a time, and leads problems back to lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from shuangjian.core.errors import Problem
from shuangjian.intake.bulk.mistakes import Mistakes
from shuangjian.intake.bulk.reading import PART, REQUIRED, FiledReturn, PartRows
from shuangjian.intake.columns import OMIT, Column
from shuangjian.intake.sections import Form, sections_of

_PATH = re.compile(r"^(.+?)(?:\[(\d+)\](?:\.(.+))?)?$", re.DOTALL)
_OWN = frozenset({*REQUIRED, PART})

Parts = Mapping[str, Sequence[Column]]


def parts_of(form: Form) -> dict[str, Sequence[Column]]:
    """The columns of each part of the form's return, by payload key."""
    return {key: columns for section in sections_of(form) for key, columns in section.columns(form).items()}


def payload_of(filed: FiledReturn, columns: Sequence[str], parts: Parts) -> dict[str, list[dict[str, Any]]]:
    """The return as JSON would give it: an empty cell is a key that is not there.

    Text is read as its column means it; what stands for no value stays text, for the checks to refuse.
    """
    return {name: _rows(part, columns, parts.get(name, ())) for name, part in filed.parts.items()}


def _rows(part: PartRows, header: Sequence[str], columns: Sequence[Column]) -> list[dict[str, Any]]:
    known = {column.name: column for column in columns}
    names: list[str] = []
    stated: list[list[Any]] = []
    is_patchy = False
    for at, name in enumerate(header):
        if name in _OWN:
            continue
        texts = [row[at] for row in part.rows]
        distinct = set(texts)
        if distinct == {""}:
            continue
        values = _values(distinct, known.get(name))
        is_patchy = is_patchy or values.get("") is OMIT
        names.append(name)
        stated.append([values[text] for text in texts])
    if not names:
        return [{} for _ in part.rows]
    if not is_patchy:
        return [dict(zip(names, cells, strict=True)) for cells in zip(*stated, strict=True)]
    return [
        {name: cell for name, cell in zip(names, cells, strict=True) if cell is not OMIT}
        for cells in zip(*stated, strict=True)
    ]


def _values(texts: set[str], column: Column | None) -> dict[str, Any]:
    """What each text of a column stands for."""
    if column is None:  # of another part: the checks say that this one has no such column
        return {text: text or OMIT for text in texts}
    codes = {label: code for code, label in column.labels.items()}
    values: dict[str, Any] = {}
    for text in texts - {""}:
        value = column.check.read(text)
        values[text] = [codes.get(word, word) for word in value] if isinstance(value, list) else _coded(value, codes)
    # Where missing has a meaning of its own it is given here, which spares a slower way of making the rows.
    values[""] = OMIT if column.is_required else None if column.default is OMIT else column.default
    return values


def _coded(value: Any, codes: Mapping[str, str]) -> Any:
    return codes.get(value, value) if isinstance(value, str) else value


def place(problem: Problem, filed: FiledReturn, parts: Parts, mistakes: Mistakes) -> None:
    """Note a problem of the payload at its line and column: 第 12 行 minutes（分钟数）."""
    match = _PATH.match(problem.path)
    part = filed.parts.get(match[1]) if match else None
    if match is None or part is None:
        mistakes.add(filed.first_line, problem.path, problem.message, problem.code)
        return
    name = PART if match[2] is None else match[3] or ""  # without an index the path means the part itself
    line = part.lines[int(match[2] or 0)]
    mistakes.add(line, _titled(name, match[1], parts), _by_lines(problem, match[1], part), problem.code)


def _titled(name: str, part: str, parts: Parts) -> str:
    """A column with what it is called in Chinese, in its own part or else in any."""
    for columns in (parts.get(part, ()), *parts.values()):
        for column in columns:
            if column.name == name:
                return f"{name}（{column.label}）"
    return name


def _by_lines(problem: Problem, key: str, part: PartRows) -> str:
    """The sentence, naming another row by its line where it names one."""
    if problem.code != "duplicate":
        return problem.message
    return re.sub(
        rf" ?{re.escape(key)}\[(\d+)\] ?", lambda match: f"第 {part.lines[int(match[1])]} 行", problem.message, count=1
    )
