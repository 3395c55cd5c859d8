"""Dates, money, quantities, signs and links are written the same way on every page."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory

from shuangjian.core.choices import AlertState, FilingState, Outcome, Severity
from shuangjian.core.templatetags import ui


def render(source: str, url: str = "/", **context: Any) -> str:
    return Template("{% load ui %}" + source).render(Context({"request": RequestFactory().get(url), **context}))


def test_a_date_is_written_with_its_weekday() -> None:
    assert ui.cn_date(dt.date(2026, 11, 24)) == "2026-11-24（周二）"


def test_an_instant_is_shown_on_its_shanghai_date() -> None:
    late_in_london = dt.datetime(2026, 11, 24, 17, 30, tzinfo=dt.UTC)
    assert ui.cn_date(late_in_london) == "2026-11-25（周三）"
    assert ui.cn_datetime(late_in_london) == "2026-11-25（周三）01:30"


@pytest.mark.parametrize("value", ["2026-W48", dt.date(2026, 11, 23), dt.date(2026, 11, 29)])
def test_a_week_is_written_with_its_dates(value: str | dt.date) -> None:
    assert ui.week_label(value) == "2026年第48周（11.23–11.29）"


def test_the_first_week_of_an_iso_year_may_begin_in_december() -> None:
    assert ui.week_label(dt.date(2025, 12, 29)) == "2026年第1周（12.29–1.4）"


def test_a_period_that_is_no_week_is_shown_as_it_stands() -> None:
    assert ui.week_label("2026-11") == "2026-11"
    assert ui.week_label("2026-W60") == "2026-W60"


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (Decimal("60.0000"), "分钟", "60 分钟"),
        (Decimal("65.3333"), "分钟", "65.33 分钟"),
        (Decimal("0.9000"), "", "0.9"),
        (Decimal("1200"), "元", "1,200 元"),
        (Decimal("0"), "分钟", "0 分钟"),
        (Decimal("500.0000"), "时刻", "08:20"),
    ],
)
def test_a_quantity_loses_idle_zeros_and_keeps_its_unit(value: Decimal, unit: str, shown: str) -> None:
    assert ui.quantity(value, unit) == shown


def test_money_is_written_with_mark_and_groups() -> None:
    assert ui.money(Decimal("12345")) == "¥12,345.00"
    assert ui.money(Decimal("-3.5")) == "-¥3.50"


def test_minutes_after_midnight_become_a_time_of_day() -> None:
    assert (ui.hhmm(500), ui.hhmm(0), ui.hhmm(1110)) == ("08:20", "00:00", "18:30")


@pytest.mark.parametrize("show", [ui.cn_date, ui.cn_datetime, ui.week_label, ui.money, ui.hhmm, ui.quantity])
def test_a_missing_value_is_a_dash_and_never_zero(show: Any) -> None:
    assert show(None) == "—"


def test_changing_a_filter_keeps_the_others_and_returns_to_the_first_page() -> None:
    shown = render("{% query_with severity=3 %}", "/alerts/?town=007&severity=2&page=7&cursor=abc")
    assert shown == "?town=007&amp;severity=3"


def test_an_emptied_filter_leaves_the_url() -> None:
    assert render("{% query_set name %}", "/?town=007&q=x", name="town") == "?q=x"
    assert render("{% query_set name value %}", "/?q=x", name="town", value="007") == "?q=x&amp;town=007"


def test_a_get_form_carries_the_filters_it_does_not_set() -> None:
    shown = render('{% hidden_query "week" %}', '/?week=2026-W48&q="><script>&page=2')
    assert shown == '<input type="hidden" name="q" value="&quot;&gt;&lt;script&gt;">'


@pytest.mark.parametrize("sign", [*Severity, *Outcome, *FilingState, *AlertState])
def test_every_sign_has_icon_class_and_word(sign: Any) -> None:
    shown = render_to_string("includes/_sign.html", {"sign": sign})
    assert f"sign--{sign.css_class}" in shown
    assert f"bi-{sign.icon}" in shown
    assert str(sign.label) in shown


def test_a_stored_severity_finds_its_sign_and_an_unknown_one_is_a_dash() -> None:
    assert "违规" in render_to_string("includes/_severity.html", {"severity": 3})
    assert "—" in render_to_string("includes/_severity.html", {"severity": None})
    assert (ui.severity_class(4), ui.severity_class("x")) == ("sign--critical", "sign--neutral")


class WeekForm(forms.Form):
    minutes = forms.IntegerField(label="分钟数", max_value=300, help_text="1–300 的整数。")
    stage = forms.ChoiceField(label="学段", choices=[("primary", "小学")], widget=forms.RadioSelect)
    confirmed = forms.BooleanField(label="内容属实")


def test_an_error_stands_at_its_field_and_is_linked_from_the_summary() -> None:
    form = WeekForm({"minutes": "301", "stage": "primary", "confirmed": "on"})
    field = render_to_string("includes/_field.html", {"field": form["minutes"]})
    assert 'id="id_minutes_error"' in field
    assert 'aria-describedby="id_minutes_helptext id_minutes_error"' in field
    assert "is-invalid" in field
    assert 'href="#id_minutes"' in render_to_string("includes/_error_summary.html", {"form": form})


def test_a_form_without_errors_has_no_summary() -> None:
    form = WeekForm({"minutes": "30", "stage": "primary", "confirmed": "on"})
    assert render_to_string("includes/_error_summary.html", {"form": form}).strip() == ""


def test_choices_are_a_group_with_a_legend() -> None:
    shown = render_to_string("includes/_field.html", {"field": WeekForm()["stage"]})
    assert "<fieldset" in shown
    assert "<legend>学段" in shown


@pytest.mark.parametrize("page", ["404.html", "403.html", "403_csrf.html", "500.html"])
def test_an_error_page_needs_no_request_and_shows_its_number_when_there_is_one(page: str) -> None:
    assert "请求编号" not in render_to_string(page)
    assert "a1b2c3d4" in render_to_string(page, {"request_id": "a1b2c3d4"})
