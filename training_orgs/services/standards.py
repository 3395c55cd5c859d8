"""The bureau's dated data beside the rules: words of the lists and guide prices are added, and end on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from itertools import combinations
from typing import Any

from django.db import transaction
from django.db.models import Q

from shuangjian.bureau.cleaning import full_clean
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.core.querysets import power_of
from shuangjian.journal.services import record, request_evaluation
from training_orgs.models import GuidePrice, ListedWord

#: Rules that read each list. Advertisement words are a hint to people; no rule reads them.
RULES_OF_LIST: dict[str, tuple[str, ...]] = {
    ListedWord.List.SUBJECT: ("TO-27",),
    ListedWord.List.PRESCHOOL: ("TO-28",),
    ListedWord.List.ADVERTISEMENT: (),
}


SIZES_REVERSED = "班型上限小于下限，请改正。"
_NO_LIMIT = 100_000


@transaction.atomic
def add_word(
    *,
    listed: str,
    word: str,
    valid_from: dt.date,
    actor: Any,
    is_exception: bool = False,
    in_course_text_only: bool = False,
    reference: str = "",
) -> ListedWord:
    """Put a word or an exception into a list from a day on. Conflict when it stands there on that day or later."""
    _check_actor(actor)
    word = word.replace("\x00", "").strip()
    there = ListedWord.objects.filter(list=listed, word=word).filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=valid_from)
    )
    if there.exists():
        raise Conflict(f"“{word}”已在词表内，不必重复添加；要修改的，先终止原来的一条。")
    added = ListedWord(
        list=listed,
        word=word,
        is_exception=is_exception,
        in_course_text_only=in_course_text_only,
        valid_from=valid_from,
        reference=reference.strip(),
    )
    full_clean(added)
    added.save(force_insert=True)
    detail = {"list": listed, "word": word, "valid_from": valid_from.isoformat(), "is_exception": is_exception}
    record("add_word", actor=actor, target=f"word:{word}", detail=detail)
    judge_words({listed}, actor=actor, today=clock.today())
    return added


@transaction.atomic
def end_word(pk: int, *, until: dt.date, actor: Any) -> ListedWord:
    """The word holds until that day, which is its last. Conflict when it has an end already."""
    _check_actor(actor)
    word = ListedWord.objects.select_for_update().get(pk=pk)
    _end(word, word.word, until)
    record("end_word", actor=actor, target=f"word:{word.word}", detail={"list": word.list, "until": until.isoformat()})
    judge_words({word.list}, actor=actor, today=clock.today())
    return word


@transaction.atomic
def add_guide_price(
    *,
    mode: str,
    size_from: int,
    size_to: int | None,
    price: Decimal,
    valid_from: dt.date,
    reference: str,
    actor: Any,
) -> GuidePrice:
    """A guide price from a day on; one of the same mode and sizes gives way to it from that day. Needs its document."""
    _check_actor(actor)
    added = GuidePrice(
        mode=mode, size_from=size_from, size_to=size_to, price=price, valid_from=valid_from, reference=reference.strip()
    )
    if size_to is not None and size_to < size_from:
        raise InvalidInput([Problem("size_to", SIZES_REVERSED)])
    full_clean(added)
    for one, other in clashing_prices([*GuidePrice.objects.filter(mode=mode), added]):
        if added in (one, other):
            raise InvalidInput([Problem("size_from", overlap_of(other if one is added else one))])
    added.save(force_insert=True)
    detail = {"mode": mode, "size_from": size_from, "price": str(price), "valid_from": valid_from.isoformat()}
    record("add_guide_price", actor=actor, target=f"guide-price:{added.pk}", detail=detail)
    judge_prices(valid_from, actor=actor, today=clock.today())
    return added


def clashing_prices(prices: Iterable[GuidePrice]) -> list[tuple[GuidePrice, GuidePrice]]:
    """Pairs of prices that would hold for one class on one day, so that nobody could say which.

    Of one mode and least size the later one ends the one before, as rule TO-12 reads them: these never clash.
    """
    held: list[tuple[GuidePrice, dt.date]] = []
    following: dict[tuple[str, int], dt.date] = {}
    for price in sorted(prices, key=lambda each: each.valid_from, reverse=True):
        chain = (price.mode, price.size_from)
        ended = following.get(chain, dt.date.max)
        held.append((price, min(price.valid_until or dt.date.max, ended - dt.timedelta(days=1))))
        following[chain] = price.valid_from
    return [
        (one, other)
        for (one, one_until), (other, other_until) in combinations(held, 2)
        if one.mode == other.mode
        and one.size_from != other.size_from
        and max(one.valid_from, other.valid_from) <= min(one_until, other_until)
        and one.size_from <= (other.size_to or other.size_from + _NO_LIMIT)
        and other.size_from <= (one.size_to or one.size_from + _NO_LIMIT)
    ]


def overlap_of(price: GuidePrice) -> str:
    """What to do about a price whose class sizes another one shares."""
    sizes = f"{price.size_from}–{price.size_to} 人" if price.size_to else f"{price.size_from} 人以上"
    what = f"{price.get_mode_display()} {sizes}（{price.valid_from} 起）"
    return f"班型与{what}重叠，同一个班会有两个指导价。请先终止那一条，或改正班型。"


@transaction.atomic
def end_guide_price(pk: int, *, until: dt.date, actor: Any) -> GuidePrice:
    """The price holds until that day, which is its last."""
    _check_actor(actor)
    price = GuidePrice.objects.select_for_update().get(pk=pk)
    _end(price, str(price), until)
    record("end_guide_price", actor=actor, target=f"guide-price:{pk}", detail={"until": until.isoformat()})
    judge_prices(price.valid_from, actor=actor, today=clock.today())
    return price


def judge_words(lists: Iterable[str], *, actor: Any, today: dt.date) -> None:
    """Ask that whatever reads these lists be judged over the district."""
    rules = sorted({code for listed in lists for code in RULES_OF_LIST[listed]})
    if rules:
        request_evaluation(since=today, until=today, cause="词表变更", rules=rules)


def judge_prices(since: dt.date, *, actor: Any, today: dt.date) -> None:
    """Ask that the charges since the day be judged against the prices over the district."""
    if since <= today:
        request_evaluation(since=since, until=today, cause="政府指导价变更", rules=["TO-12"])


def _end(row: Any, name: str, until: dt.date) -> None:
    if row.valid_until is not None:
        raise Conflict(f"“{name}”已于 {row.valid_until} 终止，不能再改。")
    if until < row.valid_from:
        raise InvalidInput([Problem("until", f"终止日期早于施行日期 {row.valid_from}，请改正。")])
    row.valid_until = until
    row.save(update_fields=["valid_until"])


def _check_actor(actor: Any) -> None:
    if power_of(actor) != "bureau":
        raise Refused("词表和政府指导价由区教育局维护。", code="role", status=403)
