"""Pieces that the rules share: what is in force, licensed, open, or on offer on a day."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField, DateField, Exists, F, Func, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Least

from shuangjian.core.clock import local
from shuangjian.rules.expressions import begins
from training_orgs.choices import COMPULSORY_STAGES
from training_orgs.models import Licence, OrgProfile
from training_orgs.selectors.papers import in_force

__all__ = [
    "COMPULSORY",
    "OFFERED_ON",
    "OPERATORS",
    "ORGS",
    "Array",
    "DayAfter",
    "begins",
    "in_force",
    "licensed",
    "licensed_since",
    "of_category",
    "on_offer",
    "open_on",
    "papers_in_force",
    "profiles",
    "today_of",
    "valid_on",
    "without_since",
]

#: Kinds of institution that a rule is shown to: licensed operators, or suspected sites too.
ORGS = ("training_org",)
OPERATORS = ("training_org", "suspected_site")
COMPULSORY = tuple(str(stage) for stage in COMPULSORY_STAGES)


def today_of(now: dt.datetime) -> dt.date:
    """The local date of an instant: dates of law are local dates."""
    return local(now).date()


def papers_in_force(day: dt.date, prefix: str) -> Q:
    """As ``in_force``, for licences or registrations reached by ``prefix`` (``institution__licences__``)."""
    return (
        Q(**{f"{prefix}issued_on__lte": day})
        & (Q(**{f"{prefix}expires_on__isnull": True}) | Q(**{f"{prefix}expires_on__gte": day}))
        & (Q(**{f"{prefix}ended_on__isnull": True}) | Q(**{f"{prefix}ended_on__gt": day}))
    )


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


class DayAfter(Func):
    """The day after a date."""

    template = "(%(expressions)s + 1)"
    output_field = DateField()


class Array(Func):
    """Columns or values as one array of texts, to be compared with an array column."""

    template = "ARRAY[%(expressions)s]::varchar[]"
    output_field = ArrayField(CharField())


def without_since(papers: QuerySet[Any], day: dt.date, institution: str = "institution") -> Subquery:
    """First day without any of ``papers`` where none is in force on ``day``; NULL where there never was one."""
    first_without = Least(DayAfter("expires_on"), F("ended_on"))  # least() passes over NULL
    begun = papers.filter(issued_on__lte=day, institution=OuterRef(institution)).order_by()
    return Subquery(begun.values("institution").annotate(gone=Max(first_without)).values("gone"))


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
