"""The parts of an institution's page that come from people who looked or complained: each shows to whom it is open.

Whoever is complained about never learns of a clue, of a complaint or of where it came from (evidence.scope).
"""

from __future__ import annotations

from django.urls import reverse

from shuangjian.accounts.models import RoleKind, User
from shuangjian.bureau.models import Institution
from shuangjian.core.querysets import power_of
from shuangjian.core.templatetags.ui import MISSING
from shuangjian.evidence.choices import ComplaintState
from shuangjian.evidence.kinds import kind_label
from shuangjian.evidence.models import Complaint, Observation
from shuangjian.evidence.scope import ABOVE, complaints_of, observations_of, sees_source
from training_orgs.selectors.section import MOST, Section, cut, text_or_missing

_SEES_COMPLAINTS = ABOVE | {RoleKind.DEPARTMENT.value}
#: What was seen on the spot is a clue like any other; an inspector must know it before a visit.
_SEES_SIGHTINGS = _SEES_COMPLAINTS | {RoleKind.INSPECTOR.value}


def sees_sightings(user: User) -> bool:
    """Whether the reader may learn who saw what at the place."""
    return power_of(user) in _SEES_SIGHTINGS


def observed(user: User, unit: Institution) -> Section:
    """核查情况 as far as the reader may know of them; where they came from only to those above."""
    rows = observations_of(user).filter(institution=unit).order_by("-occurred_on", "-pk")
    shown, hidden = cut(list(rows[: MOST + 1]))
    columns = ["编号", "事项", "发生", "状态", "整改", "情况"]
    cells = [
        [o.number, kind_label(o.kind), str(o.occurred_on), o.get_state_display(), _due(o), o.text[:80]] for o in shown
    ]
    if sees_source(user):
        columns.insert(2, "来源")
        for row, each in zip(cells, shown, strict=True):
            row.insert(2, each.get_source_display())
    is_open_to_clues = power_of(user) in ABOVE or power_of(user) == RoleKind.INSPECTOR
    return Section(
        "observed",
        "核查记录",
        tuple(columns),
        cells,
        "没有核查记录。" if is_open_to_clues else "没有查实的问题。",
        "线索未经查实，不作为问题认定" if cells and is_open_to_clues else "",
        hidden=hidden,
        links={at: reverse("observation", args=[each.number]) for at, each in enumerate(shown)},
    )


def _due(observation: Observation) -> str:
    if observation.rectified_on:
        return f"{observation.rectified_on} 完成"
    return f"{observation.due_on} 前" if observation.due_on else MISSING


def complained(user: User, unit: Institution) -> Section | None:
    """投诉线索 about the institution; None to whom complaints are closed. Never who complained."""
    if power_of(user) not in _SEES_COMPLAINTS:
        return None
    rows = complaints_of(user).filter(institution=unit).select_related("duplicate_of")
    shown, hidden = cut(list(rows.order_by("-received_on", "-pk")[: MOST + 1]))
    cells = [
        [each.number, each.get_topic_display(), each.get_channel_display(), str(each.received_on), _state(each),
         f"{each.replied_on} 答复" if each.replied_on else f"{each.reply_due_on} 前"]
        for each in shown
    ]  # fmt: skip
    return Section(
        "complaints",
        "投诉线索",
        ("登记号", "事项", "渠道", "受理", "状态", "答复"),
        cells,
        "没有投诉线索。",
        "线索未经查实，不作为问题认定" if cells else "",
        hidden=hidden,
        links={at: reverse("complaint", args=[each.number]) for at, each in enumerate(shown)},
    )


def _state(complaint: Complaint) -> str:
    if complaint.duplicate_of is not None:
        return f"{complaint.get_state_display()}，与 {complaint.duplicate_of.number} 重复"
    if complaint.state == ComplaintState.CLOSED and complaint.is_confirmed is not None:
        return f"{complaint.get_state_display()}（{'查实' if complaint.is_confirmed else '未查实'}）"
    return complaint.get_state_display()


def sighted(user: User, unit: Institution) -> Section | None:
    """现场发现; None to the institution itself."""
    if not sees_sightings(user):
        return None
    rows = [
        [
            str(s.seen_on),
            s.place,
            s.source,
            f"从业 {text_or_missing(s.staff)} 人，学生 {text_or_missing(s.pupils)} 人",
            s.get_licence_state_display() or MISSING,
            text_or_missing(s.note),
        ]
        for s in unit.sightings.order_by("-seen_on")
    ]
    columns = ("发现", "地点", "来源", "人数", "证照", "情况")
    return Section("sightings", "现场发现", columns, rows, "没有现场发现记录。")
