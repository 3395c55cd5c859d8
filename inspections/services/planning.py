"""A visit is planned, opened on the spot, started, or called off."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from inspections.choices import ChecklistState, Target, VisitKind, VisitState, target_of
from inspections.models import ChecklistVersion, Visit, VisitInspector, VisitStep
from inspections.scope import inspectable_by, may_join
from inspections.services.ground import (
    ABOVE,
    INSPECTING,
    check_writer,
    is_above,
    is_inspector,
    locked_visit,
    may_write,
    note,
    person_of,
    today_of,
)
from inspections.services.places import Place, put_place
from shuangjian.accounts.models import ApiToken, User
from shuangjian.bureau.cleaning import full_clean
from shuangjian.bureau.models import Department, Institution
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.core.querysets import power_of
from shuangjian.evidence.models import Complaint
from shuangjian.evidence.numbers import next_numbers
from shuangjian.evidence.scope import complaints_of
from shuangjian.evidence.words import clean, reason_of

MOST_TARGETS = 200
_FARTHEST = dt.timedelta(days=366)
Act = VisitStep.Act


@transaction.atomic
def plan_visits(
    institutions: Sequence[Institution],
    *,
    planned_on: dt.date,
    inspectors: Sequence[User],
    actor: Any,
    kind: str = VisitKind.PLANNED,
    lead: User | None = None,
    departments: Iterable[Department] = (),
    purpose: str = "",
    complaint: Complaint | None = None,
    follows: Visit | None = None,
    key: uuid.UUID | None = None,
    now: dt.datetime | None = None,
) -> list[Visit]:
    """One planned visit to each institution on ``planned_on``, all with the same people; all or nothing.

    Bureau, centre, town plan in their jurisdiction; inspectors visits of their own. At least two inspectors; ``lead``
    is the first unless said. The same plan with the same ``key`` again, as of a form posted twice, answers the same
    visits. InvalidInput names ``institutions[2]``, ``inspectors`` … .
    """
    people, today = list(dict.fromkeys(inspectors)), today_of(now)
    problems = _target_problems(institutions, actor) + people_problems(people, institutions, at_least=2)
    if power_of(actor) not in ABOVE and person_of(actor) not in people:
        raise Refused("检查员只能安排自己参加的检查，请把自己列入检查人员。", code="role", status=403)
    problems += _plan_problems(planned_on, kind, today)
    if lead is not None and lead not in people:
        problems.append(Problem("lead", "主办须是检查人员之一。"))
    problems += _origin_problems(institutions, complaint, follows, actor)
    if problems:
        raise InvalidInput(problems)
    plan = {
        "planned_on": planned_on, "kind": kind, "purpose": clean(purpose), "complaint": complaint, "follows": follows,
        "created_by": person_of(actor),
    }  # fmt: skip
    joining, first = list(departments), lead or people[0]
    keys = _keys(institutions, key, [*plan.values(), *people, first, *joining])
    # The lock of the numbers first: the second of two equal plans finds what the first has put in.
    numbers = iter(next_numbers(Visit, "JC", today.year, len(institutions)))
    known = {each.key: each for each in Visit.objects.filter(key__in=keys)}
    visits = []
    for institution, own in zip(institutions, keys, strict=True):
        visit = known.get(own)
        if visit is None or visit.state == VisitState.CANCELLED:  # called off and planned anew from the same page
            own = own if visit is None else uuid.uuid4()
            visit = Visit(key=own, number=next(numbers), institution=institution, **plan)
            _insert(visit, people, first, joining)
            note(visit, Act.PLANNED, actor=actor, now=now, detail={"inspectors": len(people)})
        visits.append(visit)
    return visits


@transaction.atomic
def open_visit(
    institution: Institution,
    *,
    key: uuid.UUID,
    actor: Any,
    inspectors: Sequence[User] = (),
    place: Place = Place(),  # noqa: B008 - frozen
    device_started_at: dt.datetime | None = None,
    started_at: dt.datetime | None = None,
    purpose: str = "",
    departments: Iterable[Department] = (),
    now: dt.datetime | None = None,
) -> Visit:
    """突击检查 begun on the spot, by ``key`` of the phone: the same key again answers the same visit.

    A person is an inspector of it always; a program names ``inspectors``. ``started_at`` (a program's, not ahead of
    ``now``) is when it really began. Conflict when the key is another visit's.
    """
    known = _known(key, institution, actor)
    if known is not None:
        return known
    problems = _target_problems([institution], actor, path="institution")
    own = person_of(actor)
    people = list(dict.fromkeys([*([own] if own is not None else []), *inspectors]))
    problems += people_problems(people, [institution], at_least=1)
    if problems:
        raise InvalidInput(problems)
    begun = _begun(started_at, actor, now)
    # Under the lock of the numbers the second of two equal calls finds what the first has put in.
    number = next_numbers(Visit, "JC", today_of(now).year, 1)[0]
    known = _known(key, institution, actor)
    if known is not None:
        return known
    visit = Visit(
        key=key,
        number=number,
        institution=institution,
        kind=VisitKind.UNANNOUNCED,
        state=VisitState.UNDER_WAY,
        planned_on=clock.local(begun).date(),
        purpose=clean(purpose),
        checklist=checklist_for(institution),
        started_at=begun,
        device_started_at=device_started_at,
        created_by=own,
    )
    put_place(visit, place)
    _insert(visit, people, people[0], list(departments))
    note(visit, Act.STARTED, actor=actor, now=now, detail={"distance_m": visit.distance_m, "kind": visit.kind})
    return visit


@transaction.atomic
def start_visit(
    pk: int,
    *,
    actor: Any,
    place: Place = Place(),  # noqa: B008 - frozen
    device_started_at: dt.datetime | None = None,
    started_at: dt.datetime | None = None,
    now: dt.datetime | None = None,
) -> Visit:
    """A planned visit begins, with the checklist in use now. Begun already (by a colleague, or sent twice): unchanged.

    The distance is written down and never keeps anybody from beginning. ``started_at`` as in ``open_visit``.
    """
    visit = locked_visit(pk)
    if visit.state == VisitState.UNDER_WAY and may_write(visit, actor):
        return visit
    if visit.state != VisitState.PLANNED:
        check_writer(visit, actor)
        raise Conflict(f"{visit.number} 已开始过，现在是“{visit.get_state_display()}”。")
    if not may_write(visit, actor):
        raise Refused("只有本次检查的检查人员可以开始检查。", code="role", status=403)
    visit.checklist = checklist_for(visit.institution)
    visit.started_at, visit.device_started_at = _begun(started_at, actor, now), device_started_at
    put_place(visit, place)
    visit.state, visit.revision = VisitState.UNDER_WAY, visit.revision + 1
    full_clean(visit)
    visit.save(
        update_fields=[
            "checklist", "started_at", "device_started_at", "latitude", "longitude", "accuracy_m", "distance_m",
            "place_note", "state", "revision", "changed_at",
        ]
    )  # fmt: skip
    note(visit, Act.STARTED, actor=actor, now=now, detail={"distance_m": visit.distance_m})
    return visit


@transaction.atomic
def cancel_visit(pk: int, *, reason: str, actor: Any, now: dt.datetime | None = None) -> Visit:
    """取消, with a reason: planned, or begun with nothing answered and no photo. By its planners or its inspectors."""
    visit = locked_visit(pk)
    if not (is_above(visit, actor) or (person_of(actor) is not None and is_inspector(visit, actor))):
        raise Refused("检查由安排检查的单位或检查人员取消。", code="role", status=403)
    reason = reason_of(reason, "取消的原因")
    if visit.state not in (VisitState.PLANNED, VisitState.UNDER_WAY) or visit.versions.exists():
        raise Conflict(f"{visit.number} 现在是“{visit.get_state_display()}”，不能取消；填写有误的请更正后提交。")
    if visit.photos.filter(removed_at__isnull=True).exists() or visit.answers.exclude(verdict="", note="").exists():
        raise Conflict(f"{visit.number} 已有检查结论或照片，不能取消；请填写检查结果后提交。", code="has_content")
    visit.state, visit.revision = VisitState.CANCELLED, visit.revision + 1
    visit.save(update_fields=["state", "revision", "changed_at"])
    note(visit, Act.CANCELLED, actor=actor, now=now, text=reason)
    return visit


def checklist_for(institution: Institution) -> ChecklistVersion:
    """The checklist in use for the institution's type; Conflict where none is published."""
    target = target_of(institution)
    found = ChecklistVersion.objects.filter(target=target, state=ChecklistState.PUBLISHED).first()
    if found is None:
        word = Target(target).label if target else institution.get_kind_display()
        raise Conflict(f"“{word}”还没有启用的检查表，请区教育局在“检查表”中启用一份。", code="no_checklist")
    return found


