"""The rulebook tells the rules about training institutions as it tells the others, in words."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.test import Client

from shuangjian.rules import explain
from shuangjian.rules.declare import all_rules
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def bureau(client: Client) -> Client:
    client.force_login(make.user("bureau"))
    return client


def test_each_rule_has_a_page_with_its_case_table(bureau: Client) -> None:
    for rule in all_rules():
        if rule.code.startswith("TO-"):
            page = bureau.get(f"/rules/{rule.code}/").content.decode()
            assert rule.sentence in page
            assert "公共机构" in page if rule.code in ("TO-02", "TO-34") else "校外培训机构" in page
            assert "不产生疑似问题" in page


def test_a_standard_by_kind_of_course_is_told_in_words(bureau: Client) -> None:
    page = bureau.get("/rules/TO-06/").content.decode()
    assert re.search(r"学科类线下.*?20:30", page, re.S)
    assert "非学科类线上" in page
    assert "subject_offline" not in page


def test_trends_of_schools_offer_no_rule_about_training_institutions(bureau: Client) -> None:
    make.calendar()
    make.school()
    page = bureau.get("/trends/").content.decode()
    assert "HW-02" in page
    assert "TO-05 " not in page


def test_the_card_of_what_is_not_rectified_tells_the_workdays_of_its_severity_and_where_they_come_from() -> None:
    told = explain.card(
        rule_code="TO-33",
        about="observation:HC-1",
        occurred_on=dt.date(2026, 11, 21),
        observed=Decimal(1),
        limit=Decimal(0),
        facts={"severity": "4", "rectify_workdays": 1, "rectify_by": "2026-11-20"},
        severity=4,
    )
    assert ("预警等级", "重大") in told.facts
    assert ("该等级的整改工作日数（没有写明期限的，按此计算）", "1") in told.facts
    assert ("整改期限", "2026-11-20") in told.facts
    assert "指引未规定整改天数；由区教育局设定" in told.reference
    assert told.effective_from == dt.date(2021, 9, 1)
