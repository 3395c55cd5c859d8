"""What pages and the API show of visits. Scope first: what takes a principal is narrowed to what it may see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet

from inspections.choices import Decision, Verdict, VisitKind, VisitState
from inspections.models import Answer, ChecklistItem, Visit, VisitInspector, VisitPhoto, VisitVersion
from shuangjian.alerts.models import Alert, Rectification
from shuangjian.bureau.models import Institution
from shuangjian.evidence.choices import State
from shuangjian.evidence.models import Observation
from shuangjian.evidence.scope import observations_of

#: States in which the inspectors have something to do.
TO_DO = (VisitState.PLANNED, VisitState.UNDER_WAY, VisitState.RETURNED)


def visits_of(principal: Any) -> QuerySet[Visit]:
    """The visits that ``principal`` may see, with what a list shows of each; a constant number of queries."""
    inspectors = VisitInspector.objects.select_related("person", "person__town", "person__department")
    return (
        Visit.objects.visible_to(principal)
        .select_related("institution", "institution__town", "handed_in_by", "reviewed_by")
        .prefetch_related(Prefetch("inspectors", inspectors), "departments")
    )


@dataclass(frozen=True)
class VisitFilter:
    """What is asked of a list of visits; "" and None ask for nothing. Days are of ``planned_on``, both included."""

    state: str = ""
    kind: str = ""
    result: str = ""
    institution: str = ""
    town: str = ""
    inspector: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    text: str = ""

    def apply(self, rows: QuerySet[Visit]) -> QuerySet[Visit]:
        """``rows`` narrowed: institution and town by code, inspector by login, text in the number or the name."""
        plain = {
            "state": self.state,
            "kind": self.kind,
            "result": self.result,
            "institution__code": self.institution,
            "institution__town__code": self.town,
            "planned_on__gte": self.since,
            "planned_on__lte": self.until,
        }
        rows = rows.filter(**{name: value for name, value in plain.items() if value not in ("", None)})
        if self.inspector:
            chosen = VisitInspector.objects.filter(person__username=self.inspector)
            rows = rows.filter(pk__in=chosen.values("visit"))
        if self.text:
            rows = rows.filter(Q(number__icontains=self.text) | Q(institution__name__icontains=self.text))
        return rows


def my_visits_today(person: Any, day: dt.date) -> QuerySet[Visit]:
    """今天: the person's own visits that wait for something: planned up to ``day``, under way, or returned."""
    own = VisitInspector.objects.filter(person=person.pk).values("visit")
    due = Q(state=VisitState.PLANNED, planned_on__lte=day) | Q(state__in=[VisitState.UNDER_WAY, VisitState.RETURNED])
    return visits_of(person).filter(due, pk__in=own).order_by("planned_on", "pk")


def my_visits_ahead(person: Any, day: dt.date) -> QuerySet[Visit]:
    """The person's own visits planned after ``day``."""
    own = VisitInspector.objects.filter(person=person.pk).values("visit")
    rows = visits_of(person).filter(state=VisitState.PLANNED, planned_on__gt=day, pk__in=own)
    return rows.order_by("planned_on", "pk")


def visits_to_review(person: Any) -> QuerySet[Visit]:
    """What this officer may review: handed in, and not a visit of the officer's own."""
    own = VisitInspector.objects.filter(person=person.pk).values("visit")
    rows = visits_of(person).filter(state=VisitState.HANDED_IN).exclude(pk__in=own).exclude(handed_in_by=person.pk)
    return rows.order_by("handed_in_at", "pk")


@dataclass(frozen=True)
class OpenMatters:
    """What is still open at an institution when a visit begins."""

    rectifications: list[Rectification]
    observations: list[Observation]
    alerts: list[Alert]

    def __bool__(self) -> bool:
        return bool(self.rectifications or self.observations or self.alerts)


def open_matters(institution: Institution, principal: Any) -> OpenMatters:
    """Open rectifications, observations not refuted that nothing has put right, and alerts not closed, as far as
    ``principal`` may see them. Three queries. An observation with a rectification is told by that alone."""
    waiting = (*Rectification.WAITING, Rectification.State.HANDED_IN)
    rectifications = list(
        Rectification.objects.visible_to(principal)
        .filter(institution=institution, state__in=waiting)
        .select_related("observation", "alert")
        .order_by("due_on", "pk")
    )
    unsettled = Q(state__in=[State.CLUE, State.CHECKING]) | Q(state=State.CONFIRMED, rectified_on__isnull=True)
    observations = list(
        observations_of(principal)
        .filter(unsettled, institution=institution)
        .exclude(pk__in=[each.observation_id for each in rectifications if each.observation_id is not None])
    )
    alerts = list(Alert.objects.visible_to(principal).unclosed().filter(institution=institution))
    return OpenMatters(rectifications, observations, alerts)


