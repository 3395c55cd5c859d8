"""Advertisements with what the word list finds in them. A hit is a hint; people decide."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Concat

from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution
from shuangjian.evidence.models import Observation
from shuangjian.files.models import StoredFile
from training_orgs.models import Advertisement, ListedWord
from training_orgs.observation_kinds import ADVERTISING
from training_orgs.rules.words import cut_exceptions, matching, words_in_force

Place = Advertisement.Place
#: Guideline 二(四)2(2): places in which no advertisement of training may be.
BANNED_PLACES = frozenset(Place.values) - {Place.OWN_PREMISES, Place.OTHER}


def about(number: str) -> str:
    """How an observation names the advertisement of that number, and what its pictures are for."""
    return f"ad:{number}"


def photos_of(user: User, unit: Institution, number: str) -> list[StoredFile]:
    """Pictures of one advertisement that the reader may see; none of one that has no number yet."""
    return list(StoredFile.objects.visible_to(user).filter(institution=unit, purpose=about(number))) if number else []


def _photos(user: User, ads: Iterable[Advertisement]) -> dict[tuple[int, str], list[StoredFile]]:
    """Pictures of the advertisements of a page by institution and purpose; one query."""
    units, purposes = {ad.institution_id for ad in ads}, {about(ad.number) for ad in ads}
    found: dict[tuple[int, str], list[StoredFile]] = {}
    rows = StoredFile.objects.visible_to(user).filter(institution__in=units, purpose__in=purposes)
    for each in rows.order_by("pk"):
        found.setdefault((each.institution_id, each.purpose), []).append(each)
    return found


def with_hits(ads: QuerySet[Advertisement], today: dt.date) -> QuerySet[Any]:
    """The advertisements in which a word of today's list stands, exceptions cut out first."""
    words = words_in_force(ListedWord.List.ADVERTISEMENT, today)
    return ads.annotate(said=cut_exceptions("text", words)).filter(said__regex=matching(words))


def with_clue(ads: QuerySet[Advertisement]) -> QuerySet[Any]:
    """Annotate ``clue``: the number of the observation that was recorded of it, if any."""
    named = Concat(Value("ad:"), OuterRef("number"), output_field=CharField())
    seen = Observation.objects.filter(institution=OuterRef("institution"), kind=ADVERTISING, about=named)
    return ads.annotate(clue=Subquery(seen.order_by("pk").values("number")[:1]))


@dataclass(frozen=True)
class Piece:
    """Part of a text; ``is_hit``: a word of the list."""

    text: str
    is_hit: bool


class Highlighter:
    """Marks the words of one day's list in any number of texts; one query."""

    def __init__(self, today: dt.date) -> None:
        words = list(words_in_force(ListedWord.List.ADVERTISEMENT, today).values_list("word", "is_exception"))
        self._exceptions = {word for word, is_exception in words if is_exception}
        # The longest first: 名师押题 is marked whole, and an exception is passed over as one.
        every = sorted((word for word, _ in words), key=len, reverse=True)
        self._pattern = re.compile("|".join(re.escape(word) for word in every)) if every else None

    def pieces(self, text: str) -> list[Piece]:
        """The text in order, cut at the hits."""
        found: list[Piece] = []
        start = 0
        for match in self._pattern.finditer(text) if self._pattern else ():
            if match[0] not in self._exceptions:
                found += [Piece(text[start : match.start()], False), Piece(match[0], True)]
                start = match.end()
        return [piece for piece in [*found, Piece(text[start:], False)] if piece.text]


@dataclass(frozen=True)
class AdLine:
    """One advertisement as the list shows it."""

    ad: Advertisement
    pieces: list[Piece]
    words: list[str]
    is_banned_place: bool
    clue: str
    photos: list[StoredFile]

    @property
    def is_doubtful(self) -> bool:
        return self.is_banned_place or bool(self.words)


def ad_lines(ads: Iterable[Any], user: User, today: dt.date) -> list[AdLine]:
    """The rows of a page (``with_clue``) with their hits marked and the pictures that the reader may see."""
    marker, rows = Highlighter(today), list(ads)
    photos = _photos(user, rows)
    lines = []
    for ad in rows:
        pieces = marker.pieces(ad.text)
        words = list(dict.fromkeys(piece.text for piece in pieces if piece.is_hit))
        shown = photos.get((ad.institution_id, about(ad.number)), [])
        lines.append(AdLine(ad, pieces, words, ad.place in BANNED_PLACES, ad.clue or "", shown))
    return lines


def standing(ads: QuerySet[Advertisement], today: dt.date) -> QuerySet[Advertisement]:
    """Advertisements that were not taken down by today."""
    return ads.filter(Q(removed_on__isnull=True) | Q(removed_on__gt=today))
