"""The register as a list: who is there, of what kind, with what papers and findings. Constant query count."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution
from shuangjian.dashboards.selectors.jurisdiction import findings_of
from training_orgs.choices import Category, LicenceState
from training_orgs.selectors.papers import licence_state, with_papers

KINDS = (Institution.Kind.TRAINING_ORG, Institution.Kind.SUSPECTED_SITE)


@dataclass(frozen=True)
class OrgRow:
    """One institution of the list."""

    unit: Institution
    papers: LicenceState
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
        known = self.unit.category in Category.values
        return str(Category(self.unit.category).label) if known else "未定"

    @property
    def town_name(self) -> str:
        return self.unit.town.name if self.unit.town else "待核实"


def register_rows(user: User, today: dt.date) -> list[OrgRow]:
    """Every institution in scope, worst first."""
    units = (
        Institution.objects.visible_to(user)
        .filter(kind__in=KINDS, training_org__isnull=False)
        .select_related("town", "training_org")
    )
    counts = _severities(user)
    rows = [
        OrgRow(
            unit=unit,
            papers=licence_state(has_licence=unit.has_licence, has_registration=unit.has_registration),
            severities=counts.get(unit.pk, {}),
        )
        for unit in with_papers(units, today)
    ]
    return sorted(rows, key=lambda row: (-row.worst, -row.findings, row.unit.pinyin))


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
    "category": ("类别", lambda row: row.unit.category, lambda key: str(dict(Category.choices).get(key, "未定"))),
    "papers": ("证照", lambda row: str(row.papers.value), lambda key: str(LicenceState(key).label)),
    "status": ("状态", lambda row: str(row.unit.status), lambda key: str(Institution.Status(key).label)),
}


def narrowed(rows: list[OrgRow], asked: Mapping[str, str], word: str, town: str) -> list[OrgRow]:
    """The rows that fit every filter that is given."""
    return [
        row
        for row in rows
        if all(not asked[name] or FILTERS[name][1](row) == asked[name] for name in FILTERS)
        and (not town or (row.unit.town is not None and row.unit.town.code == town))
        and (not word or word in row.unit.name or word in row.unit.code)
    ]


def filter_options(rows: list[OrgRow], asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """The filters with the number of rows of each choice."""
    result = []
    for name, (label, key, words) in FILTERS.items():
        counts = Counter(key(row) for row in rows)
        options = [{"value": value, "label": words(value), "count": n} for value, n in sorted(counts.items()) if value]
        result.append({"label": label, "param": name, "value": asked[name], "options": options})
    return result


def attention_words(rows: list[OrgRow]) -> str:
    """The heading: 12 家机构中 3 家有疑似问题，另有 1 处疑似无证点."""
    orgs = [row for row in rows if not row.is_site]
    troubled, sites = sum(1 for row in orgs if row.findings), len(rows) - len(orgs)
    words = f"{len(orgs)} 家培训机构中 {troubled} 家有疑似问题" if troubled else f"{len(orgs)} 家培训机构没有疑似问题"
    return f"{words}，另有 {sites} 处疑似无证点" if sites else words
