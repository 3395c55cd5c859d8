"""Pieces that the rules share: what is in force, licensed, open, or on offer on a day.

Today of a rule that takes ``now`` is ``now.date()``: the engine's clock is in Asia/Shanghai.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import DateField, Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Greatest

from shuangjian.rules.periods import BEGINNING
from training_orgs.choices import COMPULSORY_STAGES
from training_orgs.models import Licence, OrgProfile
from training_orgs.selectors.papers import in_force

__all__ = [
    "COMPULSORY",
    "OPERATORS",
    "ORGS",
    "begins",
    "holds",
    "in_force",
    "licensed",
    "licensed_since",
    "of_category",
    "on_offer",
    "open_on",
    "profiles",
    "valid_on",
]

#: Kinds of institution that a rule is shown to: licensed operators, or suspected sites too.
ORGS = ("training_org",)
OPERATORS = ("training_org", "suspected_site")
COMPULSORY = tuple(str(stage) for stage in COMPULSORY_STAGES)


def valid_on(day: dt.date, prefix: str = "") -> Q:
    """Rows with valid_from and valid_until that hold on ``day``, both days included."""
    return Q(**{f"{prefix}valid_from__lte": day}) & (
        Q(**{f"{prefix}valid_until__isnull": True}) | Q(**{f"{prefix}valid_until__gte": day})
    )


def open_on(day: dt.date, path: str = "institution") -> Q:
    """The institution reached by ``path`` ("" for itself) is open on ``day``; a suspended one is."""
    prefix = f"{path}__" if path else ""
    return (Q(**{f"{prefix}opened_on__isnull": True}) | Q(**{f"{prefix}opened_on__lte": day})) & (
        Q(**{f"{prefix}closed_on__isnull": True}) | Q(**{f"{prefix}closed_on__gt": day})
    )


def licensed(day: dt.date, institution: str = "institution") -> Exists:
    """Any licence, of either kind, in force on ``day``; ``institution`` is the outer column of its id."""
    return Exists(Licence.objects.filter(in_force(day), institution=OuterRef(institution)))


def licensed_since(day: dt.date, institution: str = "institution") -> Subquery:
    """The earliest issue of the licences in force on ``day``; NULL where there is none."""
    rows = Licence.objects.filter(in_force(day), institution=OuterRef(institution)).order_by()
    return Subquery(rows.values("institution").annotate(first=Min("issued_on")).values("first"))


def profiles(day: dt.date) -> QuerySet[OrgProfile]:
    """The profile of each institution on ``day``: at most one, the database holds it."""
    return OrgProfile.objects.filter(valid_on(day))


def of_category(day: dt.date, category: str, institution: str = "institution") -> Exists:
    """The institution's profile of ``day`` says this category."""
    return Exists(profiles(day).filter(institution=OuterRef(institution), category=category))


def on_offer(day: dt.date) -> Q:
    """Courses that are offered on ``day``: published, or else begun, and not ended."""
    return Q(offered_on__lte=day) & (Q(ends_on__isnull=True) | Q(ends_on__gte=day))


#: Day from which a course is offered, to be annotated as ``offered_on`` before ``on_offer``.
OFFERED_ON = Coalesce("published_on", "starts_on")


def begins(*days: str | Combinable, opened: str = "institution__opened_on") -> Greatest:
    """``on`` of a standing finding: the latest of its own day, the guideline's first day and the opening.

    greatest() passes over NULL.
    """
    return Greatest(*days, F(opened), Value(BEGINNING, output_field=DateField()), output_field=DateField())


def holds(field: str, values: Sequence[str]) -> Q:
    """An array column that holds any of ``values``."""
    return Q(**{f"{field}__overlap": list(values)})
