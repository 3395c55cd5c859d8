"""GET /runs/: causes, progress and receipts, as far as the token's scope reaches."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from shuangjian.core import clock
from shuangjian.journal.models import Run
from shuangjian.rules import drain as outbox
from shuangjian.rules import sweep
from tests import make
from tests.api.conftest import WEEK, Call


@pytest.fixture
def run(cast: SimpleNamespace) -> Run:
    make.submitted(cast.school, WEEK, homework=[make.item("2026-03-01", "2026-11-04", 75)])
    outbox.drain(clock.now)
    run = sweep.open_check(
        since=WEEK.monday, until=WEEK.sunday, rules=["HW-02"], actor=make.user("bureau"), now=clock.now()
    )
    outbox.drain(clock.now)
    return run


def test_the_district_reads_the_whole_receipt(call: Call, run: Run) -> None:
    read = call("GET", f"/runs/{run.pk}/").json()
    assert (read["kind"], read["state"], read["parts_done"], read["parts_expected"]) == ("manual", "done", 3, 3)
    assert read["counts"] == {"violations": 1, "added": 0, "cleared": 0, "changed": 0, "unchanged": 1, "stale": 0}
    by_town = {part["town"]: part for part in read["parts"]}
    assert by_town["440113007"]["by_rule"]["HW-02"]["unchanged"] == 1
    assert by_town["440113008"]["counts"]["unchanged"] == 0


def test_a_town_reads_its_part_only(call: Call, run: Run) -> None:
    read = call("GET", f"/runs/{run.pk}/", "other_town").json()
    assert [part["town"] for part in read["parts"]] == ["440113008"]
    assert read["counts"]["unchanged"] == 0


def test_the_list_knows_its_filters_and_refuses_others(call: Call, run: Run) -> None:
    ids = [each["id"] for each in call("GET", "/runs/?kind=manual&is_finished=true").json()["results"]]
    assert ids == [run.pk]
    assert call("GET", "/runs/?kind=manual&is_finished=false").json()["results"] == []
    assert call("GET", "/runs/?cause=x").status_code == 400
