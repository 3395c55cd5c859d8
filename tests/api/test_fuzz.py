"""Whatever is sent, the answer is never a 5xx, refusals are problems, and a refused return leaves nothing behind."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homework.models import HomeworkItem
from shuangjian.intake.models import WeeklyReturn
from tests.api.conftest import WEEK, Call
from tests.api.test_problems import LISTS

DAYS = [day.isoformat() for day in WEEK.days]
KEYS = [
    "cursor", "page_size", "institution", "town", "week", "since", "until", "day", "rule", "period", "severity",
    "updated_since", "state", "stage", "grade", "class", "level", "as_of", "is_open",
]  # fmt: skip
LIMITS = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(max_size=30),
    st.sampled_from(["", "\x00", "\ud800", "1", "08:20", "24:00", "2026-02-30", "primary", "2026-03-01", "语文"]),
)
anything = st.recursive(
    odd,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def cell(*usual: Any) -> st.SearchStrategy[Any]:
    """Mostly a usual value, sometimes anything: so that checks across rows are reached too."""
    return st.one_of(*[st.sampled_from(usual)] * 4, anything)


def rows(**columns: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(st.fixed_dictionaries(columns), max_size=5)


day, stage, code = cell(*DAYS), cell("primary", "junior"), cell("2026-03-01", "2026-04-01")
payloads = st.one_of(
    anything,
    st.fixed_dictionaries(
        {},
        optional={
            "homework": rows(
                **{"class": code},
                day=day,
                subject=cell("语文", "数学"),
                minutes=cell(1, 60, 300, 301),
                written=cell(True, False),
                optional=cell(True, False),
                alternative=cell(None, "A"),
            ),
            "homework_none": rows(**{"class": code}, day=day),
            "class_off": rows(**{"class": code}),
            "school_day": rows(stage=stage, day=day, first_lesson=cell("08:20", "07:50")),
            "after_school": rows(stage=stage, day=day, minutes=cell(1, 90, 300)),
            "service_none": rows(stage=stage, day=day),
            "extra": anything,
        },
    ),
)


@LIMITS
@given(content=payloads)
def test_no_payload_is_a_server_error(call: Call, cast: SimpleNamespace, returns: str, content: Any) -> None:
    body = json.dumps(content).encode()
    WeeklyReturn.objects.all().delete()
    for method, tail in (("PUT", ""), ("POST", "preview/"), ("POST", "submit/")):
        answer = call(method, returns + tail, "institution", body)
        assert answer.status_code < 500, (method, tail, content, answer.content)
        if answer.status_code >= 400:
            assert answer["Content-Type"] == "application/problem+json"
            assert method == "POST" or not WeeklyReturn.objects.exists()
    assert WeeklyReturn.objects.filter(state="submitted").exists() or not HomeworkItem.objects.exists()
    if WeeklyReturn.objects.filter(state="submitted").exists():
        WeeklyReturn.objects.all().delete()
        HomeworkItem.objects.all().delete()


@LIMITS
@given(
    name=st.sampled_from(LISTS),
    key=st.sampled_from(KEYS),
    value=st.one_of(
        st.text(max_size=20), st.integers(-(10**25), 10**25).map(str), st.sampled_from(["2026-W45", "1e400"])
    ),
)
def test_no_query_is_a_server_error(call: Call, name: str, key: str, value: str) -> None:
    answer = call("GET", f"/{name}/?{key}={quote(value, errors='replace')}")
    assert answer.status_code in (200, 400, 404), (name, key, value, answer.content)


@LIMITS
@given(body=st.binary(max_size=200))
def test_no_bytes_are_a_server_error(call: Call, returns: str, body: bytes) -> None:
    answer = call("PUT", returns, "institution", body)
    assert answer.status_code < 500, (body, answer.content)
