"""A week that was submitted and judged: 75 minutes of homework where 60 are the limit, in both schools."""

from __future__ import annotations

from types import SimpleNamespace

from shuangjian.core import clock
from shuangjian.rules.drain import drain
from tests import make
from tests.api.conftest import WEEK

DAY = WEEK.monday.isoformat()


def judge(cast: SimpleNamespace, minutes: int = 75) -> None:
    """Submit the week of both schools and work off the outbox."""
    for school in (cast.school, cast.other):
        make.submitted(school, WEEK, homework=[make.item("2026-03-01", DAY, minutes)])
    drain(clock.now)
