"""比对记录: what was judged again and why, how far it is, and its receipt by town and rule. Fixed query counts."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Prefetch, QuerySet

from shuangjian.accounts.models import RoleKind, User
from shuangjian.core.querysets import Principal
from shuangjian.dashboards.selectors.units import NO_TOWN
from shuangjian.journal.models import Run, RunPart
from shuangjian.journal.runs import COUNTED
from shuangjian.rules.declare import find_rule

#: Who opens the log: whoever supervises, and the administrator, who watches the machinery.
RUN_READERS = frozenset({RoleKind.BUREAU, RoleKind.CENTRE, RoleKind.TOWN, RoleKind.SYSADMIN})
_State = RunPart.State
_OVER = frozenset({_State.DONE, _State.PARKED})
_LONG_WAIT = dt.timedelta(seconds=60)
# Before a tenth is done, or within two seconds, a rate says nothing about the rest.
_ENOUGH_SHARE, _ENOUGH_SECONDS = 0.1, 2.0


@dataclass(frozen=True)
class Figures:
    """Counts of a receipt; ``unchanged`` findings stay open with the same figures."""

    added: int = 0
    cleared: int = 0
    unchanged: int = 0
    changed: int = 0
    stale: int = 0

    @classmethod
    def of(cls, parts: Iterable[Any]) -> Figures:
        """The sum over parts (or over anything else that has these counts)."""
        total: Counter[str] = Counter()
        for part in parts:
            for name in COUNTED:
                total[name] += part[name] if isinstance(part, dict) else getattr(part, name)
        return cls(**{name: total[name] for name in COUNTED if name != "violations"})

    @property
    def sentence(self) -> str:
        """新增 12，消除 4，变化 2，不变 310; those kept for want of data only where there are some."""
        words = f"新增 {self.added}，消除 {self.cleared}，变化 {self.changed}，不变 {self.unchanged}"
        return f"{words}，数据不足保留 {self.stale}" if self.stale else words

    @property
    def is_nothing_new(self) -> bool:
        return not (self.added or self.cleared or self.changed or self.stale)


@dataclass(frozen=True)
class AreaLine:
    """One town of a run: its own part, or the parts of its single units together."""

    name: str
    parts: Sequence[RunPart]

    @property
    def figures(self) -> Figures:
        return Figures.of(self.parts)

    @property
    def units(self) -> int:
        return sum(part.units for part in self.parts)

    @property
    def judged(self) -> int:
        return sum(min(part.judged, part.units) for part in self.parts)

    @property
    def state(self) -> RunPart.State:
        """The least finished state of the parts; a failure shows once nothing runs any more."""
        states = {part.state for part in self.parts}
        if states <= _OVER:
            return _State.PARKED if _State.PARKED in states else _State.DONE
        return _State.WAITING if states == {_State.WAITING} else _State.RUNNING

    @property
    def is_shared(self) -> bool:
        return any(part.is_shared for part in self.parts)

    @property
    def error(self) -> str:
        return next((part.error for part in self.parts if part.error), "")

    @property
    def seconds(self) -> float | None:
        begun = [part.started_at for part in self.parts if part.started_at]
        ended = [part.finished_at for part in self.parts if part.finished_at]
        return (max(ended) - min(begun)).total_seconds() if begun and len(ended) == len(self.parts) else None


@dataclass(frozen=True)
class RuleLine:
    """What a run did to the findings of one rule."""

    code: str
    title: str
    figures: Figures


@dataclass(frozen=True)
class RunLine:
    """A run with the parts that its reader may see, as of ``now``. ``is_whole``: the reader sees every part."""

    run: Run
    parts: Sequence[RunPart]
    now: dt.datetime
    is_whole: bool = True

    @cached_property
    def areas(self) -> list[AreaLine]:
        """Towns in the order in which they are judged, the units without one last."""
        grouped: dict[str, list[RunPart]] = {}
        for part in self.parts:
            town = part.institution.town if part.institution else part.town
            grouped.setdefault(town.name if town else NO_TOWN, []).append(part)
        lines = [AreaLine(name, parts) for name, parts in grouped.items()]
        return sorted((line for line in lines if line.units), key=lambda line: line.name == NO_TOWN)

    @cached_property
    def figures(self) -> Figures:
        return Figures.of(self.parts)

    @property
    def is_finished(self) -> bool:
        """For whoever sees a part only: whether that part is over."""
        if self.is_whole:
            return self.run.finished_at is not None
        return bool(self.parts) and all(part.state in _OVER for part in self.parts)

    @property
    def has_failed(self) -> bool:
        return any(part.state == _State.PARKED for part in self.parts)

    @property
    def units(self) -> int:
        return sum(line.units for line in self.areas)

    @property
    def judged(self) -> int:
        return sum(line.judged for line in self.areas)

    @property
    def percent(self) -> int:
        return 100 if self.is_finished else 100 * self.judged // self.units if self.units else 0

    @property
    def state_label(self) -> str:
        if self.is_finished:
            return "有规则出错" if self.has_failed else "完成"
        return "比对中" if self.run.started_at else "等待"

    @property
    def state_class(self) -> str:
        """The sign's class; see core/choices.py for what colours mean."""
        return {"完成": "compliant", "有规则出错": "violation", "比对中": "notice"}.get(self.state_label, "neutral")

    @property
    def state_icon(self) -> str:
        icons = {"完成": "check-circle-fill", "有规则出错": "exclamation-octagon-fill", "比对中": "arrow-repeat"}
        return icons.get(self.state_label, "hourglass-split")

    @property
    def current(self) -> str:
        """Name of the town in hand; "" when nothing is."""
        if self.is_finished or not self.run.started_at:
            return ""
        states = (_State.RUNNING, _State.WAITING)
        return next((line.name for state in states for line in self.areas if line.state == state), "")

    @property
    def elapsed(self) -> dt.timedelta | None:
        """From the first work to the last, or until now."""
        if self.run.started_at is None:
            return None
        return max((self.run.finished_at or self.now) - self.run.started_at, dt.timedelta())

    @property
    def remaining_seconds(self) -> int | None:
        """At the pace so far; None while that says nothing."""
        elapsed = self.elapsed.total_seconds() if self.elapsed is not None else 0.0
        if self.is_finished or elapsed < _ENOUGH_SECONDS or self.judged < _ENOUGH_SHARE * self.units or not self.judged:
            return None
        return round(elapsed * (self.units - self.judged) / self.judged)

    @property
    def waits_too_long(self) -> bool:
        return self.run.started_at is None and self.now - self.run.requested_at > _LONG_WAIT

    @property
    def rules_label(self) -> str:
        codes = self.run.rules
        return "全部规则" if codes is None else "、".join(codes)

    @property
    def sentence(self) -> str:
        """How far the run is, or its receipt."""
        if self.is_finished:
            return f"重新比对完成：{self.figures.sentence}。"
        if not self.parts or not self.run.started_at:
            return "重新比对已排队，等待后台开始。"
        return f"重新比对：{self.progress}；到目前{self.figures.sentence}。"

    @property
    def progress(self) -> str:
        """16 个镇街中 3 个已完成, or for a run over single units how many of them."""
        over = sum(part.state in _OVER for part in self.parts)
        if any(part.institution_id for part in self.parts):
            return f"{len(self.parts)} 个单位中 {over} 个已完成"
        towns = [line for line in self.areas if line.name != NO_TOWN]
        words = f"{len(towns)} 个镇街中 {sum(line.state in _OVER for line in towns)} 个已完成"
        loose = next((line for line in self.areas if line.name == NO_TOWN), None)
        return f"{words}，{NO_TOWN}的 {loose.units} 个单位{_LOOSE[loose.state]}" if loose else words

    @property
    def by_rule(self) -> list[RuleLine]:
        """Rules that saw or changed something, by code."""
        grouped: dict[str, list[dict[str, int]]] = {}
        for part in self.parts:
            for code, counts in part.by_rule.items():
                grouped.setdefault(code, []).append(counts)
        return [RuleLine(code, _title(code), Figures.of(counts)) for code, counts in sorted(grouped.items())]


_LOOSE = {
    _State.WAITING: "尚未开始",
    _State.RUNNING: "比对中",
    _State.DONE: "已完成",
    _State.PARKED: "已完成，有规则出错",
}


def _title(code: str) -> str:
    rule = find_rule(code)
    return rule.title if rule is not None else code


def runs_of(reader: Principal, *, kind: str = "") -> QuerySet[Run]:
    """Runs that touched what the reader may see, newest first, each with those parts (``seen``)."""
    parts = RunPart.objects.visible_to(reader).select_related("town", "institution__town")
    runs = Run.objects.visible_to(reader).prefetch_related(Prefetch("parts", queryset=parts, to_attr="seen"))
    return runs.filter(kind=kind) if kind in Run.Kind.values else runs


def run_line(run: Any, reader: User, now: dt.datetime) -> RunLine:
    """A run of ``runs_of`` as its page shows it."""
    return RunLine(run, run.seen, now, is_whole=reader.role_kind in (RoleKind.BUREAU, RoleKind.SYSADMIN))
