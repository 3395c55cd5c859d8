"""The context of one complaint's and one observation's page, with a form for each act that is open to the reader."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from shuangjian.accounts.models import User
from shuangjian.evidence import complaint_acts, forms, observation_acts
from shuangjian.evidence.choices import ComplaintState, State
from shuangjian.evidence.followers import pending_of
from shuangjian.evidence.kinds import find_kind, kind_label, kinds_for
from shuangjian.evidence.limits import reply_limit
from shuangjian.evidence.models import Complaint, Observation
from shuangjian.evidence.scope import (
    ABOVE,
    complainant,
    complaints_of,
    sees_complainant,
    sees_source,
    shown_text,
)
from shuangjian.evidence.selectors import history, likely_units
from shuangjian.evidence.services import likely_duplicates

#: What was posted, by the name of the act.
Posted = Mapping[str, Any]
_MOST_LIKE = 8


@dataclass(frozen=True)
class Step:
    """One act as the page offers it: its form, where it goes, and the function that does it."""

    name: str
    verb: str
    done: str
    url: str
    form: forms.ActForm
    run: Callable[[User, dict[str, Any]], Any]
    is_open: bool
    roles: frozenset[str]
    is_danger: bool = False


def complaint_page(user: User, complaint: Complaint, today: dt.date, posted: Posted) -> dict[str, Any]:
    """Context of templates/evidence/complaint.html. ``posted``: what an act was given, when it was refused."""
    steps = _complaint_steps(complaint, posted)
    may_act = user.may_write and user.role_kind in ABOVE
    by_phone = sees_complainant(user, complaint)
    like = complaints_of(user).filter(likely_duplicates(complaint, by_phone=by_phone)).select_related("institution")
    who, phone = complainant(user, complaint)
    is_closed = complaint.state == ComplaintState.CLOSED
    return {
        "complaint": complaint,
        "text": shown_text(user, complaint),
        "who": who,
        "phone": phone,
        "is_masked": not by_phone and bool(who or phone),
        "limit": reply_limit(complaint.channel, complaint.received_on),
        "days_left": (complaint.reply_due_on - today).days,
        "is_closed": is_closed,
        "is_late": not is_closed and complaint.reply_due_on < today,
        "replied_late": complaint.replied_on is not None and complaint.replied_on > complaint.reply_due_on,
        "may_mark": may_act and complaint_acts.MARK_DUPLICATE.is_open_to(user, complaint),
        "like": list(like[:_MOST_LIKE]) if may_act and not is_closed else [],
        "repeats": list(complaints_of(user).filter(duplicate_of=complaint)) if complaint.pk else [],
        "units": likely_units(user, complaint) if may_act and complaint.institution is None else [],
        "found": list(complaint.observations.all()) if user.role_kind in ABOVE else [],
        "every_act": steps,
        "acts": [step for step in steps if step.is_open and _act(step.name).is_open_to(user, complaint)]
        if may_act
        else [],
        "events": history(f"complaint:{complaint.number}") if user.role_kind in ABOVE else [],
    }


def _act(name: str) -> complaint_acts.Act:
    wanted = "decide" if name in ("confirm", "refute") else name
    return next(each for each in complaint_acts.ACTS if each.name == wanted)


def _roles(may: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*may.values())


def _complaint_steps(complaint: Complaint, posted: Posted) -> list[Step]:
    pk, unit = complaint.pk, complaint.institution
    kinds = kinds_for(unit) if unit is not None else None
    usual = next((kind.code for kind in kinds or [] if complaint.topic in kind.topics), "")

    def step(
        name: str, verb: str, done: str, form_class: type[forms.ActForm], run: Any, *, is_open: bool = True,
        is_danger: bool = False, **options: Any,
    ) -> Step:  # fmt: skip
        form = form_class(posted.get(name), act=name, **options)
        url = reverse(f"complaint_{name}", args=[complaint.number])
        return Step(name, verb, done, url, form, run, is_open, _roles(_act(name).may), is_danger)

    return [
        step("start_check", "开始核查", "已开始核查。", forms.EmptyForm,
             lambda user, values: complaint_acts.start_check(pk, actor=user)),
        step("link", "关联单位", "已关联单位。", forms.LinkForm,
             lambda user, values: complaint_acts.link_to_institution(
                 pk, institution=forms.find_unit(user, values["institution"]), actor=user)),
        step("confirm", "认定查实", "已认定查实，并登记核查情况。", forms.FoundForm,
             lambda user, values: complaint_acts.decide(
                 pk, is_confirmed=True, actor=user, found=complaint_acts.Found(**values)),
             is_open=unit is not None, kinds=kinds,
             initial={"kind": usual, "occurred_on": complaint.received_on}),
        step("refute", "认定未查实", "已认定未查实。", forms.ReasonForm,
             lambda user, values: complaint_acts.decide(
                 pk, is_confirmed=False, actor=user, reason=values["reason"])),
        step("reply_and_close", "答复并办结", "已办结。", forms.ReplyForm,
             lambda user, values: complaint_acts.reply_and_close(pk, actor=user, **values)),
        step("mark_duplicate", "标为重复", "已保存。", forms.DuplicateForm,
             lambda user, values: complaint_acts.mark_duplicate(pk, of=values["of"], actor=user),
             initial={"of": complaint.duplicate_of.number if complaint.duplicate_of else ""}),
        step("withdraw", "撤回认定", "已撤回认定，回到核查中。", forms.ReasonForm,
             lambda user, values: complaint_acts.withdraw_decision(pk, actor=user, **values), is_danger=True),
    ]  # fmt: skip


def observation_page(user: User, found: Observation, today: dt.date, posted: Posted) -> dict[str, Any]:
    """Context of templates/evidence/observation.html."""
    kind = find_kind(found.kind)
    is_above = user.role_kind in ABOVE
    steps = _observation_steps(found, posted)
    acts = {each.name: each for each in observation_acts.ACTS}
    is_open = found.state == State.CONFIRMED and found.rectified_on is None
    return {
        "observation": found,
        "kind": kind_label(found.kind),
        "rule": kind.rule if kind else "",
        "severity": found.severity or (kind.severity if kind else None),
        "source": found.get_source_display() if sees_source(user) else "",
        "complaint": found.complaint if is_above else None,
        "is_above": is_above,
        "is_late": is_open and found.due_on is not None and found.due_on < today,
        "rectification": pending_of(found) if is_open and is_above else "",
        "every_act": steps,
        "acts": [step for step in steps if is_above and user.may_write and acts[step.name].is_open_to(user, found)],
        "events": history(f"observation:{found.number}") if is_above else [],
    }


def _observation_steps(found: Observation, posted: Posted) -> list[Step]:
    pk = found.pk

    def step(name: str, verb: str, done: str, form_class: type[forms.ActForm], run: Any, **options: Any) -> Step:
        url = reverse(f"observation_{name}", args=[found.number])
        form = form_class(posted.get(name), act=name)
        roles = _roles(next(each for each in observation_acts.ACTS if each.name == name).may)
        return Step(name, verb, done, url, form, run, is_open=True, roles=roles, **options)

    return [
        step("confirm", "认定查实", "已认定查实，几秒内更新疑似问题。", forms.ConfirmForm,
             lambda user, values: observation_acts.confirm_observation(pk, actor=user, **values)),
        step("refute", "认定未查实", "已认定未查实。", forms.ReasonForm,
             lambda user, values: observation_acts.refute_observation(pk, actor=user, **values)),
        step("rectify", "登记整改完成", "已登记整改完成。", forms.RectifyForm,
             lambda user, values: observation_acts.rectify_observation(pk, actor=user, **values)),
        step("withdraw", "撤回认定", "已撤回认定，回到核查中。", forms.ReasonForm,
             lambda user, values: observation_acts.withdraw_observation(pk, actor=user, **values), is_danger=True),
    ]  # fmt: skip
