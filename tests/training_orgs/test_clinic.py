"""订单体检: the same words as the engine, for everybody, and nothing is kept."""

from __future__ import annotations

import datetime as dt
from contextlib import nullcontext
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from tests.training_orgs import money_make as make
from training_orgs import clinic
from training_orgs.clinic import CODES, Line, Order, diagnose, left_of
from training_orgs.models import Course, FeeOrder, GuidePrice
from training_orgs.services.consumption import take_lessons
from training_orgs.views import clinic as page

pytestmark = pytest.mark.django_db

NOW = clock.at(dt.date(2026, 11, 24), 600)
URL, API = "/clinic/", "/api/v1/clinic/"


def _order(**fields: Any) -> Order:
    line = {"subject": "数学", "hours": Decimal(60), "amount": Decimal(3000)}
    line.update({name: fields.pop(name) for name in list(fields) if name in Line.__dataclass_fields__})
    return Order(
        **{
            "category": "subject",
            "stage": "primary",
            "mode": "offline",
            "lesson_minutes": 45,
            "paid_on": dt.date(2026, 9, 1),
            "starts_on": dt.date(2026, 9, 1),
            "ends_on": dt.date(2026, 11, 30),
            "lines": [Line(**line)],
            **fields,
        }  # fmt: skip
    )


def _suspected(order: Order) -> list[str]:
    return sorted(verdict.rule.code for verdict in diagnose(order, now=NOW).suspected)


def _outcomes(order: Order) -> dict[str, str]:
    return {verdict.rule.code: verdict.outcome for verdict in diagnose(order, now=NOW).verdicts}


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({}, []),
        ({"hours": Decimal(61)}, ["TO-14"]),
        ({"gift_hours": Decimal(1)}, ["TO-14"]),
        ({"open_hours": Decimal("0.5")}, ["TO-15"]),
        ({"ends_on": dt.date(2026, 12, 1)}, ["TO-13"]),
        ({"starts_on": dt.date(2026, 10, 1), "ends_on": None}, []),
        ({"starts_on": dt.date(2026, 10, 2)}, ["TO-16"]),
        ({"starts_on": dt.date(2026, 9, 1), "first_on": dt.date(2026, 10, 2)}, ["TO-16"]),
        ({"is_loan": True}, ["TO-18"]),
        ({"category": "arts", "amount": Decimal(5000)}, []),
        ({"category": "arts", "amount": Decimal("5000.01")}, ["TO-19"]),
        ({"amount": Decimal(6000)}, []),
    ],
)
def test_both_sides_of_each_limit(change: dict[str, Any], codes: list[str]) -> None:
    assert _suspected(_order(**change)) == codes


def test_eighty_hours_over_three_subjects_are_lawful() -> None:
    lines = [
        Line(subject, Decimal(hours), Decimal(1000)) for subject, hours in (("数学", 30), ("物理", 30), ("化学", 20))
    ]
    assert _suspected(_order(lines=lines)) == []


def test_the_guide_price_and_its_ten_percent_are_held_against_an_order() -> None:
    GuidePrice.objects.create(
        mode="offline", size_from=1, size_to=10, price=70, valid_from="2022-01-01", reference="示范价格文件"
    )
    assert _suspected(_order(class_size=10, amount=Decimal("4620.00"))) == []
    assert _suspected(_order(class_size=10, amount=Decimal("4620.01"))) == ["TO-12"]
    verdict = diagnose(_order(class_size=10, amount=Decimal(5000)), now=NOW).suspected[0]
    assert any(standard.reference == "示范价格文件" for standard in verdict.standards)


