"""The register as a list: who is there, of what kind, with what papers, as of a day. Constant query count."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution
from shuangjian.dashboards.selectors.jurisdiction import findings_of
from training_orgs.choices import Category, LicenceState, OrgStatus
from training_orgs.models import Licence, OrgProfile, Registration, SiteSighting, StatusChange
from training_orgs.selectors.papers import licence_state, with_papers

KINDS = (Institution.Kind.TRAINING_ORG, Institution.Kind.SUSPECTED_SITE)


@dataclass(frozen=True)
class OrgRow:
    """One institution of the list, as it was on the day of the list; ``severities`` are of today."""

    unit: Institution
    name: str
    category_code: str
    status_code: str
    papers: LicenceState
    papers_seen: str
    severities: Mapping[int, int]

    @property
    def findings(self) -> int:
        return sum(self.severities.values())

    @property
    def worst(self) -> int:
        return max(self.severities, default=0)

    @property
    def is_site(self) -> bool:
        return self.unit.kind == Institution.Kind.SUSPECTED_SITE

    @property
    def category(self) -> str:
        return _category(self.category_code)

    @property
    def status(self) -> str:
        return str(OrgStatus(self.status_code).label)

    @property
    def seen_words(self) -> str:
        """What somebody last saw at the place, where it is not what is on record."""
        return str(LicenceState(self.papers_seen).label) if self.papers_seen not in ("", self.papers.value) else ""

    @property
    def name_now(self) -> str:
        """The name of today, where it was another on the day of the list."""
        return self.unit.name if self.unit.name != self.name else ""

    @property
    def town_name(self) -> str:
        return self.unit.town.name if self.unit.town else "待核实"


def _category(code: str) -> str:
    return str(Category(code).label) if code in Category.values else "未定"


def register_rows(user: User, day: dt.date, today: dt.date) -> list[OrgRow]:
    """Every institution in scope that was known by ``day``, as it was then, worst of today first. Two queries."""
    units = (
        Institution.objects.visible_to(user)
        .filter(kind__in=KINDS, training_org__isnull=False)
        .select_related("town", "training_org")
    )
    counts = _severities(user)
    rows = [_row(unit, counts, is_today=day == today) for unit in _as_of(with_papers(units, day), day, today)]
    return sorted(rows, key=lambda row: (-row.worst, -row.findings, row.unit.pinyin))


def _as_of(units: QuerySet[Any], day: dt.date, today: dt.date) -> QuerySet[Any]:
    """Annotate name, category and state as of ``day``; on another day than today without who came later."""
    own = Q(institution=OuterRef("pk"))
    holds = Q(valid_from__lte=day) & (Q(valid_until__isnull=True) | Q(valid_until__gte=day))
    profile = OrgProfile.objects.filter(own, holds)
    change = StatusChange.objects.filter(own, on__lte=day).order_by("-on")
    seen = SiteSighting.objects.filter(own, seen_on__lte=day).exclude(licence_state="").order_by("-seen_on", "-pk")
    rows = units.annotate(
        then_name=Subquery(profile.values("sign_name")[:1]),
        then_registered=Subquery(profile.values("registered_name")[:1]),
        then_category=Subquery(profile.values("category")[:1]),
        then_status=Subquery(change.values("status")[:1]),
        then_seen=Subquery(seen.values("licence_state")[:1]),
    )
    if day >= today:
        return rows
    return rows.filter(
        Exists(OrgProfile.objects.filter(own, valid_from__lte=day))
        | Exists(Licence.objects.filter(own, issued_on__lte=day))
        | Exists(Registration.objects.filter(own, issued_on__lte=day))
        | Exists(SiteSighting.objects.filter(own, seen_on__lte=day))
    )


def _row(unit: Any, counts: Mapping[int, Mapping[int, int]], *, is_today: bool) -> OrgRow:
    """Of today stands what the institution itself says; of another day what its dated records do."""
    now = unit.name, unit.category, unit.status
    then = unit.then_name or unit.then_registered or unit.name, unit.then_category or "", "active"
    name, category, status = now if is_today else then
    return OrgRow(
        unit=unit,
        name=name,
        category_code=category,
        status_code=unit.then_status or status,
        papers=licence_state(has_licence=unit.has_licence, has_registration=unit.has_registration),
        papers_seen=unit.then_seen or "",
        severities=counts.get(unit.pk, {}),
    )


def _severities(user: User) -> dict[int, dict[int, int]]:
    """Open findings by institution and severity, of the kinds in the register; one query."""
    groups = (
        findings_of(user)
        .open()
        .undismissed()
        .filter(institution__kind__in=KINDS, is_exempt=False)
        .select_related(None)
        .order_by()
        .values_list("institution", "severity")
        .annotate(number=Count("pk"))
    )
    counts: dict[int, dict[int, int]] = {}
    for institution, severity, number in groups:
        counts.setdefault(institution, {})[severity] = number
    return counts


#: What the list can be narrowed by: parameter → (label, key of a row, label of a key).
_Key = Callable[[OrgRow], str]
FILTERS: dict[str, tuple[str, _Key, Callable[[str], str]]] = {
    "kind": ("类型", lambda row: str(row.unit.kind), lambda key: str(Institution.Kind(key).label)),
    "category": ("类别", lambda row: row.category_code, _category),
    "papers": ("证照", lambda row: str(row.papers.value), lambda key: str(LicenceState(key).label)),
    "status": ("状态", lambda row: row.status_code, lambda key: str(OrgStatus(key).label)),
}


def narrowed(rows: list[OrgRow], asked: Mapping[str, str], word: str, town: str) -> list[OrgRow]:
    """The rows that fit every filter that is given."""
    return [
        row
        for row in rows
        if all(not asked[name] or FILTERS[name][1](row) == asked[name] for name in FILTERS)
        and (not town or (row.unit.town is not None and row.unit.town.code == town))
        and (not word or word in row.name or word in row.unit.name or word in row.unit.code)
    ]


def filter_options(rows: list[OrgRow], asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """The filters with the number of rows of each choice."""
    result = []
    for name, (label, key, words) in FILTERS.items():
        counts = Counter(key(row) for row in rows)
        options = [{"value": value, "label": words(value), "count": n} for value, n in sorted(counts.items()) if value]
        result.append({"label": label, "param": name, "value": asked[name], "options": options})
    return result


def attention_words(rows: list[OrgRow], day: dt.date, today: dt.date) -> str:
    """The heading: 12 家机构中 3 家有疑似问题，另有 1 处疑似无证点; of another day who was there."""
    orgs = [row for row in rows if not row.is_site]
    if day != today:
        running = sum(1 for row in orgs if row.status_code in (OrgStatus.ACTIVE, OrgStatus.SUSPENDED))
        return f"{day} 名录上有 {running} 家培训机构，{len(rows) - len(orgs)} 处疑似无证点"
    if not rows:
        return "名录里还没有机构"
    troubled, sites = sum(1 for row in orgs if row.findings), len(rows) - len(orgs)
    words = f"{len(orgs)} 家培训机构中 {troubled} 家有疑似问题" if troubled else f"{len(orgs)} 家培训机构没有疑似问题"
    return f"{words}，另有 {sites} 处疑似无证点" if sites else words
