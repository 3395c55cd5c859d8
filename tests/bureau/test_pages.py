"""The calendar page and the towns to confirm, for each role and for outsiders."""

import datetime as dt

import pytest
from django.urls import reverse

from shuangjian.bureau.models import Break, CalendarDay, Term
from tests import make

TERM = {
    "key": "2026-2027-2",
    "stage": "primary",
    "starts_on": "2027-02-22",
    "ends_on": "2027-07-09",
    "certainty": "provisional",
}


@pytest.fixture
def as_role(client, people):
    """``as_role("bureau")`` signs that person in and returns the client."""

    def sign_in(login: str):
        client.force_login(people[login])
        return client

    return sign_in


def changing_urls() -> list[str]:
    term, school_break, day = Term.objects.first(), Break.objects.first(), CalendarDay.objects.first()
    return [
        reverse("term_add"),
        reverse("break_add"),
        reverse("calendar_day_add"),
        *(reverse(name, args=[term.pk]) for name in ("term_change", "term_remove")),
        *(reverse(name, args=[school_break.pk]) for name in ("break_change", "break_remove")),
        *(reverse(name, args=[day.pk]) for name in ("calendar_day_change", "calendar_day_remove")),
    ]


@pytest.mark.parametrize("login", ["bureau", "centre-first", "town-east", "school-west"])
def test_everyone_signed_in_reads_the_calendar(calendar, as_role, login):
    text = as_role(login).get(reverse("calendar")).content.decode()
    assert "2026-2027-1 学期" in text
    assert "2026-10-10（周六）" in text
    assert ("添加例外" in text) is (login == "bureau")


def test_past_years_are_shown_when_asked_for(calendar, as_role):
    make.exception(dt.date(2025, 10, 1), "holiday")
    text = as_role("bureau").get(reverse("calendar")).content.decode()
    assert "2026-10-10（周六）" in text
    assert "2026 年起" in text
    assert "2025-10-01（周三）" not in text
    only = as_role("bureau").get(reverse("calendar"), {"year": "2025"}).content.decode()
    assert "2025-10-01（周三）" in only
    assert "2026-10-10（周六）" not in only


def test_nobody_reads_the_calendar_without_signing_in(calendar, client):
    assert client.get(reverse("calendar")).status_code == 302


@pytest.mark.parametrize("login", ["centre-first", "town-east", "school-east", "sysadmin"])
def test_only_the_bureau_changes_the_calendar(calendar, as_role, login):
    client = as_role(login)
    for url in changing_urls():
        assert client.get(url).status_code == 403, url
        assert client.post(url, TERM).status_code == 403, url
    assert Term.objects.count() == 2


def test_the_bureau_opens_every_form(calendar, as_role):
    client = as_role("bureau")
    for url in changing_urls():
        assert client.get(url).status_code == 200, url


def test_the_bureau_adds_changes_and_removes_a_term(calendar, as_role):
    client = as_role("bureau")
    assert client.post(reverse("term_add"), TERM).status_code == 302
    term = Term.objects.get(key="2026-2027-2")
    client.post(reverse("term_change", args=[term.pk]), TERM | {"certainty": "official"})
    term.refresh_from_db()
    assert term.certainty == "official"
    client.post(reverse("term_remove", args=[term.pk]))
    assert not Term.objects.filter(pk=term.pk).exists()


def test_a_refused_term_is_shown_at_its_field_and_keeps_what_was_typed(calendar, as_role):
    response = as_role("bureau").post(reverse("term_add"), TERM | {"starts_on": "2027-01-01"})
    assert response.status_code == 422
    text = response.content.decode()
    assert "日期重叠" in text
    assert 'value="2027-01-01"' in text
    assert "starts_on" in response.context["form"].errors


def test_the_bureau_closes_a_day_for_one_school(calendar, as_role, day):
    data = {
        "date": "2026-11-04",
        "kind": "closed",
        "level": "institution",
        "institution": calendar.east.pk,
        "reason": "演示停课",
        "certainty": "official",
    }
    as_role("bureau").post(reverse("calendar_day_add"), data)
    assert not day(calendar.east, "2026-11-04").is_school_day
    assert day(calendar.west, "2026-11-04").is_school_day


def test_an_exception_of_one_school_is_not_shown_to_others(calendar, as_role):
    for institution, reason in ((calendar.east, "东校停课"), (calendar.west, "西校停课")):
        CalendarDay.objects.create(
            date=dt.date(2026, 11, 4), kind="closed", level="institution", institution=institution, reason=reason,
            certainty="official",
        )  # fmt: skip
    text = as_role("school-east").get(reverse("calendar")).content.decode()
    assert "东校停课" in text
    assert "西校停课" not in text


def test_the_year_filter_narrows_the_exceptions(calendar, as_role):
    CalendarDay.objects.create(date="2027-01-01", kind="holiday", reason="元旦", certainty="provisional")
    text = as_role("bureau").get(reverse("calendar"), {"year": "2027"}).content.decode()
    assert "2027-01-01（周五）" in text
    assert "2026-10-10（周六）" not in text


def test_waiting_institutions_are_listed_with_their_candidates(calendar, as_role):
    for login in ("bureau", "centre-first"):
        text = as_role(login).get(reverse("unconfirmed_towns")).content.decode()
        assert "示范三中" in text
        assert "演示东街道、演示西镇" in text
        assert "示范一小" not in text


def test_a_centre_does_not_see_the_waiting_institutions_of_another(calendar, as_role):
    client = as_role("centre-second")
    assert "示范三中" not in client.get(reverse("unconfirmed_towns")).content.decode()
    url = reverse("confirm_town", args=[calendar.loose.code])
    assert client.get(url).status_code == 404
    assert client.post(url, {"town": "440113901"}).status_code == 404
    calendar.loose.refresh_from_db()
    assert calendar.loose.town is None


@pytest.mark.parametrize("login", ["town-east", "school-east", "sysadmin"])
def test_towns_and_schools_settle_no_town(calendar, as_role, login):
    client = as_role(login)
    assert client.get(reverse("unconfirmed_towns")).status_code == 403
    assert client.post(reverse("confirm_town", args=[calendar.loose.code]), {"town": "440113901"}).status_code == 403


def test_the_centre_settles_a_town_and_an_empty_choice_is_refused(calendar, as_role):
    client = as_role("centre-first")
    url = reverse("confirm_town", args=[calendar.loose.code])
    assert "演示东街道（候选）" in client.get(url).content.decode()
    assert client.post(url, {}).status_code == 422
    assert client.post(url, {"town": "440113902"}).status_code == 302
    calendar.loose.refresh_from_db()
    assert calendar.loose.town == calendar.west_town
    assert client.get(url).status_code == 404  # settled: nothing to confirm any more
