"""What of a visit is no answer and no photo: people met, companions, departments, result, summary; its inspectors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction

from inspections.choices import ResultCode, VisitState
from inspections.models import Visit, VisitInspector
from inspections.scope import may_join
from inspections.services.ground import (
    INSPECTING,
    Stale,
    audit,
    check_writer,
    is_above,
    locked_visit,
    may_write,
    today_of,
)
from shuangjian.accounts.models import User
from shuangjian.bureau.cleaning import full_clean
from shuangjian.bureau.models import Department
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.evidence.words import clean

#: What may be written once a visit has begun, and what before.
WRITTEN = ("people_met", "companions", "departments", "result", "summary", "place_note", "purpose")
PLANNED = ("planned_on", "purpose", "departments", "companions")
MOST_PEOPLE = 30
LONGEST_SUMMARY = 4000
_LONGEST_NAME = 40
_SECOND = {"people_met": ("post", "职务"), "companions": ("unit", "单位")}
_LABELS = {"people_met": "被检查单位人员", "companions": "同行人员"}


@transaction.atomic
def save_details(
    pk: int, *, values: Mapping[str, Any], revision: int, actor: Any, now: dt.datetime | None = None
) -> Visit:
    """Write those of WRITTEN (begun) or PLANNED (not begun) that ``values`` has; what is not in it stays.

    ``people_met`` is a list of {"name", "post"}, ``companions`` of {"name", "unit"}, ``departments`` Departments or
    their codes. ``revision`` is the visit's as it was read: Stale with what is stored when somebody has changed it
    since, unless nothing would change (the same values sent again are no conflict).
    """
    visit = locked_visit(pk)
    allowed = _allowed(visit, actor)
    unknown = sorted(set(values) - set(allowed))
    if unknown:
        raise InvalidInput([Problem(name, f"“{visit.get_state_display()}”时不能改这一项。") for name in unknown])
    cleaned, problems = _cleaned(values, today_of(now) if "planned_on" in values else None)
    if problems:
        raise InvalidInput(problems)
    departments = cleaned.pop("departments", None)
    changed = [name for name, value in cleaned.items() if getattr(visit, name) != value]
    joining = set(visit.departments.values_list("pk", flat=True)) if departments is not None else set()
    is_other = departments is not None and {each.pk for each in departments} != joining
    if not changed and not is_other:
        return visit
    if revision != visit.revision:
        raise Stale("这份检查已被他人修改，您的内容没有保存；请对照现有内容后再保存。", stored_details(visit))
    for name in changed:
        setattr(visit, name, cleaned[name])
    visit.revision += 1
    full_clean(visit)
    visit.save(update_fields=[*changed, "revision", "changed_at"])
    if departments is not None and is_other:
        visit.departments.set(departments)
        changed.append("departments")
    audit(visit, "save_visit", actor=actor, detail={"fields": sorted(changed), "revision": visit.revision})
    return visit


@transaction.atomic
def set_inspectors(
    pk: int,
    *,
    inspectors: Sequence[User],
    lead: User | None = None,
    revision: int,
    actor: Any,
    now: dt.datetime | None = None,
) -> Visit:
    """The visit's inspectors become ``inspectors``, as long as it is written on; ``lead`` the first unless said.

    By those who planned it (bureau, centre, town within the jurisdiction) and by its inspectors. A planned visit keeps
    two at least, a begun one one. Stale as for ``save_details``.
    """
    visit = locked_visit(pk)
    _allowed(visit, actor)
    people = list(dict.fromkeys(inspectors))
    known = {each.person_id: each for each in visit.inspectors.select_related("person")}
    problems = _people_problems(visit, people, set(known), at_least=2 if visit.state == VisitState.PLANNED else 1)
    leader = lead or next((each.person for each in known.values() if each.is_lead and each.person in people), None)
    leader = leader or (people[0] if people else None)
    if leader not in people:
        problems.append(Problem("lead", "主办须是检查人员之一。"))
    if problems:
        raise InvalidInput(problems)
    ids, is_lead = {person.pk for person in people}, {each.person_id for each in known.values() if each.is_lead}
    if ids == set(known) and is_lead == {getattr(leader, "pk", None)}:
        return visit
    if revision != visit.revision:
        raise Stale("检查人员已被他人修改，您的改动没有保存；请对照现有内容后再保存。", stored_details(visit))
    visit.inspectors.exclude(person__in=ids).delete()
    visit.inspectors.update(is_lead=False)
    VisitInspector.objects.bulk_create(
        VisitInspector(visit=visit, person=person) for person in people if person.pk not in known
    )
    visit.inspectors.filter(person=leader).update(is_lead=True)
    visit.revision += 1
    visit.save(update_fields=["revision", "changed_at"])
    detail = {"added": len(ids - set(known)), "removed": len(set(known) - ids), "revision": visit.revision}
    audit(visit, "set_visit_inspectors", actor=actor, detail=detail)
    return visit


def same_details(visit: Visit, values: Mapping[str, Any]) -> bool:
    """Whether writing ``values`` would change nothing."""
    cleaned, problems = _cleaned(values, None)
    if problems:
        return False
    departments = cleaned.pop("departments", None)
    if departments is not None and {each.pk for each in departments} != set(
        visit.departments.values_list("pk", flat=True)
    ):
        return False
    return all(getattr(visit, name) == value for name, value in cleaned.items())


def stored_details(visit: Visit) -> dict[str, Any]:
    """What stands in the visit, as a conflict shows it: plain values by field, with the ``revision`` to go on from."""
    return {
        "revision": visit.revision,
        "state": visit.state,
        "planned_on": visit.planned_on.isoformat(),
        "purpose": visit.purpose,
        "people_met": visit.people_met,
        "companions": visit.companions,
        "departments": [each.code for each in visit.departments.all()],
        "inspectors": [each.person.username for each in visit.inspectors.select_related("person")],
        "result": visit.result,
        "summary": visit.summary,
        "place_note": visit.place_note,
    }


def _allowed(visit: Visit, actor: Any) -> tuple[str, ...]:
    if visit.state == VisitState.PLANNED:
        if not (is_above(visit, actor) or may_write(visit, actor)):
            raise Refused("检查安排由安排检查的单位或检查人员修改。", code="role", status=403)
        return PLANNED
    if not may_write(visit, actor) and is_above(visit, actor):
        raise Conflict(f"{visit.number} 已开始，由检查人员填写。")
    check_writer(visit, actor)
    return WRITTEN


def _people_problems(visit: Visit, people: Sequence[User], known: set[int], *, at_least: int) -> list[Problem]:
    problems = []
    if len(people) < at_least:
        problems.append(Problem("inspectors", f"检查人员不少于 {at_least} 名，请补充。", "few"))
    for person in people:
        fits = person.role_kind in INSPECTING and person.is_active and may_join(person, visit.institution)
        if person.pk not in known and not fits:
            message = f"{person.name}（{person.unit_name}）不能作{visit.institution.name}的检查人员，请另选。"
            problems.append(Problem("inspectors", message))
    return problems


def _cleaned(values: Mapping[str, Any], today: dt.date | None) -> tuple[dict[str, Any], list[Problem]]:
    cleaned: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in values.items():
        if name in _SECOND:
            cleaned[name] = _people(name, value, problems)
        elif name == "departments":
            cleaned[name] = _departments(value, problems)
        elif name == "planned_on":
            cleaned[name] = value
            if not isinstance(value, dt.date) or (today is not None and value < today):
                problems.append(Problem(name, f"检查日期应为今天（{today}）或以后的日期。"))
        else:
            cleaned[name] = clean(value)
    if cleaned.get("result", "") not in ("", *ResultCode.values):
        # Some words hold a comma; programs send the code.
        words = "；".join(f"{label}（{value}）" for value, label in ResultCode.choices)
        problems.append(Problem("result", f"请选择检查结果：{words}。"))
    for name, longest in (("summary", LONGEST_SUMMARY), ("place_note", 200), ("purpose", 200)):
        if len(cleaned.get(name, "")) > longest:
            problems.append(Problem(name, f"最多 {longest} 字，现为 {len(cleaned[name])} 字，请缩短。", "too_long"))
    return cleaned, problems


def _people(name: str, rows: Any, problems: list[Problem]) -> list[dict[str, str]]:
    """Persons without blank rows; InvalidInput paths are such as ``companions[1].name``."""
    second, word = _SECOND[name]
    if not isinstance(rows, list | tuple) or len(rows) > MOST_PEOPLE:
        problems.append(Problem(name, f"{_LABELS[name]}应为列表，最多 {MOST_PEOPLE} 人。"))
        return []
    people = []
    for at, row in enumerate(rows):
        if not isinstance(row, Mapping) or set(row) - {"name", second}:
            problems.append(Problem(f"{name}[{at}]", f"应为姓名（name）和{word}（{second}）。"))
            continue
        person = {"name": clean(row.get("name")), second: clean(row.get(second))}
        if not any(person.values()):
            continue
        if not person["name"]:
            problems.append(Problem(f"{name}[{at}].name", "请填写姓名。"))
        for key, text in person.items():
            if len(text) > _LONGEST_NAME:
                problems.append(Problem(f"{name}[{at}].{key}", f"最多 {_LONGEST_NAME} 字，请缩短。"))
        people.append(person)
    return people


def _departments(given: Any, problems: list[Problem]) -> list[Department]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        problems.append(Problem("departments", "参与部门应为列表。"))
        return []
    chosen = list(given)
    codes = {str(each) for each in chosen if not isinstance(each, Department)}
    known = {each.code: each for each in Department.objects.filter(code__in=codes)} if codes else {}
    for code in sorted(codes - set(known)):
        problems.append(Problem("departments", f"没有代码为“{code[:10]}”的责任单位，请核对。"))
    found = [each if isinstance(each, Department) else known.get(str(each)) for each in chosen]
    return [each for each in found if each is not None]
