"""What becomes of one unit's return in one week: filed in time, late or never, withdrawn, sent back or corrected."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from random import Random

from schools.fiction.key import Found, flag
from shuangjian.core import clock
from shuangjian.core.weeks import Week

#: What may become of a return, with its chance at a school of usual care. ``repaired`` and ``broken`` are corrected by
#: a second version, ``answered`` is sent back and then corrected; ``draft`` and ``missing`` are never submitted.
_FATES = {
    "missing": 0.010,
    "draft": 0.005,
    "withdrawn": 0.006,
    "returned": 0.012,
    "answered": 0.008,
    "repaired": 0.020,
    "broken": 0.008,
}
_LATE = 0.03
# Few instants a week: what was filed at one instant is written together.
_FRIDAY = 16 * 60 + 40
_LATENESS = (dt.timedelta(seconds=1), dt.timedelta(hours=15, minutes=30), dt.timedelta(days=2, hours=-3))
_CORRECTED = frozenset({"answered", "repaired", "broken"})


@dataclass(frozen=True, slots=True)
class Fate:
    """``kind`` is one of _FATES or empty. Instants are not after the story's ``now``; None: it never came about."""

    kind: str
    filed_at: dt.datetime | None
    corrected_at: dt.datetime | None = None

    @property
    def is_judged(self) -> bool:
        """Whether a version stands at the end."""
        return self.filed_at is not None and self.kind not in ("missing", "draft", "withdrawn")

    @property
    def is_planted_first(self) -> bool:
        """Whether the first version holds what is planted; with a correction it holds it before, or afterwards only."""
        return self.corrected_at is None or self.kind != "broken"

    def findings(self, week: Week, due: dt.datetime, now: dt.datetime) -> list[Found]:
        """What the filing itself must raise: RP-01 never filed or withdrawn, RP-02 first filed late."""
        about, monday = f"return:{week.key}", week.monday.isoformat()
        raised = []
        if not self.is_judged and due < now:
            raised.append(flag("RP-01", about, monday))
        if self.kind not in ("missing", "draft") and self.filed_at is not None and self.filed_at > due:
            raised.append(flag("RP-02", about, monday))
        return raised


def fate_of(week: Week, due: dt.datetime, now: dt.datetime, care: float, random: Random) -> Fate:
    """Draw it; ``care`` multiplies every chance of something out of the ordinary."""
    luck, kind = random.random(), ""
    for name, chance in _FATES.items():
        luck -= chance * care
        if luck < 0:
            kind = name
            break
    filed_at = _first_instant(week, due, care, random)
    if kind == "missing" or filed_at > now:
        return Fate("missing", None)
    if kind not in _CORRECTED:
        return Fate(kind, filed_at)
    later = [due - dt.timedelta(hours=3), due + dt.timedelta(days=1, hours=-1)]
    corrected_at = random.choice([instant for instant in later if instant > filed_at] or [due + dt.timedelta(days=3)])
    return Fate(kind, filed_at, corrected_at) if corrected_at <= now else Fate("", filed_at)


def _first_instant(week: Week, due: dt.datetime, care: float, random: Random) -> dt.datetime:
    if random.random() < min(0.5, _LATE * care):
        return due + random.choice(_LATENESS)
    luck = random.random()
    if luck < 0.02:
        return due
    if luck < 0.25:
        return due - dt.timedelta(hours=8)
    return clock.at(week.days[4], _FRIDAY)
