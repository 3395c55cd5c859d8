"""A number and its unit read the same on a page, on the explanation card and in the API."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from shuangjian.api.serializers.fields import quantity_text
from shuangjian.core.templatetags import ui
from shuangjian.rules import explain
from shuangjian.rules.declare import get_rule


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("天", "3.0000", "3 天"),
        ("周", "4.0000", "4 周"),
        ("人", "12.0000", "12 人"),
        ("分钟", "60.2000", "60.2 分钟"),
        ("时刻", "500.0000", "08:20"),
        ("比例", "0.9000", "90%"),
        ("比例", "0.8999", "89.99%"),
        ("比例", "0.3333", "33.33%"),
        ("比例", "1.0000", "100%"),
        ("比例", "0.0000", "0%"),
    ],
)
def test_a_quantity_reads_the_same_everywhere(unit: str, value: str, text: str) -> None:
    number = Decimal(value)
    assert ui.quantity(number, unit) == text
    assert explain.quantity(replace(get_rule("HW-02"), unit=unit), number) == text
    assert quantity_text(number, unit) == text


def test_a_share_is_compared_with_its_bound_in_words() -> None:
    words = explain.conclusion(get_rule("AS-10"), Decimal("0.8500"), Decimal("1.0000"))
    assert words == "有需求的学生中参加课后服务的比例低于 100%：本单位为 85%，属疑似问题。"
