"""The rulebook and the coverage page tell the rules that people judge, and those of inspections, in words."""

from __future__ import annotations

import pytest
from django.test import Client

from shuangjian.rules.declare import Rule, get_rule
from tests import make
from tests.tables import load_table

pytestmark = pytest.mark.django_db

CODES = ("AS-04", "AS-07", "HW-05", "HW-06", "IN-01", "IN-02", "SC-06", "SC-09", "SC-12", "SC-13")


@pytest.fixture
def bureau(client: Client) -> Client:
    client.force_login(make.user("bureau"))
    return client


@pytest.mark.parametrize("code", CODES)
def test_each_rule_has_a_page_with_its_words_and_its_case_table(bureau: Client, code: str) -> None:
    rule = get_rule(code)
    page = bureau.get(f"/rules/{code}/").content.decode()
    assert [text for text in (rule.title, rule.sentence, rule.comparison, rule.note) if text not in page] == []
    assert "不产生疑似问题" in page
    assert [case for case in _names(rule) if case not in page] == []
    whom = {"SC-06": "小学"}.get(code, "小学、初中") if rule.stages else "学校、校外培训机构、疑似无证点"
    assert whom in page


def _names(rule: Rule) -> list[str]:
    names = [each["name"] for each in load_table(rule.cases_file)["cases"]]
    assert not [name for name in names if name.isascii()], "a reader of the rulebook reads Chinese"
    return names


def test_standards_that_the_guideline_leaves_open_are_told_with_their_reading(bureau: Client) -> None:
    assert "24 个月" in bureau.get("/rules/IN-02/").content.decode()
    page = bureau.get("/rules/AS-07/").content.decode()
    assert "5 个工作日" in page
    assert "3 级为3个工作日" in page, "the other reading"


def test_the_coverage_page_names_each_rule_beside_its_clause(bureau: Client) -> None:
    page = bureau.get("/clauses/").content.decode()
    assert [code for code in CODES if code not in page] == []
