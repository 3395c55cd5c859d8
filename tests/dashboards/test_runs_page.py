"""比对记录: who sees which part, what it says while a run goes on and when it is over, and where a change shows it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shuangjian.core import clock
from shuangjian.dashboards.selectors.runs import RunLine
from shuangjian.journal.models import AuditEntry, EvaluationRequest, Run, RunPart
from shuangjian.journal.runs import open_run
from shuangjian.rules import drain as outbox
from shuangjian.rules import sweep
from tests.dashboards.world import NOW, WEEK, World

Visit = Callable[[str], Client]


def _drain() -> None:
    outbox.drain(lambda: NOW)


@pytest.fixture
def run(world: World) -> Run:
    """A run over the world's week, not begun; nothing else waits."""
    _drain()
    Run.objects.all().delete()
    return sweep.open_check(
        since=WEEK.monday, until=WEEK.sunday, rules=["HW-02"], actor=world.people["bureau"], now=NOW
    )


def _text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_the_receipt_asks_again_until_the_run_is_finished_and_then_stops(visit: Visit, run: Run) -> None:
    bureau, path = visit("bureau"), f"/runs/{run.pk}/receipt/"
    waiting = _text(bureau, path)
    assert "已排队" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    outbox.drain_one(lambda: NOW)
    outbox.drain_one(lambda: NOW)
    going = _text(bureau, path)
    assert "重新比对：2 个镇街中 1 个已完成" in going
    assert "正在比对演示西街" in going
    assert 'hx-trigger="every 2s"' in going
    _drain()
    done = _text(bureau, path)
    assert "重新比对完成：新增 0，消除 0，变化 0，不变 1。" in done
    assert "hx-get" not in done


def test_the_page_of_a_run_tells_it_by_town_and_rule(visit: Visit, run: Run) -> None:
    _drain()
    page = _text(visit("bureau"), f"/runs/{run.pk}/")
    assert "演示东街" in page
    assert "演示西街" in page
    assert "HW-02 " in page
    assert "人工核对" in page


def test_a_town_sees_its_part_and_its_figures_only(visit: Visit, run: Run) -> None:
    _drain()
    # 977 is in no duration and no time of day that the page shows.
    RunPart.objects.filter(run=run, town__name="演示西街").update(added=977, state="waiting")
    Run.objects.filter(pk=run.pk).update(finished_at=None)
    page = _text(visit("town"), f"/runs/{run.pk}/")
    assert "演示西街" not in page
    assert "977" not in page
    assert "重新比对完成" in page
    assert "只列出您管辖的部分" in page
    assert "977" in _text(visit("other town"), f"/runs/{run.pk}/")


def test_the_list_filters_by_cause(visit: Visit, run: Run) -> None:
    open_run(kind="calendar", cause="校历：某日停课", actor=None, since=WEEK.monday, until=WEEK.sunday)
    assert "某日停课" in _text(visit("bureau"), "/runs/")
    assert "某日停课" not in _text(visit("bureau"), "/runs/?kind=manual")


def test_the_page_says_when_the_nightly_sweep_stopped_and_readyz_too(visit: Visit, run: Run) -> None:
    late = NOW - sweep.LATEST_SWEEP - dt.timedelta(minutes=1)
    old = Run.objects.create(
        kind="sweep", cause="每晚全面核对", asked_by_label="系统", is_district=True,
        since=WEEK.monday, until=WEEK.sunday, requested_at=late, started_at=late, finished_at=late,
    )  # fmt: skip
    assert "每晚核对已 26 小时没有完成" in _text(visit("bureau"), "/runs/")
    assert "没有完成" not in _text(visit("town"), "/runs/").split("<main")[1]
    assert any("nightly sweep" in problem for problem in Client().get("/readyz").json()["problems"])
    Run.objects.filter(pk=old.pk).update(finished_at=NOW - dt.timedelta(hours=1))
    assert "最近一次每晚核对" in _text(visit("bureau"), "/runs/?kind=sweep")
    assert not any("nightly sweep" in problem for problem in Client().get("/readyz").json()["problems"])


def test_a_new_portal_has_26_hours_for_its_first_sweep(db: None) -> None:
    assert sweep.missed_sweep(clock.now()) is None
    began = AuditEntry.objects.create(act="test", actor_label="系统", source="job").pk
    began_at = AuditEntry.objects.get(pk=began).at
    first = AuditEntry.objects.order_by("pk").values_list("at", flat=True)[0]
    assert first <= began_at
    assert sweep.missed_sweep(first + sweep.LATEST_SWEEP) is None
    assert sweep.missed_sweep(first + sweep.LATEST_SWEEP + dt.timedelta(seconds=1)) is not None


