"""监测分析: which term, units and rule a figure is about, and into which towns, centres or units they fall."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from shuangjian.accounts.models import RoleKind, User
from shuangjian.bureau.models import Institution, Term
from shuangjian.core.choices import Stage
from shuangjian.core.weeks import Week
from shuangjian.dashboards.selectors.filings import NO_CENTRE, UNCONFIRMED
from shuangjian.dashboards.selectors.jurisdiction import units_of
from shuangjian.dashboards.selectors.units import NO_TOWN
from shuangjian.rules.declare import Rule, find_rule

TOWN, CENTRE, UNIT = "town", "centre", "unit"
AREA_WORDS = {TOWN: "镇街", CENTRE: "教育指导中心", UNIT: "学校"}
_HALVES = {"1": "第一学期", "2": "第二学期"}
#: Who sees units of several towns.
_SEVERAL_TOWNS = frozenset({RoleKind.BUREAU, RoleKind.CENTRE})


@dataclass(frozen=True)
class TermChoice:
    """A term of all stages together, from its first week to its last."""

    key: str
    first: Week
    last: Week

    @property
    def label(self) -> str:
        """2026–2027学年第一学期."""
        start, end, half = self.key.split("-") if self.key.count("-") == 2 else (self.key, "", "")
        return f"{start}–{end}学年{_HALVES.get(half, half)}" if half else start

    @property
    def weeks(self) -> list[Week]:
        count = (self.last.monday - self.first.monday).days // 7 + 1
        return [self.first.plus(number) for number in range(count)]


@dataclass(frozen=True)
class Asked:
    """What an address asks for; "" where it asks for nothing. Values that mean nothing are taken as not asked."""

    term: str = ""
    rule: str = ""
    stage: str = ""
    town: str = ""
    centre: str = ""
    by: str = ""

    def address(self, name: str, **changes: str) -> str:
        """The page of that name with these filters, some of them changed."""
        query = {**{key: getattr(self, key) for key in ("term", "rule", "stage", TOWN, CENTRE, "by")}, **changes}
        given = urlencode({key: value for key, value in query.items() if value})
        return reverse(name) + (f"?{given}" if given else "")


@dataclass(frozen=True)
class Group:
    """A town, a centre or a single unit with the units in it. ``code`` "none": those without one."""

    name: str
    code: str
    kind: str
    units: Sequence[Institution]
    below: str = ""

    @property
    def ids(self) -> list[int]:
        return [unit.pk for unit in self.units]


@dataclass(frozen=True)
class Scope:
    """One figure's ground. ``units`` are those open on some day of the term; ``weeks`` are the weeks of the term that
    have begun, oldest first; ``ahead`` the others."""

    user: User
    now: dt.datetime
    asked: Asked
    terms: Sequence[TermChoice]
    term: TermChoice | None
    visible: Sequence[Institution]
    units: Sequence[Institution]
    rule: Rule | None = None
    weeks: Sequence[Week] = field(default=())
    ahead: Sequence[Week] = field(default=())

    @classmethod
    def of(cls, user: User, now: dt.datetime, asked: Asked) -> Scope:
        """Two queries: terms and units."""
        terms = begun_terms(now.date())
        term = next((each for each in terms if each.key == asked.term), terms[0] if terms else None)
        visible = list(units_of(user, since=term.first.monday if term else None))
        weeks = term.weeks if term else []
        this_week = Week.of(now.date())
        return cls(
            user=user,
            now=now,
            asked=asked,
            terms=terms,
            term=term,
            visible=visible,
            units=[unit for unit in visible if _holds(unit, asked)],
            rule=find_rule(asked.rule),
            weeks=[week for week in weeks if week <= this_week],
            ahead=[week for week in weeks if week > this_week],
        )

    @property
    def ids(self) -> list[int]:
        return [unit.pk for unit in self.units]

    @property
    def is_visible(self) -> bool:
        """Whether the town and centre asked for, if any, have a unit that the reader may see."""
        anywhere = replace(self.asked, stage="")
        return not (self.asked.town or self.asked.centre) or any(_holds(unit, anywhere) for unit in self.visible)

    @property
    def kinds(self) -> list[str]:
        """How the units may be put together, the usual way first."""
        if self.user.role_kind not in _SEVERAL_TOWNS or self.asked.town:
            return [UNIT]
        if self.user.role_kind == RoleKind.BUREAU and not self.asked.centre:
            return [TOWN, CENTRE, UNIT]
        return [TOWN, UNIT]

    @property
    def by(self) -> str:
        return self.asked.by if self.asked.by in self.kinds else self.kinds[0]

    @property
    def has_several_towns(self) -> bool:
        return len({unit.town_id for unit in self.units}) > 1

    @property
    def place(self) -> str:
        """The town or centre that the figure is narrowed to; "" for the whole jurisdiction."""
        if self.asked.town:
            return NO_TOWN if self.asked.town == UNCONFIRMED else next((u.town.name for u in self.units if u.town), "")
        if self.asked.centre:
            return next((f"{unit.centre.name}教育指导中心" for unit in self.units if unit.centre), NO_CENTRE)
        return ""

    @property
    def everywhere(self) -> str:
        """What an average is taken over, in words."""
        if self.place:
            return self.place
        return {RoleKind.BUREAU: "全区", RoleKind.CENTRE: "本中心", RoleKind.TOWN: "本镇街"}.get(
            RoleKind(self.user.role_kind), "全部"
        )

    def groups(self) -> list[Group]:
        """The units by town, centre, or each for itself, as ``by`` says; by name, units without an area last."""
        if self.by == UNIT:
            return [
                Group(unit.name, unit.code, UNIT, [unit], _town_of(unit) if self.has_several_towns else "")
                for unit in self.units
            ]
        found: dict[int | None, list[Institution]] = {}
        for unit in self.units:
            found.setdefault(getattr(unit, f"{self.by}_id"), []).append(unit)
        areas = sorted(found.values(), key=lambda units: _name_order(getattr(units[0], self.by)))
        return [_group(self.by, units) for units in areas]

    def address_of(self, group: Group, name: str, **changes: str) -> str:
        """Where a group leads: a unit to its own page, an area to the same figure of its units."""
        if group.kind == UNIT:
            return reverse("unit", args=[group.code])
        return self.asked.address(name, **{**changes, group.kind: group.code, "by": ""})


def begun_terms(today: dt.date) -> list[TermChoice]:
    """Terms that have begun, the newest first; one query."""
    spans: dict[str, tuple[dt.date, dt.date]] = {}
    for key, begin, end in Term.objects.filter(starts_on__lte=today).values_list("key", "starts_on", "ends_on"):
        known = spans.get(key, (begin, end))
        spans[key] = min(known[0], begin), max(known[1], end)
    found = [TermChoice(key, Week.of(begin), Week.of(end)) for key, (begin, end) in spans.items()]
    return sorted(found, key=lambda term: term.first, reverse=True)


def _holds(unit: Institution, asked: Asked) -> bool:
    if asked.stage in Stage.values and asked.stage not in unit.stages:
        return False
    areas: Mapping[str, str] = {TOWN: asked.town, CENTRE: asked.centre}
    return all(_is(getattr(unit, kind), code) for kind, code in areas.items() if code)


def _is(area: object, code: str) -> bool:
    return area is None if code == UNCONFIRMED else getattr(area, "code", None) == code


def _town_of(unit: Institution) -> str:
    return unit.town.name if unit.town else NO_TOWN


def _name_order(area: Any) -> tuple[bool, str]:
    return area is None, area.pinyin if area else ""


def _group(kind: str, units: Sequence[Institution]) -> Group:
    area = getattr(units[0], kind)
    if area is None:
        return Group(NO_TOWN if kind == TOWN else NO_CENTRE, UNCONFIRMED, kind, units, f"{len(units)} 所")
    return Group(area.name, area.code, kind, units, f"{len(units)} 所")
