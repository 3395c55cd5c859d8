"""How much there was to judge: the denominators that make units and towns of different size comparable.

The domain that knows classes registers how their days are counted; the pages know no domain.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Protocol


class ClassDays(Protocol):
    """Days on which a class had school, of these institutions, by (institution id, Monday).

    A week without any is left out. A fixed number of queries.
    """

    def __call__(
        self, institution_ids: Sequence[int], mondays: Sequence[dt.date]
    ) -> Mapping[tuple[int, dt.date], int]: ...


_counters: list[ClassDays] = []


def register_class_days(counter: ClassDays) -> None:
    """Called once, by the domain that keeps classes."""
    if _counters and _counters[0] is not counter:
        raise RuntimeError("class-days are registered twice: only one domain keeps classes.")
    _counters[:] = [counter]


def class_days(institution_ids: Sequence[int], mondays: Sequence[dt.date]) -> Mapping[tuple[int, dt.date], int]:
    """Class-days by (institution id, Monday); empty where no domain keeps classes."""
    if not _counters or not institution_ids or not mondays:
        return {}
    return _counters[0](institution_ids, mondays)
