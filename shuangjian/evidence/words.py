"""Texts and choices as people type them, for the services of evidence."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models

from shuangjian.core.errors import InvalidInput, Problem

LONGEST_TEXT = 4000


def clean(value: Any) -> str:
    """Trimmed, without NUL characters: PostgreSQL keeps none."""
    return str(value if value is not None else "").replace("\x00", "").strip()


def reason_of(value: Any, label: str, field: str = "reason", longest: int = 400) -> str:
    """The text, trimmed; InvalidInput when it is missing or too long."""
    text = clean(value)
    if not 1 <= len(text) <= longest:
        raise InvalidInput([Problem(field, f"请填写{label}（1–{longest} 字）。", "required")])
    return text


def choice_of(value: Any, choices: type[models.TextChoices], label: str) -> str:
    """The code of a choice given by code or by its Chinese name; ValueError that names the possible ones."""
    text = clean(value)
    for code, name in choices.choices:
        if text in (code, name):
            return str(code)
    names = "、".join(str(name) for _, name in choices.choices)
    raise ValueError(f"{label}“{text[:20]}”不在可选范围内，请填：{names}。" if text else f"请填写{label}：{names}。")


def day_of(value: Any, label: str, *, not_after: dt.date) -> dt.date:
    """A date, or an ISO date as text; ValueError when it is none or lies ahead."""
    if isinstance(value, dt.datetime):
        value = value.date()
    if not isinstance(value, dt.date):
        text = clean(value)
        if not text:
            raise ValueError(f"请填写{label}，如 2026-11-02。")
        try:
            value = dt.date.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{label}“{text[:20]}”不是日期，请按 2026-11-02 的格式填写。") from None
    if value > not_after:
        raise ValueError(f"{label} {value} 晚于今天（{not_after}），请核对。")
    if value.year < 2000:
        raise ValueError(f"{label} {value} 太早，请核对年份。")
    return dt.date(value.year, value.month, value.day)
