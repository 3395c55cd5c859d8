"""Word lists, guide prices, the baseline of TO-02 from tables: all lines or none, nothing changes when run again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.db import transaction

from shuangjian.bureau.imports import towns_by_name
from shuangjian.bureau.tables import (
    ImportResult,
    Line,
    Problems,
    one_of,
    optional_date,
    parsed_date,
    read_table,
    required_text,
    whole_number,
)
from shuangjian.bureau.upsert import Upserted, Wanted, upsert
from shuangjian.core import clock
from shuangjian.journal.services import record
from shuangjian.rules.periods import BEGINNING
from training_orgs.choices import Mode
from training_orgs.models import GuidePrice, ListedWord, SubjectBaseline
from training_orgs.services.judging import ask_counting_bodies
from training_orgs.services.standards import SIZES_REVERSED, clashing_prices, judge_prices, judge_words, overlap_of

WORD_COLUMNS = ("list", "word", "valid_from")
WORD_OPTIONAL = ("is_exception", "in_course_text_only", "valid_until", "reference")
PRICE_COLUMNS = ("mode", "size_from", "price", "valid_from", "reference")
PRICE_OPTIONAL = ("size_to", "valid_until")
BASELINE_COLUMNS = ("town", "licences", "reference")
DISTRICT = "全区"
WORDS = Path(__file__).parent.parent / "data" / "words.csv"

_YES = "是"
_DEAREST = Decimal("99999999.99")


@transaction.atomic
def load_words(*, actor: Any) -> ImportResult:
    """The words that the project ships, into empty lists only: from then on they are the bureau's."""
    if ListedWord.objects.exists():
        return ImportResult(0, 0, ListedWord.objects.count())
    return import_words(read_table(WORDS, WORD_COLUMNS, WORD_OPTIONAL), actor=actor)


@transaction.atomic
def import_words(lines: list[Line], *, actor: Any) -> ImportResult:
    """Create or change words by list, word and first day. InvalidInput, nothing saved, when any line is wrong."""
    problems = Problems()
    wanted: dict[Any, Wanted] = {}
    for line in lines:
        values: dict[str, Any] = {
            "list": problems.read(line, "list", one_of(*ListedWord.List.values)),
            "word": problems.read(line, "word", _word),
            "is_exception": problems.read(line, "is_exception", one_of(_YES, "")) == _YES,
            "in_course_text_only": problems.read(line, "in_course_text_only", one_of(_YES, "")) == _YES,
            "valid_from": problems.read(line, "valid_from", parsed_date),
            "valid_until": problems.read(line, "valid_until", optional_date),
            "reference": line.get("reference"),
        }
        _refuse_reversed(line, values, problems)
        key = (values["list"], values["word"], values["valid_from"])
        _add_once(wanted, key, line, "word", values, problems)
    existing = {(each.list, each.word, each.valid_from): each for each in ListedWord.objects.all()}
    done = upsert(ListedWord, existing, wanted, problems)
    record("import_words", actor=actor, detail=done.result.as_dict())
    if done.result.written:
        judge_words({each.list for each in [*done.created, *done.changed]}, actor=actor, today=clock.today())
    return done.result


@transaction.atomic
def import_guide_prices(lines: list[Line], *, actor: Any) -> ImportResult:
    """Create or change guide prices by mode, least class size and first day."""
    problems = Problems()
    wanted: dict[Any, Wanted] = {}
    for line in lines:
        values: dict[str, Any] = {
            "mode": problems.read(line, "mode", _mode),
            "size_from": problems.read(line, "size_from", whole_number),
            "size_to": problems.read(line, "size_to", _optional_number),
            "price": problems.read(line, "price", yuan),
            "valid_from": problems.read(line, "valid_from", parsed_date),
            "valid_until": problems.read(line, "valid_until", optional_date),
            "reference": problems.read(line, "reference", required_text),
        }
        _refuse_reversed(line, values, problems)
        if (
            values["size_from"] is not None
            and values["size_to"] is not None
            and values["size_to"] < values["size_from"]
        ):
            problems.add(line, "size_to", SIZES_REVERSED)
        key = (values["mode"], values["size_from"], values["valid_from"])
        _add_once(wanted, key, line, "size_from", values, problems)
    existing = {(each.mode, each.size_from, each.valid_from): each for each in GuidePrice.objects.all()}
    done = upsert(GuidePrice, existing, wanted, problems)
    _refuse_overlaps(done, wanted, problems)
    record("import_guide_prices", actor=actor, detail=done.result.as_dict())
    if done.result.written:
        since = min(each.valid_from for each in [*done.created, *done.changed])
        judge_prices(since, actor=actor, today=clock.today())
    return done.result


