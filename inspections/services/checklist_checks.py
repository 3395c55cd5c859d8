"""What makes a checklist unsound: one path for officers' drafts, their publishing, and the files that are shipped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError

from inspections.choices import Target
from inspections.models import ChecklistItem
from shuangjian.bureau.cleaning import problems_of
from shuangjian.bureau.models import Institution
from shuangjian.core.errors import Problem
from shuangjian.evidence.kinds import ObservationKind, all_kinds, find_kind
from shuangjian.rules.clauses import all_clauses

#: What the codes of a target's items begin with.
PREFIXES: dict[str, str] = {
    Target.SCHOOL: "S",
    Target.SUBJECT_ORG: "A",
    Target.NON_SUBJECT_ORG: "N",
    Target.SUSPECTED_SITE: "U",
}
_UNITS: dict[str, str] = {
    Target.SCHOOL: Institution.Kind.SCHOOL,
    Target.SUBJECT_ORG: Institution.Kind.TRAINING_ORG,
    Target.NON_SUBJECT_ORG: Institution.Kind.TRAINING_ORG,
    Target.SUSPECTED_SITE: Institution.Kind.SUSPECTED_SITE,
}
#: What officers decide about an item; its version and its place are not among them.
FIELDS = ("code", "group", "text", "guidance", "clause", "photo_rule", "severity", "kind", "problem_kind")
#: An inspector answers a list on a phone, standing: more items than this nobody answers.
MOST_ITEMS = 60


def kinds_for_target(target: str) -> list[ObservationKind]:
    """The kinds of observations that can be found at institutions of this target, 其他 last."""
    return [kind for kind in all_kinds() if not kind.units or _UNITS[target] in kind.units]


def item_problems(target: str, item: ChecklistItem) -> list[Problem]:
    """All that is wrong with one item by itself; the path of each is the field."""
    try:
        item.clean_fields(exclude={"version", "order"})
        problems = []
    except ValidationError as error:
        problems = problems_of(error)
    named = {problem.path for problem in problems}
    if "code" not in named and not re.fullmatch(rf"{PREFIXES[target]}-\d{{2,3}}", item.code):
        example = f"{PREFIXES[target]}-01"
        problems.append(Problem("code", f"“{item.code}”不是{Target(target).label}的编号，应如 {example}。"))
    if "clause" not in named and item.clause not in all_clauses():
        problems.append(Problem("clause", f"《指引》没有条款“{item.clause}”，请从指引落实一览中选择，如 2.4.3.1。"))
    if "kind" not in named:
        problems += _kind_problems(target, item.kind)
    return problems


def list_problems(target: str, items: Sequence[ChecklistItem]) -> list[Problem]:
    """All that keeps these items from being a checklist in use; each path begins with the item's code."""
    if not items:
        return [Problem("", "检查表是空的，请至少添加一项检查要点。", "empty")]
    problems = [
        Problem(f"{item.code or f'第 {place} 项'} {label_of(problem.path)}", problem.message, problem.code)
        for place, item in enumerate(items, start=1)
        for problem in item_problems(target, item)
    ]
    problems += _twice(items, "code", (item.code for item in items))
    problems += _twice(items, "text", (item.text for item in items))
    problems += _torn_groups(items)
    if len(items) > MOST_ITEMS:
        problems.append(Problem("", f"有 {len(items)} 项，最多 {MOST_ITEMS} 项，请合并或移除一部分。", "many"))
    return problems


def label_of(field: str) -> str:
    """The Chinese name of an item's field."""
    return str(getattr(ChecklistItem._meta.get_field(field), "verbose_name", "")) if field in FIELDS else ""


def _kind_problems(target: str, code: str) -> list[Problem]:
    kind = find_kind(code)
    if kind is None:
        return [Problem("kind", f"没有核查事项“{code}”，请从列表中选择；没有合适的选“其他问题”。")]
    if kind not in kinds_for_target(target):
        where = Target(target).label
        return [Problem("kind", f"“{kind.label}”不会出现在{where}，请改选；没有合适的选“其他问题”。")]
    return []


def _twice(items: Sequence[ChecklistItem], field: str, values: Iterable[str]) -> list[Problem]:
    counted = Counter(value for value in values if value)
    return [
        Problem(
            f"{'、'.join(item.code for item in items if getattr(item, field) == value)} {label_of(field)}",
            f"“{value}”出现 {count} 次，请改成不同的内容，或移除重复的项。",
            "twice",
        )
        for value, count in counted.items()
        if count > 1
    ]


def _torn_groups(items: Sequence[ChecklistItem]) -> list[Problem]:
    """The items of a group stand together, else a page would show one group twice."""
    seen: list[str] = []
    torn = []
    for item in items:
        if item.group in seen and item.group != seen[-1]:
            torn.append(Problem(f"{item.code} {label_of('group')}", f"“{item.group}”的各项没有排在一起，请移到一处。"))
        if not seen or item.group != seen[-1]:
            seen.append(item.group)
    return torn
