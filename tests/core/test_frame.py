"""The frame of every page: landmarks, navigation, week picker, demo strip; nothing that the security policy refuses."""

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import RequestFactory

from shuangjian.core.weeks import Week

TEMPLATES = Path(settings.BASE_DIR) / "templates"
REFUSED_BY_POLICY = {
    "inline script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")", re.IGNORECASE),
    "inline style sheet": re.compile(r"<style\b", re.IGNORECASE),
    "inline event handler": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.IGNORECASE),
    "script address": re.compile(r"javascript:", re.IGNORECASE),
    "foreign host": re.compile(r"(?:src|href)=\"(?:https?:)?//", re.IGNORECASE),
}


class SignedIn:
    is_authenticated = True

    def __str__(self) -> str:
        return "示范填报员"


def page(url: str = "/", **context: Any) -> str:
    request = RequestFactory().get(url)
    request.user = SignedIn()  # type: ignore[assignment]
    # Without request=, no context processor runs: the frame alone is under test.
    return render_to_string("base/app.html", {"request": request, **context})


@pytest.mark.parametrize("kind", REFUSED_BY_POLICY)
def test_no_template_holds_what_the_security_policy_refuses(kind: str) -> None:
    refused = REFUSED_BY_POLICY[kind]
    found = [str(path) for path in sorted(TEMPLATES.rglob("*.html")) if refused.search(path.read_text("utf-8"))]
    assert found == [], f"{kind}: move it to static/site/js or static/site/css, pass data by json_script"


def test_the_page_has_its_landmarks_and_a_way_past_the_navigation() -> None:
    shown = page()
    assert 'href="#content"' in shown
    assert '<main class="sj-page" id="content"' in shown
    assert 'aria-label="主导航"' in shown


def test_the_navigation_marks_where_the_reader_is() -> None:
    nav = [
        {"label": "总览", "url": "/", "icon": "grid", "active": False},
        {"label": "预警", "url": "/alerts/", "icon": "bell", "active": True},
    ]
    assert re.findall(r'href="([^"]+)" aria-current="page"', page(nav=nav)) == ["/alerts/"]


def test_the_week_picker_moves_one_week_and_keeps_the_filters() -> None:
    shown = page("/alerts/?town=007&week=2026-W48&page=3", week=Week.of(dt.date(2026, 11, 24)))
    assert 'href="?town=007&amp;week=2026-W47"' in shown
    assert 'href="?town=007&amp;week=2026-W49"' in shown
    assert "2026年第48周（11.23–11.29）" in shown


def test_fictional_data_is_said_to_be_fictional_and_real_data_is_not() -> None:
    assert "演示数据" in page(is_demo_data=True)
    assert "演示数据" not in page(is_demo_data=False)


def test_a_name_from_the_database_cannot_become_markup() -> None:
    shown = page(scope_trail=[{"label": "<b>示范</b>", "url": ""}])
    assert "&lt;b&gt;示范" in shown


def test_the_explanation_card_takes_the_six_steps_in_order() -> None:
    card = {"rule_code": "HW-02", "rule_title": "书面作业当日总时长超限", "severity": 2, "observed_text": "112 分钟"}
    shown = render_to_string("includes/_explanation_card.html", {"card": card})
    steps = re.findall(r'class="sj-step__name">([^<]+)<', shown)
    assert steps == ["规则", "本单位数据", "标准值", "结论", "如何消除", "由谁认定"]


def test_a_finding_whose_data_was_withdrawn_says_that_data_is_missing() -> None:
    assert "数据不足" in render_to_string("includes/_explanation_card.html", {"card": {"severity": 3, "stale": True}})
    assert "数据不足" not in render_to_string(
        "includes/_explanation_card.html", {"card": {"severity": 3, "stale": False}}
    )


def test_a_figure_shows_missing_data_as_missing_and_carries_no_runnable_text() -> None:
    chart = {
        "id": "weeks",
        "kind": "heat",
        "title": "</script><b>",
        "unit": "条",
        "columns": ["单位", "第47周"],
        "rows": [["示范一小", None]],
    }
    shown = render_to_string("includes/_chart.html", {"chart": chart})
    assert '<td class="sj-num">数据不足</td>' in shown
    assert "</script><b>" not in shown


def test_a_severity_grid_is_read_in_words_and_its_words_go_along_to_the_script() -> None:
    chart = {
        "id": "grid",
        "kind": "heat",
        "scale": "severity",
        "title": "等级",
        "columns": ["单位", "第46周", "第47周"],
        "rows": [["示范一小", 0, 4]],
    }
    shown = render_to_string("includes/_chart.html", {"chart": chart})
    assert re.findall(r'<td class="sj-num">([^<]+)</td>', shown) == ["合规", "重大"]
    assert '"levels"' in shown