def _refuse_overlaps(done: Upserted[GuidePrice], wanted: Mapping[Any, Wanted], problems: Problems) -> None:
    """Two prices for one class on one day, told at the line of either; what was written goes back with the refusal."""
    for pair in clashing_prices(GuidePrice.objects.all()) if done.result.written else ():
        for price, other in (pair, pair[::-1]):
            want = wanted.get((price.mode, price.size_from, price.valid_from))
            if want is not None:
                problems.add(want.line, "size_from", overlap_of(other))
                break
    problems.raise_if_any()


@transaction.atomic
def import_subject_baseline(lines: list[Line], *, actor: Any) -> ImportResult:
    """Create or change how many subject institutions a town (blank or 全区: the district) had on 1 September 2021, and
    have every month since then counted against it (TO-02)."""
    problems = Problems()
    towns = towns_by_name()
    wanted: dict[Any, Wanted] = {}
    for line in lines:
        name = line.get("town")
        town = None if name in ("", DISTRICT) else towns.get(name)
        if town is None and name not in ("", DISTRICT):
            known = "、".join(sorted({each.name for each in towns.values()}))
            problems.add(line, "town", f"不认识镇街“{name}”，请改为下列之一，或填“{DISTRICT}”：{known}。")
        values = {
            "town_id": town.pk if town is not None else None,
            "licences": problems.read(line, "licences", whole_number),
            "reference": problems.read(line, "reference", required_text),
        }
        _add_once(wanted, (values["town_id"] or 0,), line, "town", values, problems)
    existing = {(each.town_id or 0,): each for each in SubjectBaseline.objects.all()}
    done = upsert(SubjectBaseline, existing, wanted, problems)
    record("import_subject_baseline", actor=actor, detail=done.result.as_dict())
    if done.result.written:
        named = [each.town_id for each in [*done.created, *done.changed]]
        ask_counting_bodies(named, since=BEGINNING, cause="学科类机构数量基线变更")
    return done.result


def yuan(text: str) -> Decimal:
    """A price in yuan with at most two places, never negative; ValueError otherwise."""
    required_text(text)
    try:
        amount = Decimal(text.replace(",", ""))
    except InvalidOperation:
        raise ValueError(f"“{text}”不是金额，请填半角数字，如 40 或 40.50。") from None
    if not amount.is_finite() or not 0 <= amount <= _DEAREST or amount != round(amount, 2):
        raise ValueError(f"“{text}”不是有效的金额：不能是负数，最多两位小数。")
    return amount


def _word(text: str) -> str:
    required_text(text)
    if len(text) > 30:
        raise ValueError(f"词语最多 30 字，现为 {len(text)} 字，请缩短。")
    return text


def _mode(text: str) -> str:
    by_word = {str(word): code for word in Mode for code in (word.value,)} | {w.label: w.value for w in Mode}
    return by_word[one_of(*by_word)(text)]


def _optional_number(text: str) -> int | None:
    return whole_number(text) if text else None


def _refuse_reversed(line: Line, values: Mapping[str, Any], problems: Problems) -> None:
    since, until = values["valid_from"], values["valid_until"]
    if isinstance(since, dt.date) and isinstance(until, dt.date) and until < since:
        problems.add(line, "valid_until", f"止 {until} 早于起 {since}，请改正。")


def _add_once(
    wanted: dict[Any, Wanted], key: tuple[Any, ...], line: Line, column: str, values: dict[str, Any], problems: Problems
) -> None:
    if None in key:
        return  # said already
    first = wanted.setdefault(key, Wanted(line, values))
    if first.line is not line:
        problems.add(line, column, f"与第 {first.line.number} 行重复，请删去一行或改正。")
