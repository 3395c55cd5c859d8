"""One class's week of homework: first what it is to add up to, then the items that do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Any

from schools.fiction.habits import CAPS, LOADS, Habits, stage_of

Row = dict[str, Any]

_CORE = ("语文", "数学", "英语")
_MORE = {
    3: ("科学", "道德与法治"),
    4: ("科学", "道德与法治"),
    5: ("科学", "道德与法治", "信息科技"),
    6: ("科学", "道德与法治", "信息科技"),
    7: ("道德与法治", "历史", "地理", "生物"),
    8: ("物理", "历史", "地理", "生物", "道德与法治"),
    9: ("物理", "化学", "历史", "道德与法治"),
}
_VARIED = ("layered", "flexible", "personalised")
_ORDINARY = ("basic", "basic", "basic", "layered", "flexible")


@dataclass(slots=True)
class ClassWeek:
    """What a class's week is to be. Days are ISO dates; a plant changes the plan, never the items.

    ``totals``: written minutes that count, by day. ``spoken``: days with an item that is not written. ``shares``: by
    day, what is done at school of each written item, in ten-thousandths; empty: as usual. ``unpublished``: how a day
    failed to be published. ``marked``: who marks one of the day's items; ``parents``: days on which parents are asked.
    """

    code: str
    grade: int
    days: Sequence[str]
    totals: dict[str, int] = field(default_factory=dict)
    spoken: set[str] = field(default_factory=set)
    is_plain: bool = False
    is_off: bool = False
    shares: dict[str, int] = field(default_factory=dict)
    unpublished: dict[str, str] = field(default_factory=dict)
    marked: dict[str, str] = field(default_factory=dict)
    parents: set[str] = field(default_factory=set)

    @property
    def stage(self) -> str:
        return stage_of(self.grade)

    @property
    def cap(self) -> int:
        """The most written minutes of a day: none in grades 1 and 2."""
        return 0 if self.grade <= 2 else CAPS[self.stage]

    @property
    def with_homework(self) -> list[str]:
        """The days that have at least one item, in order."""
        return sorted({*self.totals, *self.spoken})

    @property
    def written(self) -> list[str]:
        """The days that have written items, in order."""
        return sorted(self.totals)


def lawful_week(code: str, grade: int, days: Sequence[str], random: Random) -> ClassWeek:
    """A plan that breaks no rule: every day within the cap, now and then exactly at it."""
    plan = ClassWeek(code, grade, days)
    if random.random() < 0.004:
        plan.is_off = True
        return plan
    if grade <= 2:
        plan.spoken = {day for day in days if random.random() < 0.65}
        return plan
    least, most = LOADS[grade]
    for day in days:
        luck = random.random()
        if luck < 0.05:
            continue
        plan.totals[day] = plan.cap if luck > 0.98 else least + int(random.random() * (most - least + 1))
        if luck < 0.25:
            plan.spoken.add(day)
    return plan


def items(plan: ClassWeek, habits: Habits, random: Random) -> list[Row]:
    """The rows of the plan's homework, each as the checks would leave it."""
    rows: list[Row] = []
    usual: dict[str, float] = {}
    for day in plan.with_homework:
        of_day = _written(plan, day, random)
        if day in plan.spoken:
            subject = "语文" if plan.grade <= 2 or random.random() < 0.5 else "英语"
            of_day.append(_row(plan.code, day, subject, 10 + int(random.random() * 11), written=False))
        if not habits.is_terse:
            for row in of_day:
                row["marked_by"], row["asks_parents"] = "teacher", False
        _share(plan, day, of_day, habits, usual, random)
        _mark(plan, day, of_day, random)
        _publish(of_day, day, plan.unpublished.get(day) or habits.publication)
        rows += of_day
    if not habits.is_terse:
        _say_kinds(plan, rows, random)
    return rows


def _row(code: str, day: str, subject: str, minutes: int, *, written: bool) -> Row:
    row: Row = {"class": code, "day": day, "subject": subject, "minutes": minutes, "written": written}
    row["optional"], row["alternative"] = False, None
    return row


