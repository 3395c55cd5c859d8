"""Observations by API: recorded as clues, decided from above, and told to whom they concern without their source."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from shuangjian.evidence.models import Observation
from shuangjian.journal.models import EvaluationRequest
from tests.api.conftest import Call

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/observations/"


def seen(cast: SimpleNamespace, **values: str) -> dict[str, str]:
    told = {"kind": "other", "occurred_on": "2026-11-02", "source": "complaint", "text": "示范情况"}
    return {"institution": cast.school.code, **told, **values}


def test_a_clue_is_recorded_confirmed_and_rectified(cast: SimpleNamespace, call: Call) -> None:
    made = call("POST", ADDRESS, "town", seen(cast))
    assert made.status_code == 201, made.content
    number = made.json()["number"]
    assert made.json()["state"] == "clue"
    assert call("GET", f"{ADDRESS}{number}/", "institution").status_code == 404  # a clue is not the school's to see
    confirmed = call("POST", f"{ADDRESS}{number}/confirm/", "town", {}).json()
    assert confirmed["state"] == "confirmed"
    assert confirmed["due_on"]
    assert EvaluationRequest.objects.filter(institution=cast.school, cause="核查查实").exists()
    assert call("POST", f"{ADDRESS}{number}/confirm/", "town", {}).status_code == 409
    assert call("POST", f"{ADDRESS}{number}/rectify/", "town", {}).json()["rectified_on"]


def test_whom_it_is_about_learns_nothing_of_a_complaint(cast: SimpleNamespace, call: Call) -> None:
    number = call("POST", ADDRESS, "town", seen(cast)).json()["number"]
    call("POST", f"{ADDRESS}{number}/confirm/", "town", {})
    own = call("GET", f"{ADDRESS}{number}/", "institution")
    assert own.json()["source"] == ""
    assert "complaint" not in own.content.decode()
    assert call("GET", f"{ADDRESS}?source=complaint", "institution").json()["results"] == []
    assert len(call("GET", f"{ADDRESS}?source=complaint", "town").json()["results"]) == 1


@pytest.mark.parametrize(
    ("wrong", "path"),
    [({"kind": "privacy"}, "kind"), ({"occurred_on": "2099-01-01"}, "occurred_on"), ({"colour": "red"}, "colour")],
)
def test_a_mistake_is_named_at_its_path(cast: SimpleNamespace, call: Call, wrong: dict[str, str], path: str) -> None:
    """Privacy is a kind of training institutions; nothing is known of colours."""
    answer = call("POST", ADDRESS, "town", seen(cast, **wrong))
    assert answer.status_code in (400, 422)
    assert [each["path"] for each in answer.json()["errors"]] == [path]
    assert not Observation.objects.exists()