def people_problems(people: Sequence[User], institutions: Sequence[Institution], *, at_least: int) -> list[Problem]:
    """What keeps these accounts from being the inspectors of visits to these institutions."""
    problems = []
    if len(people) < at_least:
        problems.append(Problem("inspectors", f"检查人员不少于 {at_least} 名，现有 {len(people)} 名，请补充。", "few"))
    for person in people:
        if person.role_kind not in INSPECTING or not person.is_active:
            problems.append(Problem("inspectors", f"{person.name}不能作检查人员（{person.role_label}），请另选。"))
            continue
        outside = next((each for each in institutions if not may_join(person, each)), None)
        if outside is not None:
            message = f"{person.name}（{person.unit_name}）不管辖{outside.name}，请另选检查人员。"
            problems.append(Problem("inspectors", message))
    return problems


def _target_problems(institutions: Sequence[Institution], actor: Any, path: str = "") -> list[Problem]:
    if not 1 <= len(institutions) <= MOST_TARGETS:
        return [Problem(path or "institutions", f"请选择检查对象，一次 1–{MOST_TARGETS} 个。", "required")]
    chosen = [each.pk for each in institutions]
    within = set(inspectable_by(actor).filter(pk__in=chosen).values_list("pk", flat=True))
    problems = []
    for at, each in enumerate(institutions):
        where = path or f"institutions[{at}]"
        if each.pk not in within:
            problems.append(Problem(where, "没有这个检查对象，或它不在您可以检查的范围内，请另选。", "scope"))
        elif chosen.index(each.pk) != at:
            problems.append(Problem(where, f"{each.name}重复，请只保留一次。", "duplicate"))
    return problems


