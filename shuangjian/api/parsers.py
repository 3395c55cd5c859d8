"""Reads JSON bodies strictly: what other systems would read differently, or the database cannot keep, is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import BaseParser

from shuangjian.core.errors import InvalidInput, Problem

DEEPEST = 20  # a weekly return has 3 levels
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class StrictJSONParser(BaseParser):
    """UTF-8 JSON without duplicate keys, NaN, infinities, NUL characters, lone surrogates or deep nesting.

    ParseError, ValidationError (400) or InvalidInput (422) otherwise, saying where. A number that no column can hold
    (1e309, forty digits) comes out as a float, infinite where need be: the check of its column names the cell.
    """

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        raw: bytes = stream.read()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ParseError(f"请求体不是 UTF-8 编码（第 {error.start + 1} 个字节处），请改用 UTF-8。") from None
        try:
            value = json.loads(text, object_pairs_hook=_noting_repeats, parse_constant=_Constant, parse_int=_whole)
        except json.JSONDecodeError as error:
            raise ParseError(
                f"请求体不是合法的 JSON：第 {error.lineno} 行第 {error.colno} 列附近有误，请检查括号、逗号和引号。"
            ) from None
        except RecursionError:
            raise ParseError(_TOO_DEEP) from None
        malformed: dict[str, list[str]] = {}
        unstorable: list[Problem] = []
        for path, item in _walk(value):
            for below, message in _malformed(item):
                malformed.setdefault(_join(path, below), []).append(message)
            unstorable += [Problem(path, message, "bad_character") for message in _unstorable(item)]
        if malformed:
            raise ValidationError(dict(islice(malformed.items(), _MOST)), code="malformed")
        if unstorable:
            raise InvalidInput(unstorable[:_MOST])
        return value


_TOO_DEEP = f"JSON 嵌套超过 {DEEPEST} 层，请按接口文档的结构提交。"
_MOST = 200
_LONGEST_WHOLE = 19  # as many characters as PostgreSQL's bigint may have


class _Repeating(dict[str, Any]):
    """An object in which a key stands twice; which one is meant nobody knows."""

    repeated: str


class _Constant(str):
    """NaN, Infinity or -Infinity, which Python reads and JSON does not know."""


def _noting_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) == len(pairs):
        return result
    names = [name for name, _ in pairs]
    noted = _Repeating(result)
    noted.repeated = next(name for name in names if names.count(name) > 1)
    return noted


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_WHOLE else float(digits)


def _walk(value: Any) -> Iterator[tuple[str, Any]]:
    """Every value with its path; ParseError when nested too deep."""
    pending: list[tuple[str, Any, int]] = [("", value, 0)]
    while pending:
        path, item, depth = pending.pop()
        yield path, item
        if not isinstance(item, dict | list):
            continue
        if depth >= DEEPEST:
            raise ParseError(_TOO_DEEP)
        if isinstance(item, dict):
            inside = [(_join(path, key), each, depth + 1) for key, each in item.items()]
        else:
            inside = [(f"{path}[{index}]", each, depth + 1) for index, each in enumerate(item)]
        pending += reversed(inside)


def _join(path: str, key: str) -> str:
    """``path.key``, without what a problem could not be written with."""
    key = _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", key)
    return f"{path}.{key}" if path and key else path or key


def _malformed(item: Any) -> Iterator[tuple[str, str]]:
    """What no program reads for sure: the key below the item ("" for itself), and why."""
    if isinstance(item, _Repeating):
        yield item.repeated, "同一个 JSON 对象里这个键出现了两次，请只保留一个。"
    elif isinstance(item, _Constant):
        yield "", f"JSON 中不允许 {item}，请填写数值或 null。"


def _unstorable(item: Any) -> Iterator[str]:
    """What PostgreSQL or UTF-8 cannot hold."""
    if isinstance(item, str) and _UNSTORABLE.search(item):
        yield "含有不可存储的字符（空字符或残缺的 Unicode），请删除。"
    elif isinstance(item, dict) and any(_UNSTORABLE.search(key) for key in item):
        yield "键名含有不可存储的字符，请删除。"