def test_what_cannot_be_judged_is_said_and_never_called_lawful() -> None:
    assert _outcomes(_order())["TO-12"] == "insufficient_data"
    assert _outcomes(_order(class_size=10))["TO-12"] == "insufficient_data"
    assert _outcomes(_order(stage="senior"))["TO-12"] == "not_applicable"
    assert _outcomes(_order(ends_on=None))["TO-13"] == "insufficient_data"
    assert _outcomes(_order())["TO-19"] == "not_applicable"
    before = {"paid_on": dt.date(2022, 12, 28), "starts_on": dt.date(2022, 12, 28), "ends_on": dt.date(2023, 1, 31)}
    assert _outcomes(_order(category="arts", amount=Decimal(9000), **before))["TO-19"] == "not_applicable"


def test_the_figures_beside_the_verdicts() -> None:
    found = diagnose(_order(mode="online", amount=Decimal(3000), taken_hours=Decimal(10)), now=NOW)
    (hours,) = found.hours
    assert (hours.nominal, hours.standard, hours.price) == (60, Decimal(90), Decimal("33.33"))
    assert found.refund == 2500
    assert found.lawful_until == dt.date(2026, 11, 30)
    assert found.earliest_payment == dt.date(2026, 8, 1)


def test_nothing_is_kept_of_what_was_asked() -> None:
    diagnose(_order(open_hours=Decimal(5)), now=NOW)
    assert not Institution.objects.exists()
    assert not FeeOrder.objects.exists()
    assert not Course.objects.exists()


