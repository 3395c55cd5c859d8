"""Fee orders through the one validation path."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from shuangjian.core.errors import InvalidInput
from shuangjian.journal.models import EvaluationRequest
from tests import make as platform
from tests.training_orgs import make
from training_orgs.models import DailyBalance, FeeLine, FeeOrder
from training_orgs.rows import save_rows
from training_orgs.rows.table import of_csv

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel("2026-11-20 10:00+08:00", tick=False):
        yield


def order(**changed: Any) -> dict[str, Any]:
    lines = changed.pop("lines", [{"course": "K01", "hours": 30, "amount": 3000}])
    row = {
        "contract_no": "HT001", "pupil": "X001", "paid_on": "2026-09-01", "starts_on": "2026-09-01",
        "ends_on": "2026-11-30", "channel": "监管账户", "lines": lines,
    }  # fmt: skip
    return {key: value for key, value in {**row, **changed}.items() if value is not None}


def save(*rows: dict[str, Any], unit: Any, **options: Any) -> Any:
    return save_rows("fee-orders", rows, actor=platform.Somebody(), institution=unit, **options)


def problems(*rows: dict[str, Any], unit: Any) -> dict[str, str]:
    before = FeeOrder.objects.count(), FeeLine.objects.count(), EvaluationRequest.objects.count()
    with pytest.raises(InvalidInput) as raised:
        save(*rows, unit=unit)
    assert (FeeOrder.objects.count(), FeeLine.objects.count(), EvaluationRequest.objects.count()) == before
    return {problem.path: problem.message for problem in raised.value.problems}


@pytest.fixture
def unit() -> Any:
    unit = make.org()
    make.course(unit, "K01")
    make.course(unit, "K02", subject="英语")
    return unit


def test_an_order_is_stored_with_its_lines_its_balance_and_a_request_to_judge_from_its_day(unit: Any) -> None:
    lines = [{"course": "K01", "hours": 30, "amount": "3000.50"}, {"course": "K02", "hours": 10, "amount": 1000}]
    saved = save(order(lines=lines), unit=unit)
    assert saved.as_dict() == {"created": 1, "changed": 0, "unchanged": 0}
    stored = FeeOrder.objects.get()
    assert str(stored.amount) == "4000.50"
    assert [(line.position, line.subject, line.lesson_minutes) for line in stored.lines.all()] == [
        (1, "数学", 45), (2, "英语", 45)
    ]  # fmt: skip
    assert str(DailyBalance.objects.get().paid) == "4000.50"
    asked = EvaluationRequest.objects.get()
    assert (asked.institution_id, str(asked.since), str(asked.until)) == (unit.pk, "2026-09-01", "2026-11-20")


def test_the_same_order_again_changes_nothing(unit: Any) -> None:
    save(order(), unit=unit)
    EvaluationRequest.objects.all().delete()
    assert save(order(), unit=unit).as_dict() == {"created": 0, "changed": 0, "unchanged": 1}
    assert not EvaluationRequest.objects.exists()


def test_a_contract_on_record_with_another_content_is_refused(unit: Any) -> None:
    save(order(), unit=unit)
    told = problems(order(lines=[{"course": "K01", "hours": 31, "amount": 3000}]), unit=unit)
    assert list(told) == ["[0].contract_no"]
    assert "已登记，内容与本次不同" in told["[0].contract_no"]


def test_an_order_on_record_can_be_cancelled_and_nothing_else(unit: Any) -> None:
    save(order(), unit=unit)
    assert save(order(cancelled_on="2026-09-10"), unit=unit).changed == 1
    assert str(FeeOrder.objects.get().cancelled_on) == "2026-09-10"
    assert save(order(cancelled_on=""), unit=unit).unchanged == 1
    assert str(FeeOrder.objects.get().cancelled_on) == "2026-09-10"
    assert save(order(cancelled_on="2026-09-11"), unit=unit).changed == 1


def test_a_dry_run_counts_and_writes_nothing(unit: Any) -> None:
    assert save(order(), unit=unit, dry_run=True).created == 1
    assert not FeeOrder.objects.exists()
    assert not EvaluationRequest.objects.exists()


def test_every_bad_order_of_the_issue_is_named_with_its_path(unit: Any) -> None:
    told = problems(
        order(contract_no="A", ends_on="2026-08-31"),
        order(contract_no="B", lines=[{"course": "K01", "hours": 30, "amount": -1}]),
        order(
            contract_no="C",
            lines=[{"course": "K01", "hours": 1, "amount": 1}, {"course": "K09", "hours": 1, "amount": 1}],
        ),
        order(contract_no="D"),
        order(contract_no="D", pupil="X002"),
        order(contract_no="E", currency="美元"),
        order(contract_no="F", paid_on="2026-11-21"),
        order(contract_no="G", total=2999),
        unit=unit,
    )
    assert told == {
        "[0].ends_on": "服务止早于服务起，请改正。",
        "[1].lines[0].amount": "“-1”是负数，金额和价格不能小于 0，请改正。",
        "[2].lines[1].course": "本机构没有课程“K09”，请先登记或改正。",
        "[4].contract_no": "合同编号与[3]重复，请删去一条或改正。",
        "[4].pupil": "合同编号与[3]重复，而学员代号不同：同一合同的各行应一致，请改正。",
        "[5].currency": "“美元”不是人民币，金额只按元登记；请按合同折算成元，币种填“元”或留空。",
        "[6].paid_on": "收费日期晚于今天，请核对；收到款以后再登记。",
        "[7].total": "合同总额 2999.00 元与各行金额之和 3000.00 元不同，请核对。",
    }


def test_another_institution_s_row_is_refused(unit: Any) -> None:
    other = make.org("示范二中心")
    told = problems(order(institution=other.code), unit=unit)
    assert list(told) == ["[0].institution"]
    assert "不是本单位" in told["[0].institution"]


@pytest.mark.parametrize(("day", "word"), [("2026-08-31", "早于收费日期"), ("2026-11-21", "晚于今天")])
def test_an_order_is_cancelled_between_its_payment_and_today(unit: Any, day: str, word: str) -> None:
    told = problems(order(cancelled_on=day), unit=unit)
    assert list(told) == ["[0].cancelled_on"]
    assert word in told["[0].cancelled_on"]


def test_sums_that_no_column_holds_are_refused_in_words(unit: Any) -> None:
    assert (
        "太大"
        in problems(order(lines=[{"course": "K01", "hours": 1, "amount": 100_000_000}]), unit=unit)[
            "[0].lines[0].amount"
        ]
    )
    DailyBalance.objects.create(
        institution=unit, day="2026-08-01", ledger=0, consumed=0, refunded=0, paid="999999999999.99", unconsumed=0
    )
    assert "超出了能够登记的范围" in problems(order(), unit=unit)[""]


def test_a_contract_on_record_is_told_beside_the_other_mistakes(unit: Any) -> None:
    save(order(), unit=unit)
    wrong = order(contract_no="HT002", lines=[{"course": "K01", "hours": 1, "amount": -1}])
    told = problems(wrong, order(), order(contract_no="HT001", pupil="X002"), unit=unit)
    assert list(told) == ["[0].lines[0].amount", "[2].contract_no", "[2].pupil"]  # told once, as twice in the body
    told = problems(wrong, order(pupil="X002"), unit=unit)
    assert list(told) == ["[0].lines[0].amount", "[1].contract_no"]
    assert "已登记，内容与本次不同" in told["[1].contract_no"]
    assert list(problems(wrong, order(), unit=unit)) == ["[0].lines[0].amount"]


def test_a_table_names_a_course_of_a_contract_once(unit: Any) -> None:
    columns = {key: [value] * 4 for key, value in order().items() if key != "lines"}
    columns |= {"lines.course": ["K01", "K02", "K01", "K02"], "lines.hours": ["30", "10", "31", "10"]}
    columns |= {"lines.amount": ["3000", "1000", "3000", "1000"]}
    with pytest.raises(InvalidInput) as raised:
        save_rows("fee-orders", of_csv([2, 3, 4, 5], columns), actor=platform.Somebody(), institution=unit)
    assert {problem.path: problem.message for problem in raised.value.problems} == {
        "第 4 行 contract_no（合同编号）": "合同编号和课程都与第 2 行相同：同一合同的同一门课程只填一行，请合并；"
        "是另一份合同的，请改正合同编号。",
        "第 5 行 contract_no（合同编号）": "与第 3 行完全相同，请删去一行。",
    }
