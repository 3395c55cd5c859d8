"""Lists by API: who stood on one on a day; deciding is closed to programs, and proposals are the district's alone."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from shuangjian.lists.models import ListDecision
from tests import make
from tests.api.conftest import Call
from tests.lists.make import TODAY, decided, proposed

DAY = dt.timedelta(days=1)


@pytest.fixture
def org(cast: SimpleNamespace) -> Any:
    return make.training_org(town=cast.east)


def names(call: Call, path: str, role: str = "district_read") -> list[str]:
    answer = call("GET", path, role)
    assert answer.status_code == 200, answer.content
    return [row["name"] for row in answer.json()["results"]]


def test_as_of_leaves_those_that_stood_on_the_day(call: Call, org: Any) -> None:
    decided(org, on=TODAY - 5 * DAY)
    decided(org, on=TODAY, act="exit")
    assert names(call, f"/lists/?as_of={TODAY - DAY}&kind=black") == [org.name]
    assert names(call, f"/lists/?as_of={TODAY}") == []
    assert names(call, f"/lists/?as_of={TODAY - DAY}&kind=white") == []
    assert names(call, "/lists/", "town") == [org.name]
    assert names(call, "/lists/", "other_town") == []
    row = call("GET", "/lists/").json()["results"][0]
    assert row["left_on"] == str(TODAY)
    assert row["exit"]["act"] == "exit"
    assert "proposed_by" not in row["entry"]


def test_a_misspelt_day_is_refused_and_not_ignored(call: Call, org: Any) -> None:
    assert call("GET", "/lists/?as_of=yesterday", "district_read").status_code == 400
    assert call("GET", "/lists/?on=2026-11-10", "district_read").status_code == 400


def test_proposals_are_seen_by_the_district_alone(call: Call, org: Any) -> None:
    proposed(org)
    seen = {role: len(call("GET", "/list-decisions/", role).json()["results"]) for role in ("district_read", "town")}
    assert seen == {"district_read": 1, "town": 0}


def test_a_program_neither_proposes_nor_reviews(call: Call, org: Any) -> None:
    decision = proposed(org)
    answer = call("POST", f"/list-decisions/{decision.pk}/review/", "district_write", {"approve": True})
    assert (answer.status_code, answer.json()["detail"]) == (
        403, "复核名单决定须由区教育局人员登录后作出，接口令牌不能代替。"
    )  # fmt: skip
    assert call("POST", "/list-decisions/", "district_write", {"kind": "grey"}).status_code in (400, 422)
    assert ListDecision.objects.get().state == "proposed"
