"""What a filed visit leads to: an observation for each item that failed, a rectification for what was found true.

A correction changes these and makes no second ones: an answer keeps its observation for ever.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from inspections.choices import Decision, Verdict
from inspections.models import Answer, Visit
from inspections.services.versions import answer_values
from shuangjian.alerts.models import Rectification
from shuangjian.alerts.rectifications import change_rectification, order_rectification
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput, Problem
from shuangjian.evidence.choices import Source, State
from shuangjian.evidence.models import Observation
from shuangjian.evidence.observation_acts import (
    change_observation,
    confirm_observation,
    record_observation,
    refute_observation,
    withdraw,
)
from shuangjian.files.models import StoredFile

_REASON = "更正检查记录"


def draw_consequences(visit: Visit, *, actor: Any, now: dt.datetime) -> None:
    """Called by review_visit within its transaction, under the lock of the institution, once a version.

    InvalidInput with paths such as ``answers[S-03].due_on`` where a deadline cannot be set any more.
    """
    answers = list(visit.answers.select_related("item", "observation").order_by("item__order"))
    before = _filed_before(visit)
    todo = [each for each in answers if answer_values(each) != before.get(each.item.code)]
    _check_terms(todo, clock.local(now).date())
    reason = f"{_REASON} {visit.number}"
    for answer in todo:
        if answer.verdict == Verdict.FAILED and answer.observation is None:
            _begin(visit, answer, actor=actor, now=now)
        elif answer.verdict == Verdict.FAILED:
            _follow(visit, answer, reason=reason, actor=actor, now=now)
        elif answer.observation is not None:
            _take_back(answer.observation.pk, reason=reason, actor=actor, now=now)


def told(answer: Answer) -> str:
    """The text of the observation that a failed item becomes."""
    # Items say what should hold: "没有聘用在职教师：发现两名" would read as its contrary.
    return f"不符合“{answer.item.text}”：{answer.note}"


def requirement_of(answer: Answer) -> str:
    """整改要求 as the officer wrote it, else that the item is to hold."""
    return answer.requirement or f"按要求整改：{answer.item.text}"


def _begin(visit: Visit, answer: Answer, *, actor: Any, now: dt.datetime) -> None:
    found = record_observation(
        visit.institution,
        kind=answer.item.kind,
        occurred_on=clock.local(visit.started_at or now).date(),
        source=Source.VISIT,
        text=told(answer),
        severity=answer.severity or answer.item.severity,
        actor=actor,
        now=now,
    )
    answer.observation = found
    answer.save(update_fields=["observation"])
    if answer.decision == Decision.CONFIRMED:
        _confirm(visit, answer, actor=actor, now=now)


def _confirm(visit: Visit, answer: Answer, *, actor: Any, now: dt.datetime) -> None:
    assert answer.observation is not None
    assert answer.due_on is not None  # the checks of handing in see to it
    found = confirm_observation(
        answer.observation.pk,
        due_on=answer.due_on,
        severity=answer.severity or answer.item.severity,
        actor=actor,
        now=now,
    )
    _order(visit, answer, found, actor=actor, now=now)


def _order(visit: Visit, answer: Answer, found: Observation, *, actor: Any, now: dt.datetime) -> None:
    assert answer.due_on is not None
    order_rectification(
        visit.institution,
        requirement=requirement_of(answer),
        due_on=answer.due_on,
        observation=found,
        before=_photos(visit, answer),
        actor=actor,
        now=now,
    )


def _follow(visit: Visit, answer: Answer, *, reason: str, actor: Any, now: dt.datetime) -> None:
    """The item fails still, and something of it was changed."""
    found = _locked(answer)
    is_confirmed = answer.decision == Decision.CONFIRMED
    if found.state == State.REFUTED or (found.state == State.CONFIRMED and not is_confirmed):
        # Nobody is looking into it: it is what the record says, a clue.
        withdraw(found, actor=actor, reason=reason, now=now, to=State.CLUE)
    severity = answer.severity or answer.item.severity
    found = change_observation(
        found.pk, text=told(answer), severity=severity, due_on=answer.due_on, actor=actor, now=now
    )
    if not is_confirmed:
        return
    if found.state != State.CONFIRMED:
        answer.observation = found
        _confirm(visit, answer, actor=actor, now=now)
        return
    assert answer.due_on is not None
    ordered = _ordered(found)
    if ordered is None and found.rectified_on is None:
        _order(visit, answer, found, actor=actor, now=now)
    elif ordered is not None and ordered.state in Rectification.WAITING:
        change_rectification(
            ordered.pk, requirement=requirement_of(answer), due_on=answer.due_on, reason=reason, actor=actor, now=now
        )


def _take_back(pk: int, *, reason: str, actor: Any, now: dt.datetime) -> None:
    """The item holds after all: what was found true is withdrawn, and with it what was ordered; then it is 未查实."""
    found = Observation.objects.select_for_update(of=("self",)).select_related("complaint").get(pk=pk)
    if found.state == State.CONFIRMED:
        withdraw(found, actor=actor, reason=reason, now=now)
    if found.state != State.REFUTED:
        refute_observation(pk, reason=reason, actor=actor, now=now)


def _ordered(found: Observation) -> Rectification | None:
    rows = Rectification.objects.filter(observation=found).exclude(state=Rectification.State.CANCELLED)
    return rows.order_by("-pk").first()


def _locked(answer: Answer) -> Observation:
    rows = Observation.objects.select_for_update(of=("self",)).select_related("institution", "complaint")
    assert answer.observation_id is not None
    return rows.get(pk=answer.observation_id)


def _filed_before(visit: Visit) -> Mapping[str, dict[str, Any]]:
    """What each item's answer said in the version filed before this one; nothing the first time."""
    filed = visit.versions.filter(filed_at__isnull=False).order_by("-pk")[1:2]
    fields = tuple(answer_values(Answer()))
    return {row["item"]: {name: row[name] for name in fields} for version in filed for row in version.record["answers"]}


def _check_terms(answers: list[Answer], today: dt.date) -> None:
    late = [each for each in answers if _sets_term(each) and each.due_on is not None and each.due_on < today]
    if late:
        raise InvalidInput(
            Problem(
                f"answers[{each.item.code}].due_on",
                f"{each.item.code} 整改期限 {each.due_on} 已过，不能下达；请退回检查人员，改为 {today} 或以后。",
                "past",
            )
            for each in late
        )


def _sets_term(answer: Answer) -> bool:
    """Whether filing sets this answer's deadline anew; what is ordered and stays as it is may have run out."""
    if answer.verdict != Verdict.FAILED or answer.decision != Decision.CONFIRMED:
        return False
    found = answer.observation
    return found is None or found.state != State.CONFIRMED or found.due_on != answer.due_on


def _photos(visit: Visit, answer: Answer) -> list[StoredFile]:
    rows = visit.photos.filter(item=answer.item, removed_at__isnull=True).select_related("stored").order_by("pk")
    return [each.stored for each in rows]
