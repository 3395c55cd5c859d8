"""Whatever is sent as a visit, the answer is never a 5xx, refusals are problems, and a refused one leaves nothing."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from inspections.models import Visit
from shuangjian.accounts.tokens import create_api_token
from shuangjian.core import clock
from tests.api.conftest import Call, caller
from tests.api.test_fuzz import anything, rows
from tests.inspections import visit_make

pytestmark = pytest.mark.django_db
LIMITS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def mostly(*usual: Any) -> st.SearchStrategy[Any]:
    """Nearly always a usual value: one odd value in a document of many is where mistakes hide."""
    dice = st.tuples(st.integers(1, 40), st.sampled_from(usual), anything)
    return dice.map(lambda thrown: thrown[2] if thrown[0] == 40 else thrown[1])


CODE = "91440113XG00000001"
documents = st.one_of(
    anything,
    st.fixed_dictionaries(
        {"institution": mostly(CODE), "inspectors": mostly(["jiancha1", "jiancha2"])},
        optional={
            "lead": mostly("jiancha1", "jiancha2"),
            "started_at": mostly("2026-11-24T01:00:00+08:00", None),
            "place": st.one_of(
                st.fixed_dictionaries(
                    {"latitude": mostly(22.9, 22.91), "longitude": mostly(113.3), "accuracy_m": mostly(5, 12.5)}
                ),
            ),
            "people_met": rows(name=mostly("虚构甲"), post=mostly("")),
            "companions": rows(name=mostly("虚构甲"), unit=mostly("")),
            "departments": mostly(["SC"], []),
            "result": mostly("ordered"),
            "summary": mostly("示范"),
            "revision": mostly(1),
            "answers": rows(
                item=mostly("S-01", "S-02", "S-03"), verdict=mostly("ok", "failed"), note=mostly("看到"),
                severity=mostly(1, 4, None), due_on=mostly("2026-12-01", None), revision=mostly(0, 1),
            ),
        },
    ),
)  # fmt: skip


@pytest.fixture
def call(db: None) -> Call:
    cast = visit_make.cast()
    cast.org.code = CODE
    cast.org.save()
    later = clock.now() + dt.timedelta(days=1)
    return caller({"district": create_api_token(name="测试", actor=None, can_write=True, expires_at=later)[1]})


@LIMITS
@given(content=documents)
def test_no_document_is_a_server_error_and_one_that_is_taken_can_be_sent_again(call: Call, content: Any) -> None:
    key, before, body = uuid.uuid4(), Visit.objects.count(), json.dumps(content).encode()
    answer: Any = call("PUT", f"/visits/{key}/", "district", body)
    event(f"answered {answer.status_code}")
    assert answer.status_code < 500, (content, answer.content)
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json"
        assert Visit.objects.count() == before
    else:
        again: Any = call("PUT", f"/visits/{key}/", "district", body)
        assert (again.status_code, again.json()) == (200, answer.json()), content
