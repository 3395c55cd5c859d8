"""Writes the rows of a fictional world's visits, a few statements for all of them together."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from inspections.choices import OPEN_STATES, Decision, ResultCode, Verdict, VisitKind, VisitState, target_of
from inspections.fiction.story import Failure, Fate, Told
from inspections.models import Answer, ChecklistItem, ChecklistVersion, Visit, VisitInspector, VisitStep
from inspections.services.versions import freeze
from shuangjian.accounts.models import User
from shuangjian.alerts.models import Rectification, RectificationStep
from shuangjian.core import clock
from shuangjian.evidence.models import Observation
from shuangjian.evidence.numbers import next_numbers

Pair = tuple[Told, Failure]
_BATCH = 2000
_NOTE = "演示：现场看到的情况与要求不符。"
_REQUIREMENT = "演示：按要求整改，并提交整改情况和照片。"
_BEGUN_AT, _HANDED_IN_AT, _REVIEWED_AT = 10 * 60, 11 * 60, 9 * 60


@dataclass(frozen=True)
class Officials:
    """Accounts that nobody can sign in with: two who inspect, one who reviews."""

    inspectors: tuple[User, User]
    reviewer: User

    @classmethod
    def get(cls) -> Officials:
        one, other = _official("yanshi-jiancha", "演示检查甲"), _official("yanshi-jiancha2", "演示检查乙")
        return cls((one, other), _official("yanshi-shenhe", "演示审核", "bureau"))


def _official(login: str, name: str, role: str = "inspector") -> User:
    account, is_new = User.objects.get_or_create(
        username=login, defaults={"name": name, "role_kind": role, "is_active": False}
    )
    if is_new:
        account.set_unusable_password()
        account.save(update_fields=["password"])
    return account


def number(visits: list[Told]) -> None:
    """Give visits, observations and rectifications their running numbers, by the year of each."""
    confirmed = [(v, f) for v, f in failures(visits) if f.decision == Decision.CONFIRMED]
    for each, text in _numbered(Visit, "JC", visits, lambda visit: visit.on.year):
        each.number = text
    for (_, failure), text in _numbered(Observation, "GC", list(failures(visits)), lambda pair: pair[0].on.year):
        failure.observation = text
    for (_, failure), text in _numbered(Rectification, "ZG", confirmed, lambda pair: pair[0].confirmed_on.year):
        failure.rectification = text


def failures(visits: Iterable[Told]) -> Iterator[Pair]:
    """What filed visits led to; what is written on others is nothing yet."""
    return ((visit, each) for visit in visits if visit.state == VisitState.FILED for each in visit.failures)


def load(visits: list[Told], officials: Officials, random: Random, now: dt.datetime) -> None:
    """Every row of the visits, inside the caller's transaction."""
    lists = {each.target: each for each in ChecklistVersion.objects.filter(state="published").prefetch_related("items")}
    made = _create(Visit, (_visit(each, lists, officials, random) for each in visits))
    _create(VisitInspector, (
        VisitInspector(visit=visit, person=person, is_lead=person == officials.inspectors[0])
        for visit in made for person in officials.inspectors
    ))  # fmt: skip
    steps = [step for told, visit in zip(visits, made, strict=True) for step in _steps(told, visit, officials)]
    _create(VisitStep, steps)
    found = _observations(visits, officials, lists)
    answers: list[Answer] = []
    for told, visit in zip(visits, made, strict=True):
        if visit.checklist is not None:
            answers += _answers(told, visit, list(visit.checklist.items.all()), found, officials)
    _create(Answer, answers)
    _order(visits, found, officials, now)
    for told, visit in zip(visits, made, strict=True):
        if told.state in (VisitState.HANDED_IN, VisitState.RETURNED, VisitState.FILED):
            _freeze(visit, officials)


def _numbered(model: Any, prefix: str, rows: list[Any], year_of: Callable[[Any], int]) -> Iterator[tuple[Any, str]]:
    for year in sorted({year_of(row) for row in rows}):
        of_year = [row for row in rows if year_of(row) == year]
        yield from zip(of_year, next_numbers(model, prefix, year, len(of_year)), strict=True)