def _written(plan: ClassWeek, day: str, random: Random) -> list[Row]:
    """Written items that add up to the day's total, of layered alternatives the longest."""
    total = plan.totals.get(day, 0)
    if not total:
        return []
    subjects = _subjects(plan.grade, total, random)
    each, rest = divmod(total, len(subjects))
    minutes = [each + 1] * rest + [each] * (len(subjects) - rest)
    if len(minutes) > 1 and each > 6:
        moved = int(random.random() * (each - 4))
        minutes[0] += moved
        minutes[-1] -= moved
    rows = [_row(plan.code, day, *pair, written=True) for pair in zip(subjects, minutes, strict=True)]
    luck = random.random()
    if luck < 0.06 and not plan.is_plain and len(rows) > 1 and rows[1]["minutes"] > 6:
        longest = rows[1]
        longest["alternative"] = "数学分层"
        shorter = _row(plan.code, day, longest["subject"], longest["minutes"] - 4, written=True)
        rows.append(shorter | {"alternative": "数学分层"})
    elif luck > 0.95:
        rows[-1]["optional"] = True
    return rows


def _subjects(grade: int, total: int, random: Random) -> list[str]:
    if grade <= 2:
        return ["语文"] if total < 16 else ["语文", "数学"]
    subjects = list(_CORE)
    if grade >= 7:
        more = _MORE[grade]
        at = int(random.random() * len(more))
        subjects.append(more[at])
        if random.random() < 0.5:
            subjects.append(more[at - 1])
    elif random.random() < 0.15:
        subjects.append(random.choice(_MORE[grade]))
    return subjects[: max(1, total // 4)]


def _share(plan: ClassWeek, day: str, rows: list[Row], habits: Habits, usual: dict[str, float], random: Random) -> None:
    """A teacher estimates one share for the week, ``usual`` by subject: a form then shows the subject in one row."""
    if plan.shares:
        for row in rows:
            if row["written"]:
                row["done_at_school"] = plan.shares[day] / 10000
        return
    if habits.is_terse or plan.grade <= 2:
        return
    least, most = habits.shares[plan.stage]
    for row in rows:
        if row["written"]:
            subject = row["subject"]
            if subject not in usual:
                usual[subject] = (least + int(random.random() * (most - least + 1))) / 100
            row["done_at_school"] = usual[subject]


def _mark(plan: ClassWeek, day: str, rows: list[Row], random: Random) -> None:
    if day in plan.marked:
        rows[int(random.random() * len(rows))]["marked_by"] = plan.marked[day]
    if day in plan.parents:
        rows[int(random.random() * len(rows))]["asks_parents"] = True


def _say_kinds(plan: ClassWeek, rows: list[Row], random: Random) -> None:
    """One kind a subject and week; a class that is not plain has a subject whose work is varied."""
    kinds: dict[str, str] = {}
    for row in rows:
        subject = row["subject"]
        if subject not in kinds:
            kinds[subject] = "basic" if plan.is_plain else _ORDINARY[int(random.random() * len(_ORDINARY))]
    if kinds and not plan.is_plain and set(kinds.values()) == {"basic"}:
        kinds[random.choice(list(kinds))] = random.choice(_VARIED)
    for row in rows:
        row["kind"] = "layered" if row["alternative"] is not None else kinds[row["subject"]]


def _publish(rows: list[Row], day: str, manner: str) -> None:
    """``link`` serves the day from one item, ``dated`` and ``eve`` tell each item's date; the others are unlawful:
    ``never``, ``late`` with a link, and ``partly`` without one."""
    before, after = _neighbours(day)
    link = f"班级公示栏{day[5:7]}{day[8:10]}"
    if manner == "link":
        rows[0] |= {"published_on": day, "publication": link}
    elif manner == "late":
        rows[0] |= {"published_on": after, "publication": link}
    elif manner != "never":
        for row in rows[1:] if manner == "partly" else rows:
            row["published_on"] = before if manner == "eve" else day
        if manner == "eve":
            rows[0]["publication"] = link


@lru_cache(maxsize=400)
def _neighbours(day: str) -> tuple[str, str]:
    date, one = dt.date.fromisoformat(day), dt.timedelta(days=1)
    return (date - one).isoformat(), (date + one).isoformat()