@dataclass(frozen=True)
class Line:
    """One item of the checklist with what was answered and photographed; ``revision`` 0 where nothing was yet."""

    item: ChecklistItem
    answer: Answer
    photos: list[VisitPhoto]

    @property
    def revision(self) -> int:
        return self.answer.revision


@dataclass(frozen=True)
class Group:
    """One group of the checklist."""

    name: str
    lines: list[Line] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """How many of its lines have a verdict."""
        return sum(bool(line.answer.verdict) for line in self.lines)


def answer_sheet(visit: Visit) -> list[Group]:
    """The checklist of a visit in its order, answered or not. Three queries."""
    if visit.checklist_id is None:
        return []
    answers = {each.item_id: each for each in visit.answers.select_related("changed_by", "observation")}
    photos: dict[int | None, list[VisitPhoto]] = {}
    for photo in photos_of(visit):
        photos.setdefault(photo.item_id, []).append(photo)
    groups: dict[str, Group] = {}
    for item in ChecklistItem.objects.filter(version=visit.checklist_id).order_by("order"):
        answer = answers.get(item.pk) or Answer(visit=visit, item=item, revision=0)
        group = groups.setdefault(item.group, Group(item.group))
        group.lines.append(Line(item, answer, photos.get(item.pk, [])))
    return list(groups.values())


def photos_of(visit: Visit) -> QuerySet[VisitPhoto]:
    """The photos of a visit that were not removed, of items and (``item`` None) of the place."""
    rows = visit.photos.filter(removed_at__isnull=True).select_related("stored", "item")
    return rows.order_by("taken_at", "pk")


@dataclass(frozen=True)
class FiledItem:
    """What an institution is told of an item that was found true to fail."""

    text: str
    note: str
    requirement: str
    due_on: str | None


@dataclass(frozen=True)
class FiledVisit:
    """All that an institution is told of a visit to it: no purpose, no complaint, no clue, no photo."""

    number: str
    on: dt.date
    kind: str
    result: str
    items: list[FiledItem]
    inspectors: list[str]


def filed_visits_to(institution: Institution) -> list[FiledVisit]:
    """The visits to an institution as it may know them, newest first: the latest filed version of each, also while a
    correction is under way. One query."""
    rows = (
        VisitVersion.objects.filter(visit__institution=institution, filed_at__isnull=False)
        .select_related("visit")
        .order_by("visit_id", "-number", "-pk")
        .distinct("visit_id")
    )
    filed = [_filed(row) for row in rows]
    return sorted(filed, key=lambda each: (each.on, each.number), reverse=True)


def _filed(version: VisitVersion) -> FiledVisit:
    record = version.record
    begun = record["started_at"] or record["planned_on"]
    items = [
        FiledItem(row["text"], row["note"], row["requirement"], row["due_on"])
        for row in record["answers"]
        if row["verdict"] == Verdict.FAILED and row["decision"] == Decision.CONFIRMED
    ]
    return FiledVisit(
        number=record["number"],
        on=dt.date.fromisoformat(begun[:10]),
        kind=str(VisitKind(record["kind"]).label),
        result=record["result_label"],
        items=items,
        inspectors=[f"{each['name']}（{each['unit']}）" for each in record["inspectors"]],
    )


def counts_of(visits: Iterable[Visit]) -> dict[int, dict[str, int]]:
    """By visit: ``answered``, ``failed`` and ``photos``. Two queries."""
    ids = [each.pk for each in visits]
    counts = {pk: {"answered": 0, "failed": 0, "photos": 0} for pk in ids}
    answered = Answer.objects.filter(visit__in=ids).exclude(verdict="").order_by().values("visit")
    for row in answered.annotate(n=Count("pk"), failed=Count("pk", filter=Q(verdict=Verdict.FAILED))):
        counts[row["visit"]].update(answered=row["n"], failed=row["failed"])
    pictured = VisitPhoto.objects.filter(visit__in=ids, removed_at__isnull=True).order_by().values("visit")
    for visit_id, photos in pictured.annotate(n=Count("pk")).values_list("visit", "n"):
        counts[visit_id]["photos"] = photos
    return counts