def test_towns_that_wait_for_each_other_in_a_sweep_are_no_reason_to_call_the_portal_stuck(
    visit: Visit, run: Run
) -> None:
    outbox.drain_one(lambda: NOW)
    EvaluationRequest.objects.filter(done_at__isnull=True).update(next_at=NOW - dt.timedelta(minutes=3))
    outbox.drain_one(lambda: NOW)
    assert not any("too long" in problem for problem in Client().get("/readyz").json()["problems"])
    EvaluationRequest.objects.create(
        scope="institution", institution=run.parts.model.institution.field.related_model.objects.first(),
        since=WEEK.monday, until=WEEK.sunday, cause="测试", next_at=NOW - dt.timedelta(minutes=3),
    )  # fmt: skip
    assert any("too long" in problem for problem in Client().get("/readyz").json()["problems"])


def test_the_bureau_starts_a_run_and_an_equal_one_is_refused_in_chinese(visit: Visit, world: World) -> None:
    _drain()
    asked = {"since": "2026-11-02", "until": "2026-11-08", "rules": ["HW-02"]}
    answer = visit("bureau").post("/runs/new/", asked)
    run = Run.objects.get(kind="manual")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/runs/{run.pk}/")
    assert (run.rules, run.asked_by) == (["HW-02"], world.people["bureau"])
    assert AuditEntry.objects.filter(act="open_check", target=f"run:{run.pk}").exists()
    again = visit("bureau").post("/runs/new/", asked)
    assert again.status_code == 409
    assert "同样的核对" in again.content.decode()
    wrong = visit("bureau").post("/runs/new/", {**asked, "until": "2026-12-08"})
    assert wrong.status_code == 422
    assert "不能晚于今天" in wrong.content.decode()


def test_a_changed_calendar_leads_to_its_receipt(visit: Visit, world: World) -> None:
    _drain()
    bureau = visit("bureau")
    day = {"date": "2026-11-05", "kind": "closed", "level": "district", "reason": "台风停课", "certainty": "official"}
    answer = bureau.post("/calendar/days/new/", day)
    run = Run.objects.order_by("-pk").filter(kind="calendar")[0]
    assert answer.headers["Location"] == f"/calendar/?run={run.pk}"
    page = _text(bureau, answer.headers["Location"])
    assert f'hx-get="/runs/{run.pk}/receipt/"' in page
    _drain()
    receipt = _text(bureau, f"/runs/{run.pk}/receipt/")
    assert "重新比对完成" in receipt
    assert "全部规则：已比对" in receipt, "beside others, a receipt says what it judged"
    assert run.asked_by == world.people["bureau"]


def test_a_calendar_entry_that_changes_no_day_says_so(visit: Visit, world: World) -> None:
    saturday = {"date": "2026-11-07", "kind": "closed", "level": "district", "reason": "周六", "certainty": "official"}
    bureau = visit("bureau")
    answer = bureau.post("/calendar/days/new/", saturday)
    assert answer.headers["Location"] == "/calendar/"
    assert "不需要重新比对" in _text(bureau, "/calendar/")


def test_the_list_costs_the_same_queries_however_many_runs(visit: Visit, run: Run) -> None:
    def cost(path: str) -> int:
        client = visit("bureau")
        client.get(path)
        with CaptureQueriesContext(connection) as captured:
            client.get(path)
        return len(captured)

    _drain()
    before = cost("/runs/"), cost(f"/runs/{run.pk}/")
    for day in range(12):
        sweep.open_check(
            since=WEEK.monday - dt.timedelta(days=day), until=WEEK.sunday, rules=["HW-01"], actor=run.asked_by, now=NOW
        )
    _drain()
    assert (cost("/runs/"), cost(f"/runs/{run.pk}/")) == before


@pytest.mark.parametrize(
    ("seconds", "judged", "expected"), [(1, 5, None), (10, 0, None), (10, 1, None), (10, 5, 30), (60, 20, 0)]
)
def test_the_estimate_keeps_silent_until_it_knows_something(seconds: int, judged: int, expected: Any) -> None:
    begun = NOW - dt.timedelta(seconds=seconds)
    run = Run(started_at=begun, requested_at=begun, since=WEEK.monday, until=WEEK.sunday)
    part = RunPart(units=20, judged=judged, state="running")
    assert RunLine(run, [part], NOW).remaining_seconds == expected
