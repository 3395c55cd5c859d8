"""The pages of the lists: the answer as the title, the way from proposal to appeal, mistakes at their field."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution
from shuangjian.lists.models import ListAppeal, ListCriteria, ListDate, ListDecision, ListEntry
from tests import make
from tests.lists.make import NOW, TODAY, criteria, decided, proposed, two

DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def today(db: None) -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def org(db: None) -> Institution:
    return make.training_org(town=make.town())


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def body(client: Client, name: str, *arguments: Any, **query: str) -> str:
    answer = client.get(reverse(name, args=arguments), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_title_says_who_stood_on_the_list_on_the_day_asked_about(org: Institution) -> None:
    decided(org, on=TODAY - 5 * DAY)
    decided(org, on=TODAY, act="exit")
    client = as_(two()[0])
    assert "现在黑名单上没有机构" in body(client, "lists")
    page = body(client, "lists", kind="black", on=str(TODAY - DAY))
    assert f"{TODAY - DAY} 黑名单上有 1 家机构" in page
    assert org.name in page
    assert "现在白名单上没有机构" in body(client, "lists", kind="white")
    assert "日期不成立" in body(client, "lists", on="昨天")


def test_a_list_takes_the_same_queries_for_one_and_for_many(org: Institution) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            body(client, "lists")
        return len(seen)

    client = as_(two()[0])
    decided(org)
    body(client, "lists")
    few = queries()
    for number in range(6):
        decided(make.training_org(f"虚构培训{number}部", town=make.town()))
    assert queries() == few


def test_the_way_from_proposal_to_a_granted_appeal(org: Institution) -> None:
    first, second, owner = *two(), make.user("org", org)
    sent = {
        "institution": org.code, "act": "entry", "kind": "black", "criteria": criteria().pk,
        "decision_no": "示范名单〔2026〕9号", "effective_on": str(TODAY), "reason": "无证办学",
    }  # fmt: skip
    gone = as_(first).post(reverse("list_propose"), sent)
    decision = ListDecision.objects.get()
    assert gone.headers["Location"] == reverse("list_decision", args=[decision.pk])
    assert as_(owner).get(reverse("list_decision", args=[decision.pk])).status_code == 404
    assert "1 件提议待复核" in body(as_(second), "lists_waiting")
    assert reverse("list_review", args=[decision.pk]) not in body(as_(first), "list_decision", decision.pk)
    review = reverse("list_review", args=[decision.pk])
    assert as_(first).post(review, {"approve": "1"}).status_code == 403
    assert not ListEntry.objects.exists()
    assert as_(second).post(review, {"approve": "1", "note": "同意"}).status_code == 302
    seen = body(as_(owner), "list_decision", decision.pk)
    assert "列入黑名单" in seen
    assert second.name + "，" not in seen  # an institution is told the decision, not the persons
    as_(owner).post(reverse("list_appeal", args=[decision.pk]), {"text": "已取得许可证"})
    assert ListAppeal.objects.get().filed_on == TODAY
    assert "1 件申诉待答复" in body(as_(second), "lists_waiting")
    answer = {"result": "overturned", "answer": "申诉成立"}
    assert as_(second).post(reverse("list_answer", args=[decision.pk]), answer).status_code == 302
    undoing = ListDecision.objects.get(act="exit")
    assert "不予决定" not in body(as_(first), "list_decision", undoing.pk)
    as_(first).post(reverse("list_review", args=[undoing.pk]), {"approve": "1"})
    assert ListEntry.objects.get().left_on == TODAY
    as_(first).post(reverse("list_publish", args=[undoing.pk]), {"on": str(TODAY)})
    undoing.refresh_from_db()
    assert undoing.published_on == TODAY


def test_mistakes_come_back_at_their_field_and_nothing_is_saved(org: Institution) -> None:
    client = as_(two()[0])
    answer = client.post(reverse("list_propose"), {"institution": "无此代码", "act": "entry"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "没有代码为“无此代码”的培训机构" in page
    decided(org)
    sent = {
        "institution": org.code, "act": "entry", "kind": "black", "criteria": criteria().pk, "decision_no": "示范9号",
        "effective_on": str(TODAY), "reason": "重复",
    }  # fmt: skip
    answer = client.post(reverse("list_propose"), sent)
    assert answer.status_code == 422
    assert "已在黑名单上" in answer.content.decode()
    assert ListDecision.objects.count() == 1


def test_a_rejection_without_a_reason_is_sent_back(org: Institution) -> None:
    decision = proposed(org)
    answer = as_(two()[1]).post(reverse("list_review", args=[decision.pk]), {"approve": "0"})
    assert answer.status_code == 422
    assert "请填写不予决定的理由" in answer.content.decode()


def test_standards_and_the_list_date_are_kept(db: None) -> None:
    client = as_(two()[0])
    sent = {
        "kind": "white",
        "version": "2026-1",
        "text": "双证齐全",
        "valid_from": "2026-01-01",
        "reference": "示范文件",
    }
    assert client.post(reverse("list_standards"), sent).status_code == 302
    assert client.post(reverse("list_date"), {"on": "2026-06-30", "reference": "示范文件"}).status_code == 302
    assert ListCriteria.objects.get().text == "双证齐全"
    assert ListDate.objects.get().year == 2026
    page = body(client, "list_standards")
    assert "白名单 2026-1" in page
    assert "2026 年度" in page
    assert client.post(reverse("list_date"), {"on": "x"}).status_code == 422


def test_a_department_without_registers_has_no_lists(db: None) -> None:
    assert as_(make.user("dept", make.department("SC"))).get(reverse("lists")).status_code == 200
    assert as_(make.user("dept", make.department("CG"))).get(reverse("lists")).status_code == 403