def _create(model: Any, made: Iterable[Any]) -> list[Any]:
    return list(model.objects.bulk_create(made, batch_size=_BATCH))


def _visit(told: Told, lists: dict[str, ChecklistVersion], officials: Officials, random: Random) -> Visit:
    is_begun, is_over = told.state != VisitState.PLANNED, told.state not in OPEN_STATES
    was_handed_in = told.state in (VisitState.HANDED_IN, VisitState.RETURNED, VisitState.FILED)
    was_reviewed = told.state in (VisitState.RETURNED, VisitState.FILED)
    reviewed = {"reviewed_at": clock.at(told.confirmed_on, _REVIEWED_AT), "reviewed_by": officials.reviewer}
    handed_in = {"handed_in_at": clock.at(told.on, _HANDED_IN_AT), "handed_in_by": officials.inspectors[0]}
    return Visit(
        key=uuid.UUID(int=random.getrandbits(128), version=4),
        number=told.number,
        institution=told.institution,
        kind=VisitKind.PLANNED,
        state=told.state,
        planned_on=told.on,
        purpose="演示数据",
        checklist=lists[str(target_of(told.institution))] if is_begun else None,
        started_at=clock.at(told.on, _BEGUN_AT) if is_begun else None,
        people_met=[{"name": "演示人员", "post": "负责人"}] if is_begun else [],
        result=_result(told) if was_handed_in or is_over else "",
        remark="演示：请补充说明。" if told.state == VisitState.RETURNED else "",
        created_by=officials.reviewer,
        **(handed_in if was_handed_in else {}),
        **(reviewed if was_reviewed else {}),
    )


def _result(told: Told) -> str:
    if not told.failures:
        return ResultCode.NO_PROBLEM
    is_confirmed = any(each.decision == Decision.CONFIRMED for each in told.failures)
    return ResultCode.ORDERED if is_confirmed else ResultCode.PENDING


def _steps(told: Told, visit: Visit, officials: Officials) -> Iterator[VisitStep]:
    lead, reviewer = officials.inspectors[0], officials.reviewer
    happened = [(VisitStep.Act.PLANNED, reviewer, clock.at(told.on, 8 * 60))]
    happened += [(VisitStep.Act.STARTED, lead, visit.started_at)] if visit.started_at else []
    happened += [(VisitStep.Act.HANDED_IN, lead, visit.handed_in_at)] if visit.handed_in_at else []
    if visit.reviewed_at:
        act = VisitStep.Act.FILED if told.state == VisitState.FILED else VisitStep.Act.RETURNED
        happened.append((act, reviewer, visit.reviewed_at))
    for act, person, at in happened:
        yield VisitStep(visit=visit, act=act, actor=person, actor_label=person.audit_label, at=at)


def _answers(
    told: Told, visit: Visit, items: list[ChecklistItem], found: dict[str, Observation], officials: Officials
) -> Iterator[Answer]:
    """Each failure at the first item of its kind, everything else holds; nothing while a visit is planned or begun."""
    if told.state in (VisitState.PLANNED, VisitState.UNDER_WAY):
        return
    waiting = {each.kind: each for each in told.failures}
    for item in items:
        failure = waiting.pop(item.kind, None)
        answer = Answer(visit=visit, item=item, verdict=Verdict.OK, changed_by=officials.inspectors[0])
        if failure is not None:
            answer.verdict, answer.note, answer.decision = Verdict.FAILED, _NOTE, failure.decision
            answer.severity = failure.severity
            if failure.decision == Decision.CONFIRMED:
                answer.requirement, answer.due_on = _REQUIREMENT, told.due_on(failure)
            answer.observation = found.get(failure.observation)
        yield answer
    if waiting:
        raise ValueError(f"The checklist of {visit.number} has no item of {sorted(waiting)}.")


