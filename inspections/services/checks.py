"""What keeps a visit from being handed in: everything at once, each with its place and how to mend it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from inspections.choices import Decision, PhotoRule, ResultCode, Verdict
from inspections.models import Answer, ChecklistItem, Visit
from shuangjian.core import clock
from shuangjian.core.errors import Problem

#: Results with which nobody could look at the items.
NOT_INSIDE = (ResultCode.CLOSED_DOOR, ResultCode.REFUSED)
#: Results that say nothing without a sentence.
_EXPLAINED = (ResultCode.STOPPED, ResultCode.PENDING, *NOT_INSIDE)
_WITH_PROBLEMS = (ResultCode.CORRECTED, ResultCode.ORDERED)
_LONGEST_TERM = dt.timedelta(days=366)


def hand_in_problems(visit: Visit) -> list[Problem]:
    """All of them in the order of the form; paths such as ``answers[S-03].note``. Four queries."""
    if visit.checklist is None:
        return [Problem("checklist", "检查还没有开始，请先点“开始检查”。")]
    items = list(visit.checklist.items.order_by("order"))
    given = {each.item_id: each for each in visit.answers.all()}
    pictured = set(visit.photos.filter(removed_at__isnull=True).values_list("item_id", flat=True))
    found = list(_of_people(visit))
    for item in items:
        found += _of_item(visit, item, given.get(item.pk), has_photo=item.pk in pictured)
    found += _of_result(visit, [given[item.pk] for item in items if item.pk in given])
    return found


def _of_people(visit: Visit) -> Iterator[Problem]:
    if visit.inspectors.count() + len(visit.companions) < 2:
        yield Problem("companions", "检查须有两人以上，请加入另一名检查人员或填写同行人员。", "few")
    if not visit.people_met and visit.result not in NOT_INSIDE:
        yield Problem("people_met", "请填写被检查单位在场人员的姓名和职务。", "required")


def _of_item(visit: Visit, item: ChecklistItem, answer: Answer | None, *, has_photo: bool) -> Iterator[Problem]:
    place = f"answers[{item.code}]"
    if answer is None or not answer.verdict:
        if visit.result not in NOT_INSIDE:
            yield Problem(f"{place}.verdict", f"{item.code} 还没有结论，请选符合、不符合或不适用。", "required")
        return
    is_failed = answer.verdict == Verdict.FAILED
    is_shown = item.photo_rule == PhotoRule.ALWAYS and answer.verdict != Verdict.NOT_APPLICABLE
    if (is_shown or (is_failed and item.photo_rule == PhotoRule.ON_FAILURE)) and not has_photo:
        yield Problem(f"{place}.photos", f"{item.code} {item.get_photo_rule_display()}，请补拍。", "required")
    if not is_failed:
        return
    if not answer.note:
        yield Problem(f"{place}.note", f"{item.code} 不符合，请写明看到的情况。", "required")
    if not answer.decision:
        yield Problem(f"{place}.decision", f"{item.code} 不符合，请选择作线索还是查实。", "required")
    if answer.decision == Decision.CONFIRMED:
        yield from _of_term(visit, item, answer.due_on, f"{place}.due_on")


def _of_term(visit: Visit, item: ChecklistItem, due_on: dt.date | None, path: str) -> Iterator[Problem]:
    begun = clock.local(visit.started_at).date() if visit.started_at is not None else visit.planned_on
    if due_on is None:
        yield Problem(path, f"{item.code} 查实，请填写整改期限。", "required")
    elif not begun <= due_on <= begun + _LONGEST_TERM:
        yield Problem(path, f"{item.code} 整改期限应在检查当天（{begun}）起一年以内，现为 {due_on}。")


def _of_result(visit: Visit, answers: list[Answer]) -> Iterator[Problem]:
    failed = [each for each in answers if each.verdict == Verdict.FAILED]
    if not visit.result:
        yield Problem("result", "请选择检查结果。", "required")
    elif visit.result == ResultCode.NO_PROBLEM and failed:
        yield Problem("result", f"有 {len(failed)} 项不符合，检查结果不能是“未发现问题”，请改正其中一处。")
    elif visit.result in _WITH_PROBLEMS and not failed:
        yield Problem("result", f"没有不符合的要点，检查结果不能是“{visit.get_result_display()}”，请改正其中一处。")
    elif visit.result == ResultCode.ORDERED and all(each.decision != Decision.CONFIRMED for each in failed):
        yield Problem("result", "责令限期整改的，至少有一项查实并填写整改期限。")
    if visit.result in _EXPLAINED and not visit.summary:
        yield Problem("summary", f"检查结果为“{visit.get_result_display()}”，请写明检查情况。", "required")
