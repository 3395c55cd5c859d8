"""How an institution's licences and registrations were written down and changed: when, what, and by whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db import models
from django.db.models.expressions import RawSQL

from shuangjian.bureau.models import Institution
from shuangjian.core.templatetags.ui import MISSING, cn_datetime
from shuangjian.journal.models import AuditEntry
from training_orgs.choices import Category, CourseStage
from training_orgs.models import Licence, Registration
from training_orgs.selectors.section import Section
from training_orgs.selectors.sections import labels

_MOST = 30
#: No transaction that saves rows takes as long. Versions are told apart by the transaction they were written in, whose
#: number only means something while both rows are from about the same time.
_TOGETHER = dt.timedelta(hours=1)
_ACTS = ("save_licences_of", "save_registrations_of")
_KEPT = frozenset({"institution", "kind", "number"})


@dataclass(frozen=True)
class _Change:
    """One version that was written down: of which paper, when, what it changed, by whom, in which transaction.

    ``actor`` is "" in versions older than their keeping it themselves: of those the transaction tells.
    """

    paper: str
    at: dt.datetime
    words: str
    actor: str
    transaction: str


def paper_history(unit: Institution) -> Section:
    """Every version of its papers, newest first. Three queries."""
    changes = sorted([*_changes(Licence, unit), *_changes(Registration, unit)], key=lambda each: each.at, reverse=True)
    actors = _actors(unit, changes)
    rows = [[cn_datetime(each.at), each.paper, each.words, _actor(each, actors)] for each in changes[:_MOST]]
    return Section(
        "paper-history",
        "证照登记和变更",
        ("登记时间", "证照", "内容", "由谁"),
        rows,
        "没有登记过证照。",
        hidden=max(len(changes) - _MOST, 0),
    )


def _changes(model: type[Licence] | type[Registration], unit: Institution) -> Iterator[_Change]:
    """Each version against the one before it of the same paper."""
    events: Any = model.pgh_event_model  # type: ignore[union-attr]
    written = RawSQL(f'"{events._meta.db_table}".xmin::text', [])  # noqa: S611 - a table of ours
    rows = events.objects.filter(institution=unit).annotate(written=written).order_by("pgh_obj_id", "pgh_id")
    for _, versions in groupby(rows, key=lambda row: row.pgh_obj_id):
        before: Any = None
        for version in versions:
            words = _difference(model, before, version) if before is not None else _first(version)
            if words:
                paper = f"{version.get_kind_display()} {version.number}"
                actor = str((version.pgh_context or {}).get("actor", ""))
                yield _Change(paper, version.pgh_created_at, words, actor, version.written)
            before = version


def _first(version: Any) -> str:
    until = f"有效期至 {version.expires_on}" if version.expires_on else "长期有效"
    return f"首次登记：{version.issued_on} 发证，{until}"


def _difference(model: type[models.Model], before: Any, after: Any) -> str:
    """有效期至 2026-10-31 → 2027-10-31; several changes by ；."""
    changed = []
    for field in model._meta.concrete_fields:
        old, new = getattr(before, field.attname), getattr(after, field.attname)
        if not field.primary_key and field.name not in _KEPT and old != new:
            changed.append(f"{field.verbose_name} {_text(field.name, old)} → {_text(field.name, new)}")
    return "；".join(changed)


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if name in ("categories", "stages"):
        return labels(Category if name == "categories" else CourseStage, value)
    return MISSING if value in (None, "") else str(value)


def _actors(unit: Institution, changes: Iterable[_Change]) -> Mapping[str, tuple[dt.datetime, str]]:
    """Who saved papers of the institution, by the transaction of the journal's entry."""
    since = min((each.at for each in changes), default=None)
    if since is None:
        return {}
    entries = AuditEntry.objects.filter(institution=unit, act__in=_ACTS, at__gte=since)
    written = RawSQL('"journal_auditentry".xmin::text', [])
    rows = entries.annotate(written=written).values_list("written", "at", "actor_label")
    return {transaction: (at, label) for transaction, at, label in rows}


def _actor(change: _Change, actors: Mapping[str, tuple[dt.datetime, str]]) -> str:
    if change.actor:
        return change.actor
    at, label = actors.get(change.transaction, (None, ""))
    return label if at is not None and change.at <= at <= change.at + _TOGETHER else "没有记录"
