"""Reads JSON bodies strictly: what other systems would read differently, or the database cannot keep, is refused."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from shuangjian.core.errors import InvalidInput, Problem

DEEPEST = 20  # a weekly return has 3 levels
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class StrictJSONParser(BaseParser):
    """UTF-8 JSON without duplicate keys, NaN, infinities, NUL characters, lone surrogates or deep nesting.

    ParseError or InvalidInput otherwise, saying where.
    """

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        raw: bytes = stream.read()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ParseError(f"请求体不是 UTF-8 编码（第 {error.start + 1} 个字节处），请改用 UTF-8。") from None
        try:
            value = json.loads(
                text, object_pairs_hook=_once_each, parse_constant=_no_constant, parse_float=_finite, parse_int=_whole
            )
        except json.JSONDecodeError as error:
            raise ParseError(
                f"请求体不是合法的 JSON：第 {error.lineno} 行第 {error.colno} 列附近有误，请检查括号、逗号和引号。"
            ) from None
        except RecursionError:
            raise ParseError(_TOO_DEEP) from None
        problems = list(_unstorable(value))
        if problems:
            raise InvalidInput(problems[:200])
        return value


_TOO_DEEP = f"JSON 嵌套超过 {DEEPEST} 层，请按接口文档的结构提交。"


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise ParseError(f"同一个 JSON 对象里键“{repeated[:40]}”出现了两次，请只保留一个。")
    return result


def _no_constant(name: str) -> Any:
    raise ParseError(f"JSON 中不允许 {name}，请填写数值或 null。")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ParseError(f"数值 {digits[:40]} 超出可表示的范围，请检查。")
    return number


def _whole(digits: str) -> int:
    if len(digits) > 19:
        raise ParseError(f"整数 {digits[:20]}… 超出可表示的范围，请检查。")
    return int(digits)


def _unstorable(value: Any) -> Iterator[Problem]:
    """Strings that PostgreSQL or UTF-8 cannot hold, with their paths; ParseError when nested too deep."""
    pending: list[tuple[str, Any, int]] = [("", value, 0)]
    while pending:
        path, item, depth = pending.pop()
        if isinstance(item, str):
            if _UNSTORABLE.search(item):
                yield Problem(path, "含有不可存储的字符（空字符或残缺的 Unicode），请删除。", "bad_character")
        elif isinstance(item, dict | list):
            if depth >= DEEPEST:
                raise ParseError(_TOO_DEEP)
            if isinstance(item, dict):
                for key in item:
                    if _UNSTORABLE.search(key):
                        yield Problem(path, "键名含有不可存储的字符，请删除。", "bad_character")
                pending += [(f"{path}.{key}" if path else key, each, depth + 1) for key, each in item.items()]
            else:
                pending += [(f"{path}[{index}]", each, depth + 1) for index, each in enumerate(item)]