def _plan_problems(planned_on: dt.date, kind: str, today: dt.date) -> list[Problem]:
    problems = []
    if not today <= planned_on <= today + _FARTHEST:
        problems.append(Problem("planned_on", f"检查日期应在今天（{today}）起一年以内，请改正。"))
    if kind not in (VisitKind.PLANNED, VisitKind.FOLLOW_UP):
        problems.append(Problem("kind", "安排的检查为“计划检查”或“回头看”；突击检查请在现场直接开始。"))
    return problems


def _origin_problems(
    institutions: Sequence[Institution], complaint: Complaint | None, follows: Visit | None, actor: Any
) -> list[Problem]:
    problems = []
    ids = {each.pk for each in institutions}
    if len(ids) > 1 and (complaint is not None or follows is not None):
        return [Problem("institutions", "由投诉或回头看而来的检查，一次只选一个检查对象。")]
    if complaint is not None and (
        complaint.institution_id not in ids or not complaints_of(actor).filter(pk=complaint.pk).exists()
    ):
        problems.append(Problem("complaint", "没有这件投诉，或它说的不是所选的检查对象。"))
    if follows is not None and (
        follows.institution_id not in ids or not Visit.objects.visible_to(actor).filter(pk=follows.pk).exists()
    ):
        problems.append(Problem("follows", "没有这次检查，或它不是对所选检查对象的检查。"))
    return problems


def _keys(institutions: Sequence[Institution], key: uuid.UUID | None, said: Sequence[Any]) -> list[uuid.UUID]:
    """A key for the visit to each institution: the same for the same ``key`` of a form and the same things said."""
    base = uuid.uuid4() if key is None else key
    told = "|".join(str(getattr(each, "pk", each)) for each in said)
    return [uuid.uuid5(base, f"{each.code}|{told}") for each in institutions]


def _begun(started_at: dt.datetime | None, actor: Any, now: dt.datetime | None) -> dt.datetime:
    """When the visit really began: by the server's clock, unless a program tells of a visit afterwards."""
    moment = now or clock.now()
    if started_at is None or not isinstance(actor, ApiToken):
        return moment
    if started_at > moment:
        raise InvalidInput([Problem("started_at", "开始时间晚于现在，请核对时钟。")])
    return started_at


def _known(key: uuid.UUID, institution: Institution, actor: Any) -> Visit | None:
    known = Visit.objects.select_related("institution", "checklist").filter(key=key).first()
    if known is None:
        return None
    # The same words whoever's it is: a key tells nothing of other people's visits.
    if known.institution_id != institution.pk or not may_write(known, actor):
        raise Conflict("这个检查标识已被使用，请重新开始一次检查。", code="key_taken")
    return known


def _insert(visit: Visit, people: Sequence[User], lead: User, departments: Sequence[Department]) -> None:
    full_clean(visit)
    visit.save(force_insert=True)
    VisitInspector.objects.bulk_create(
        VisitInspector(visit=visit, person=person, is_lead=person == lead) for person in people
    )
    if departments:
        visit.departments.set(departments)