def _observations(
    visits: list[Told], officials: Officials, lists: dict[str, ChecklistVersion]
) -> dict[str, Observation]:
    severities = {
        (target, item.kind): item.severity
        for target, version in lists.items()
        for item in reversed(version.items.all())
    }
    rows = []
    for told, failure in failures(visits):
        is_confirmed = failure.decision == Decision.CONFIRMED and failure.fate != Fate.CANCELLED
        state = "confirmed" if is_confirmed else "clue" if failure.decision == Decision.CLUE else "refuted"
        rows.append(
            Observation(
                number=failure.observation,
                institution=told.institution,
                kind=failure.kind,
                occurred_on=told.on,
                source="visit",
                text=_NOTE,
                state=state,
                confirmed_on=told.confirmed_on if is_confirmed else None,
                due_on=told.due_on(failure) if is_confirmed else None,
                rectified_on=_handed_in_on(told, failure) if failure.fate == Fate.PASSED else None,
                severity=failure.severity or severities[str(target_of(told.institution)), failure.kind],
                decided_by=officials.reviewer if state != "clue" else None,
            )
        )
    return {each.number: each for each in _create(Observation, rows)}


def _handed_in_on(told: Told, failure: Failure) -> dt.date:
    """Two days before the deadline; what is handed in late, five days after it."""
    return told.due_on(failure) + dt.timedelta(days=5 if failure.fate == Fate.HANDED_IN else -2)


def _order(visits: list[Told], found: dict[str, Observation], officials: Officials, now: dt.datetime) -> None:
    rows, steps = [], []
    for told, failure in failures(visits):
        if failure.rectification:
            row, happened = _rectification(told, failure, found[failure.observation], officials)
            rows.append(row)
            steps.append(happened)
    made = _create(Rectification, rows)
    _create(RectificationStep, (
        RectificationStep(
            rectification=row, act=act, at=at, actor=actor, actor_label=actor.audit_label if actor else "演示单位"
        )
        for row, happened in zip(made, steps, strict=True) for act, actor, at in happened if at <= now
    ))  # fmt: skip


def _rectification(
    told: Told, failure: Failure, observation: Observation, officials: Officials
) -> tuple[Rectification, list[tuple[str, User | None, dt.datetime]]]:
    act, fate, reviewer = RectificationStep.Act, failure.fate, officials.reviewer
    ordered_at = clock.at(told.confirmed_on, _REVIEWED_AT)
    row = Rectification(
        number=failure.rectification,
        institution=told.institution,
        observation=observation,
        requirement=_REQUIREMENT,
        due_on=told.due_on(failure),
        state=fate.value,
        ordered_at=ordered_at,
        ordered_by=reviewer,
    )
    happened: list[tuple[str, User | None, dt.datetime]] = [(act.ORDERED, reviewer, ordered_at)]
    if fate == Fate.CANCELLED:
        happened.append((act.CANCELLED, reviewer, clock.at(told.confirmed_on, 15 * 60)))
    if fate in (Fate.RETURNED, Fate.HANDED_IN, Fate.PASSED):
        row.rectified_on = _handed_in_on(told, failure)
        row.handed_in_at, row.account = clock.at(row.rectified_on, 14 * 60), "演示：已按要求整改。"
        happened.append((act.HANDED_IN, None, row.handed_in_at))
    if fate in (Fate.RETURNED, Fate.PASSED):
        assert row.rectified_on is not None
        row.rechecked_at, row.rechecked_by = clock.at(row.rectified_on, 16 * 60), officials.inspectors[1]
        row.remark = "演示：现场仍未整改到位。" if fate == Fate.RETURNED else "演示：已整改到位。"
        happened.append((act.RETURNED if fate == Fate.RETURNED else act.PASSED, row.rechecked_by, row.rechecked_at))
    return row, happened


def _freeze(visit: Visit, officials: Officials) -> None:
    assert visit.handed_in_at is not None
    frozen = freeze(visit, handed_in_by=officials.inspectors[0], now=visit.handed_in_at)
    if visit.reviewed_at is not None:
        frozen.reviewed_by, frozen.remark = officials.reviewer, visit.remark
        frozen.filed_at = visit.reviewed_at if visit.state == VisitState.FILED else None
        frozen.save(update_fields=["reviewed_by", "remark", "filed_at"])