def test_without_the_rehearsal_it_would_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard switched off."""
    clinic.engine.verdict.prepare()
    monkeypatch.setattr(clinic.engine, "rehearsal", nullcontext)
    diagnose(_order(), now=NOW)
    assert FeeOrder.objects.count() == 1


@pytest.mark.parametrize("amount", ["1000.00", "0.05", "999.99"])
def test_the_refund_is_what_the_class_log_leaves(amount: str) -> None:
    course = make.course(make.org())
    order = make.order(course, "H1", "2026-09-01", amount, hours=7)
    for taken, day in enumerate(("2026-09-01", "2026-09-02", "2026-09-03", "2026-09-04"), 1):
        session = make.session(course, day, 18 * 60, 18 * 60 + 45)
        take_lessons(session, actor=None, today=dt.date(2026, 12, 1))
        order.refresh_from_db()
        assert left_of(Decimal(amount), Decimal(7), Decimal(taken)) == order.amount - order.consumed


def _form(**changes: Any) -> dict[str, Any]:
    return {
        "category": "subject", "stage": "primary", "mode": "offline", "lesson_minutes": "45",
        "paid_on": "2026-09-01", "starts_on": "2026-09-01", "ends_on": "2026-11-30",
        "line0-subject": "数学", "line0-hours": "61", "line0-amount": "3000", **changes,
    }  # fmt: skip


def test_the_page_needs_no_account_and_names_the_clause(client: Client) -> None:
    assert client.get(URL).status_code == 200
    answer = client.post(URL, _form())
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "这份订单有 1 条疑似问题" in text
    assert "2.4.2.3" in text
    assert 'data-rule="TO-14" data-outcome="suspected"' in text


def test_every_mistake_stands_at_its_field_in_chinese(client: Client) -> None:
    wrong = _form(
        **{
            "line0-hours": "-1",
            "line0-amount": "abc",
            "paid_on": "2026-02-30",
            "ends_on": "2026-08-31",
            "lesson_minutes": "0",
        }
    )
    answer = client.post(URL, wrong)
    assert answer.status_code == 422
    errors = {**answer.context["head"].errors, **answer.context["lines"][0].errors}
    assert set(errors) == {"lesson_minutes", "paid_on", "ends_on", "hours", "amount"}
    assert errors["paid_on"] == ["收费日期不是有效日期，应写成 2026-09-01 的样子。"]
    assert errors["ends_on"] == ["服务止早于服务起，请改正。"]
    assert errors["hours"] == ["课时不能是负数，请改正。"]
    assert errors["amount"] == ["金额（元）应为数字，如 20 或 20.5。"]
    assert '<a href="#id_line0-hours">科目 1 课时</a>：课时不能是负数' in answer.content.decode()


def test_a_mistake_in_a_line_alone_is_told_at_the_top(client: Client) -> None:
    answer = client.post(URL, _form(**{"line0-hours": ""}))
    assert answer.status_code == 422
    assert '<a href="#id_line0-hours">科目 1 课时</a>：请填写课时。' in answer.content.decode()


@pytest.mark.parametrize("field", ["hours", "gift_hours", "open_hours", "taken_hours"])
def test_more_hours_than_any_order_has_are_refused(client: Client, field: str) -> None:
    answer = client.post(API, _body(line={field: 100_000}), content_type="application/json")
    assert answer.status_code == 422
    told = {error["path"]: error["message"] for error in answer.json()["errors"]}
    assert told[f"lines[0].{field}"].endswith("太大，请核对。")
    assert client.post(API, _body(line={"hours": "99999.99"}), content_type="application/json").status_code == 200


def test_the_api_calls_nothing_lawful_that_it_could_not_judge(client: Client) -> None:
    def outcome(**changes: Any) -> str:
        said = client.post(API, _body(line={"hours": 60}, **changes), content_type="application/json").json()
        assert said["is_lawful"] is True
        return str(said["outcome"])

    assert outcome(category="arts") == "lawful"
    assert outcome(category="arts", ends_on=None) == "insufficient_data"
    assert outcome() == "insufficient_data"  # no guide price is on record


def test_the_api_names_the_field_in_every_sentence(client: Client) -> None:
    answer = client.post(API, _body(stage="x", line={"subject": ""}), content_type="application/json")
    assert [error["message"] for error in answer.json()["errors"]] == [
        "学段不在可选的范围内，请重新选择。",
        "请填写科目。",
    ]


def test_one_address_checks_so_often_and_no_more(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "MOST_CHECKS", 2)
    assert [client.post(URL, _form()).status_code for _ in range(3)] == [200, 200, 429]
    assert "检查得太频繁" in client.post(URL, _form()).content.decode()
    answer = client.post(API, _body(), content_type="application/json")
    assert answer.status_code == 429
    assert answer["Retry-After"] == "900"


def _body(**changes: Any) -> dict[str, Any]:
    line = {"subject": "数学", "hours": 61, "amount": 3000, **changes.pop("line", {})}
    return {
        "category": "subject", "stage": "primary", "mode": "offline", "lesson_minutes": 45, "paid_on": "2026-09-01",
        "starts_on": "2026-09-01", "ends_on": "2026-11-30", "lines": [line], **changes,
    }  # fmt: skip


def test_the_api_answers_without_a_token(client: Client) -> None:
    answer = client.post(API, _body(), content_type="application/json")
    assert answer.status_code == 200
    said = answer.json()
    assert said["is_lawful"] is False
    assert {verdict["rule"] for verdict in said["verdicts"]} == set(CODES)
    first = said["verdicts"][0]
    assert (first["rule"], first["outcome"], first["clause"]) == ("TO-14", "suspected", "2.4.2.3")
    assert first["standards"][0]["value"] == "60 课时"


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        (_body(line={"hours": -1}), ["lines[0].hours"]),
        (_body(paid_on=None, stage="x"), ["stage", "paid_on"]),
        (_body(lines=[]), ["lines"]),
        (_body(lines="x"), ["lines"]),
        ([], ["lines"]),
        (_body(hurs=1), ["hurs"]),
    ],
)
def test_the_api_names_every_mistake_by_its_path(client: Client, body: Any, paths: list[str]) -> None:
    answer = client.post(API, body, content_type="application/json")
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == paths


def test_the_page_does_not_hide_what_it_could_not_judge(client: Client) -> None:
    lacking = "没有发现疑似问题，有规则因数据不足没有判断"
    whole = _form(**{"line0-hours": "60", "category": "arts"})
    assert lacking not in client.post(URL, whole).content.decode()
    assert lacking in client.post(URL, {**whole, "ends_on": ""}).content.decode()
