"""The phone form of a visit while its inspectors write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse

from inspections.choices import PhotoRule, ResultCode, VisitState
from inspections.models import Visit, VisitPhoto
from inspections.pages.open_matters import open_matters
from inspections.pages.people import colleagues, departments_for, inspectors_of, names, position_words
from inspections.selectors import Line as AnsweredLine
from inspections.selectors import answer_sheet, photos_of
from shuangjian.accounts.models import User
from shuangjian.core import clock
from shuangjian.core.choices import Severity
from shuangjian.core.errors import Problem
from shuangjian.evidence.kinds import due_date, find_kind
from shuangjian.rules.clauses import all_clauses


@dataclass
class Line:
    """One item of the checklist with its answer, as the form shows it."""

    code: str
    text: str
    guidance: str
    clause_label: str
    photo_rule: str
    photo_rule_label: str
    url: str
    severity: int
    verdict: str = ""
    decision: str = ""
    note: str = ""
    requirement: str = ""
    due_on: dt.date | None = None
    revision: int = 0
    saved_at: dt.datetime | None = None
    saved_by: str = ""
    own_due: str = ""
    photos: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Group:
    name: str
    lines: list[Line] = field(default_factory=list)

    @property
    def answered(self) -> int:
        return sum(bool(line.verdict) for line in self.lines)


def form_page(user: User, visit: Visit, problems: Iterable[Problem] = ()) -> dict[str, Any]:
    """Context of ``visit_form.html``; ``problems`` are those for which handing in was refused."""
    today = clock.today()
    groups = _groups(visit)
    inspectors = inspectors_of(visit)
    lines = [line for group in groups for line in group.lines]
    departments = departments_for(visit)
    return {
        "visit": visit,
        "unit": visit.institution,
        "groups": groups,
        "answered": sum(bool(line.verdict) for line in lines),
        "total": len(lines),
        "place_photos": [photo_row(visit, each) for each in photos_of(visit).filter(item__isnull=True)],
        "photos_url": f"{reverse('visit', args=[visit.key])}photos/",
        "details_url": reverse("visit_details", args=[visit.key]),
        "hand_in_url": reverse("visit_hand_in", args=[visit.key]),
        "cancel_url": reverse("visit_cancel", args=[visit.key]),
        "may_cancel": visit.state == VisitState.UNDER_WAY and visit.version == 1 and not any(x.verdict for x in lines),
        "open_matters": open_matters(user, visit.institution, today),
        "colleagues": colleagues(user, visit.institution, [each.person for each in inspectors]),
        "departments": departments,
        "has_departments": any(each["is_on"] for each in departments),
        "people_met": visit.people_met or [{"name": "", "post": ""}],
        "companions": visit.companions or [{"name": "", "unit": ""}],
        "people": names(inspectors),
        "results": ResultCode.choices,
        "severities": [(int(value), label) for value, label in Severity.choices],
        "position": position_words(visit.latitude, visit.accuracy_m, visit.distance_m),
        "due_dates": {int(each): str(due_date(today, each) or "") for each in Severity.values},
        "problems": [placed(problem) for problem in problems],
    }


def placed(problem: Problem) -> dict[str, str]:
    """A problem with the element of the form that it is about: ``answers[S-03].note`` is at #item-S-03."""
    path = problem.path
    if path.startswith("answers["):
        code = path[len("answers[") :].split("]")[0]
        # The sentence names its item for programs; here the link before it does.
        return {"message": problem.message.removeprefix(f"{code} "), "target": f"item-{code}", "label": code}
    start = path.split("[")[0].split(".")[0]
    targets = {
        "companions": ("companions", "同行人员"),
        "inspectors": ("inspectors", "检查人员"),
        "people_met": ("people_met", "被检查单位人员"),
        "result": ("result", "检查结果"),
        "summary": ("summary", "检查情况"),
    }
    target, label = targets.get(start, ("", ""))
    return {"message": problem.message, "target": target, "label": label}


def photo_row(visit: Visit, photo: VisitPhoto) -> dict[str, Any]:
    """One photo as thumbnail: key, address, size in words."""
    return {
        "key": photo.key,
        "url": reverse("visit_photo", args=[visit.key, photo.key]),
        "size_words": size_words(photo.stored.size),
        "caption": photo.caption,
        "taken_at": photo.taken_at,
    }


def size_words(size: int) -> str:
    """312 KB, 4.1 MB, as the phone's script says it."""
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1000))} KB"


def _groups(visit: Visit) -> list[Group]:
    return [Group(each.name, [_line(visit, line) for line in each.lines]) for each in answer_sheet(visit)]


def _line(visit: Visit, answered: AnsweredLine) -> Line:
    item, answer = answered.item, answered.answer
    line = Line(
        code=item.code,
        text=item.text,
        guidance=item.guidance,
        clause_label=clause_label(item.clause),
        photo_rule=item.photo_rule,
        photo_rule_label=str(PhotoRule(item.photo_rule).label),
        url=reverse("visit_answer", args=[visit.key, item.code]),
        severity=answer.severity or item.severity,
        verdict=answer.verdict,
        decision=answer.decision,
        note=answer.note,
        requirement=answer.requirement,
        due_on=answer.due_on,
        revision=answered.revision,
        own_due=_own_due(item.kind, clock.today()),
        photos=[photo_row(visit, each) for each in answered.photos],
    )
    if answer.pk is not None:
        line.saved_at = clock.local(answer.changed_at)
        line.saved_by = answer.changed_by.name if answer.changed_by is not None else ""
    return line


def _own_due(kind_code: str, today: dt.date) -> str:
    """The last day that the rule of this kind of problem sets whatever its severity; "" where it sets none."""
    kind = find_kind(kind_code)
    if kind is None or kind.workdays is None:
        return ""
    return str(due_date(today, kind.severity, kind) or "")


def clause_label(clause: str) -> str:
    """《指引》2.1.1 减少作业总量; the bare number of a clause that is not among the guideline's."""
    known = all_clauses().get(clause)
    return f"《指引》{clause} {known.title}" if known is not None else f"《指引》{clause}" if clause else ""
