"""What every act on a visit stands on: the locked row, who may do it, the step and the audit entry that tell of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from inspections.choices import WRITABLE, VisitState
from inspections.models import Visit, VisitInspector, VisitStep
from shuangjian.accounts.models import ApiToken, User
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, Refused
from shuangjian.core.querysets import power_of
from shuangjian.journal.services import record

#: Roles that plan and review within their jurisdiction.
ABOVE = frozenset({"bureau", "centre", "town"})
#: Roles whose accounts may be inspectors of a visit.
INSPECTING = frozenset({"inspector", "bureau", "centre", "town", "dept"})


class Stale(Conflict):
    """Somebody else has changed it since it was read. ``stored`` is what stands there now, as the API shows it."""

    code = "stale"

    def __init__(self, message: str, stored: dict[str, Any]) -> None:
        super().__init__(message)
        self.stored = stored


def locked_visit(pk: int) -> Visit:
    """The visit as it stands, nobody else changing it or its answers until the transaction ends."""
    rows = Visit.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("institution", "checklist").get(pk=pk)


def today_of(now: dt.datetime | None) -> dt.date:
    """The local date of ``now``."""
    return clock.local(now).date() if now is not None else clock.today()


def is_inspector(visit: Visit, actor: Any) -> bool:
    """Whether the person is one of the visit's inspectors; never a program."""
    return isinstance(actor, User) and VisitInspector.objects.filter(visit=visit, person=actor).exists()


def is_above(visit: Visit, actor: Any) -> bool:
    """Whether the visit's institution lies in the jurisdiction of this bureau, centre or town (person or token)."""
    if power_of(actor) not in ABOVE or not getattr(actor, "may_write", True):
        return False
    return Institution.objects.visible_to(actor).filter(pk=visit.institution_id).exists()


def may_write(visit: Visit, actor: Any) -> bool:
    """Its inspectors write; a program of the district or the town writes what they say, as that program."""
    if isinstance(actor, ApiToken):
        return is_above(visit, actor)
    return bool(getattr(actor, "may_write", False)) and is_inspector(visit, actor)


def check_writer(visit: Visit, actor: Any) -> None:
    """Refused for whom the visit is not to write; Conflict when its state lets nobody write."""
    if not may_write(visit, actor):
        raise Refused("只有本次检查的检查人员可以填写；需要参加的，请检查人员把您加入。", code="role", status=403)
    if visit.state not in WRITABLE:
        raise Conflict(f"{visit.number} 现在是“{visit.get_state_display()}”，不能再填写。{_REMEDY[visit.state]}")


_REMEDY: dict[str, str] = {
    VisitState.PLANNED: "请先点“开始检查”。",
    VisitState.HANDED_IN: "需要改的，请审核人员退回。",
    VisitState.FILED: "有误的，写明原因办理更正。",
    VisitState.CANCELLED: "请另行安排检查。",
}


def note(
    visit: Visit, act: str, *, actor: Any, now: dt.datetime | None, text: str = "", detail: dict[str, Any] | None = None
) -> None:
    """One step in the life of the visit, and its audit entry; ``text`` is for people, ``detail`` holds no names."""
    label = "系统" if actor is None else actor.audit_label
    VisitStep.objects.create(
        visit=visit,
        act=act,
        actor=actor if isinstance(actor, User) else None,
        actor_label=label,
        at=now or clock.now(),
        note=text[:400],
    )
    audit(visit, f"{act}_visit", actor=actor, detail={"state": visit.state, **(detail or {})})


def audit(visit: Visit, act: str, *, actor: Any, detail: dict[str, Any]) -> None:
    """An audit entry alone: for what happens many times in a visit."""
    record(act, actor=actor, institution_id=visit.institution_id, target=f"visit:{visit.number}", detail=detail)


def person_of(actor: Any) -> User | None:
    """The account that acts; None for a program."""
    return actor if isinstance(actor, User) else None
