"""What several tests of faults need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models import F, Value

from homework.models import HomeworkItem
from shuangjian.core.choices import Severity
from shuangjian.rules.declare import Period, Source, code, rule, unregister
from shuangjian.rules.violations import violations


@pytest.fixture
def raising_rule() -> Iterator[str]:
    """A rule whose SQL fails in the database for whatever it looks at."""

    @rule(
        code="ZZ-01",
        title="总是出错",
        clauses=["2.1.1"],
        about=HomeworkItem,
        period=Period.DAY,
        source=Source.RETURN,
        unit="分钟",
        severity=Severity.NOTICE,
        departments=["JY"],
        comparison="出错",
        remedy="无",
    )
    def always_fails(items: Any) -> Any:
        """总是出错。"""
        return violations(
            items.annotate(broken=Value(1) / (F("minutes") - F("minutes"))),
            institution="school_class__school",
            about=code("class", "school_class__code"),
            on="day",
            observed="broken",
            limit=Value(0),
        )

    yield "ZZ-01"
    unregister("ZZ-01")
