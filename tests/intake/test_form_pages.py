"""The web form of the weekly return, without JavaScript: what a browser posts becomes the payload of the API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
import time_machine
from django.test import Client

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.intake import services
from shuangjian.intake.models import WeeklyReturn
from shuangjian.intake.payloads import canonical
from tests import make

WEEK = make.WEEK  # 2026-W45: 2 to 8 November, five school days
FRIDAY = clock.at(WEEK.days[4], 16 * 60)
CLASSES = ("2026-01-01", "2026-03-01")
#: what stands in "the same each day" when the form states what make.full_payload states
EACH_DAY = {"sd-primary-all": "08:20", "sd-primary-arrival-all": "08:00", "as-primary-all": "90"} | {
    "as-primary-wanting-all": "40",
    "as-primary-served-all": "40",
    "as-primary-late-all": "3",
    "as-primary-places-all": "3",
    "as-primary-content-all-homework": "1",
    "as-primary-leaving-all": "1",
}


class Fields(HTMLParser):
    """What a browser without JavaScript would send for the page's return form."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._select = ""
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = {name: value if value is not None else "" for name, value in attrs}
        if tag == "form":
            self._inside = "data-return-form" in own
        if not self._inside:
            return
        if tag == "input" and own.get("name") and (own.get("type") != "checkbox" or "checked" in own):
            self.values[own["name"]] = own.get("value", "")
        elif tag == "select":
            self._select = own["name"]
            self.values[self._select] = ""
        elif tag == "option" and "selected" in own:
            self.values[self._select] = own["value"]


@pytest.fixture(autouse=True)
def friday() -> Iterator[None]:
    with time_machine.travel(FRIDAY, tick=False):
        yield


@pytest.fixture
def school(db: None) -> Institution:
    make.calendar()
    return make.school(town=make.town(), centre=make.centre(), classes=CLASSES)


@pytest.fixture
def filer(client: Client, school: Institution) -> Client:
    client.force_login(make.user("school", school))
    return client


def url(school: Institution, rest: str = "", week: Week = WEEK) -> str:
    return f"/units/{school.code}/returns/{week.key}/{rest}"


def fields(client: Client, school: Institution, week: Week = WEEK) -> dict[str, str]:
    return Fields(client.get(url(school, week=week)).content.decode()).values


def complete(client: Client, school: Institution, **changed: str) -> dict[str, str]:
    """The fields of an empty form filled in lawfully; ``changed`` by name with _ for -."""
    posted = fields(client, school)
    for code in CLASSES:
        posted |= {f"hw-{code}-none-{day}": "1" for day in range(1, 6)}
    return posted | EACH_DAY | changed


def stored(school: Institution) -> WeeklyReturn:
    return WeeklyReturn.objects.select_related("current_version").get(institution=school, week=WEEK.monday)


def mixed_payload(school: Institution) -> dict[str, Any]:
    """Two items of one subject on one day, layers, a weekend item, ticks, a day without service."""
    day = [d.isoformat() for d in WEEK.days]
    return make.full_payload(
        school,
        homework=[
            make.item("2026-03-01", day[0], 20),
            make.item("2026-03-01", day[0], 15, "数学"),
            make.item("2026-03-01", day[0], 20, "数学"),
            make.item("2026-03-01", day[1], 20, "英语", alternative="A", optional=True),
            make.item("2026-03-01", day[1], 30, "英语", alternative="A", optional=True),
            make.item("2026-03-01", day[5], 25),
            make.item("2026-01-01", day[2], 10, "劳动", written=False),
        ],
        service_none=[{"stage": "primary", "day": day[4]}],
    )


def as_sets(payload: dict[str, Any]) -> dict[str, list[str]]:
    """The rows of each key as text, in an order of their own."""
    return {key: sorted(canonical(row) for row in rows) for key, rows in payload.items()}


def test_the_form_gives_back_the_very_payload_of_the_api(filer: Client, school: Institution) -> None:
    payload = mixed_payload(school)
    services.submit_return(school, WEEK, actor=make.Somebody(), now=FRIDAY, door="api", payload=payload)
    posted = fields(filer, school)
    posted["hw-2026-03-01-0-m1"] = "21"
    answer = filer.post(url(school), posted | {"act": "save"})
    assert answer.status_code == 302
    payload["homework"][0]["minutes"] = 21
    assert as_sets(stored(school).draft) == as_sets(payload)


def test_sending_an_unchanged_form_makes_no_new_version(filer: Client, school: Institution) -> None:
    payload = mixed_payload(school)
    payload["homework"].reverse()  # an order that the grid cannot keep
    services.submit_return(school, WEEK, actor=make.Somebody(), now=FRIDAY, door="api", payload=payload)
    answer = filer.post(url(school), fields(filer, school) | {"act": "submit"}, follow=True)
    assert "没有产生新版本" in answer.content.decode()
    assert stored(school).current_version.number == 1


def test_a_complete_form_is_submitted_as_version_1(filer: Client, school: Institution) -> None:
    answer = filer.post(url(school), complete(filer, school) | {"act": "submit"}, follow=True)
    page = answer.content.decode()
    assert "已提交第 1 版" in page
    version = stored(school).current_version
    assert version.door == "form"
    assert as_sets(version.payload) == as_sets(make.full_payload(school))


def test_a_submit_with_gaps_lists_them_with_links_and_keeps_what_was_typed(filer: Client, school: Institution) -> None:
    posted = complete(filer, school) | {"hw-2026-03-01-0-alternative": "未完"}
    del posted["hw-2026-03-01-none-3"], posted["sd-primary-all"], posted["sd-primary-arrival-all"]
    answer = filer.post(url(school), posted | {"act": "submit"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert '<a href="#hw-2026-03-01-0-m3">三年级（1）班</a>：作业缺 1 天：周三，请填写，或勾选“无”。' in page
    assert '<a href="#sd-primary-1">小学</a>：作息缺 5 天：周一、周二、' in page
    assert page.count('aria-invalid="true"') == 6
    assert Fields(page).values["hw-2026-03-01-0-alternative"] == "未完"
    assert not WeeklyReturn.objects.filter(current_version__isnull=False).exists()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("abc", "“分钟数”应为 1–300 的整数（分钟），现为“abc”。没有作业请勾选“当日无作业”。"),
        ("301", "“分钟数”应为 1–300 的整数（分钟），现为301。没有作业请勾选“当日无作业”。"),
        ("-5", "“分钟数”应为 1–300 的整数（分钟），现为-5。没有作业请勾选“当日无作业”。"),
        ("12.5", "“分钟数”应为 1–300 的整数（分钟），现为12.5。没有作业请勾选“当日无作业”。"),
        ("0", "“分钟数”应为 1–300 的整数（分钟），现为0。没有作业请勾选“当日无作业”。"),
    ],
)
def test_a_wrong_number_gets_the_sentence_of_the_api_at_its_cell(
    filer: Client, school: Institution, typed: str, sentence: str
) -> None:
    posted = fields(filer, school) | {"hw-2026-03-01-0-m2": typed, "act": "save"}
    answer = filer.post(url(school), posted)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert 'href="#hw-2026-03-01-0-m2"' in page
    assert re.search(r'id="hw-2026-03-01-0-m2"[^>]*aria-invalid="true"', page)
    assert Fields(page).values["hw-2026-03-01-0-m2"] == typed
    assert not WeeklyReturn.objects.filter(draft__isnull=False).exists()


def test_full_width_digits_are_refused_and_shown_how_to_mend(filer: Client, school: Institution) -> None:
    answer = filer.post(url(school), fields(filer, school) | {"hw-2026-03-01-0-m2": "２５", "act": "save"})
    assert answer.status_code == 422
    assert "现为“２５”。请改用半角数字。" in answer.content.decode()


def test_minutes_without_a_subject_point_at_the_subject(filer: Client, school: Institution) -> None:
    posted = fields(filer, school) | {"hw-2026-03-01-0-subject": "", "hw-2026-03-01-0-m2": "20", "act": "save"}
    answer = filer.post(url(school), posted)
    assert answer.status_code == 422
    assert 'href="#hw-2026-03-01-0-subject"' in answer.content.decode()


def test_data_and_tick_for_one_day_are_refused_at_the_tick(filer: Client, school: Institution) -> None:
    posted = fields(filer, school) | {"hw-2026-03-01-0-m2": "20", "hw-2026-03-01-none-2": "1", "act": "save"}
    answer = filer.post(url(school), posted)
    assert answer.status_code == 422
    assert 'href="#hw-2026-03-01-none-2"' in answer.content.decode()


def test_a_class_that_is_gone_is_shown_so_that_it_can_be_emptied(filer: Client, school: Institution) -> None:
    posted = fields(filer, school) | {"hw-2026-09-09-0-subject": "语文", "hw-2026-09-09-0-m1": "20", "act": "save"}
    page = filer.post(url(school), posted).content.decode()
    assert "2026-09-09（本周没有这个班级）" in page
    assert 'href="#hw-2026-09-09"' in page


def test_days_off_carry_their_reason(filer: Client, school: Institution) -> None:
    page = filer.get(url(school, week=Week.parse("2026-W40"))).content.decode()
    assert "测试放假" in page  # 1 October
    page = filer.get(url(school, week=Week.parse("2026-W41"))).content.decode()
    assert "调休上课" in page  # Saturday 10 October
    assert 'name="sd-primary-6"' in page
    assert 'name="sd-primary-7"' not in page


def test_all_days_fills_the_blank_school_days_only(filer: Client, school: Institution) -> None:
    posted = fields(filer, school) | {"sd-primary-all": "08:30", "sd-primary-2": "08:40", "act": "save"}
    filer.post(url(school), posted)
    lessons = {row["day"]: row["first_lesson"] for row in stored(school).draft["school_day"]}
    assert lessons == {day.isoformat(): "08:30" for day in WEEK.days[:5]} | {WEEK.days[1].isoformat(): "08:40"}


def test_a_row_more_without_javascript(filer: Client, school: Institution) -> None:
    posted = fields(filer, school) | {"hw-2026-03-01-0-m2": "2x", "act": "row:2026-03-01"}
    values = Fields(filer.post(url(school), posted).content.decode()).values
    assert values["hw-2026-03-01-3-subject"] == ""
    assert values["hw-2026-03-01-0-m2"] == "2x"


def test_last_week_fills_blank_classes_on_days_that_are_alike(filer: Client, school: Institution) -> None:
    earlier = Week.parse("2026-W40")  # Thursday to Sunday off: 1 to 4 October
    services.submit_return(
        school,
        earlier,
        actor=make.Somebody(),
        now=FRIDAY,
        door="api",
        payload=make.full_payload(school, earlier, homework=[make.item("2026-03-01", "2026-09-28", 33)]),
    )
    posted = fields(filer, school) | {"hw-2026-01-01-none-1": "1", "sd-primary-1": "08:45", "act": "copy"}
    values = Fields(filer.post(url(school), posted).content.decode()).values
    assert values["hw-2026-03-01-0-m1"] == "33"
    assert "hw-2026-01-01-none-2" not in values  # that class was begun, so it stays as typed
    assert values["sd-primary-1"] == "08:45"
    assert values["sd-primary-2"] == "08:20"
    assert values["sd-primary-4"] == ""  # Thursday was a holiday then
    assert not WeeklyReturn.objects.filter(institution=school, week=WEEK.monday).exists()


def test_the_preview_says_what_a_submit_would_raise_and_saves_nothing(filer: Client, school: Institution) -> None:
    posted = complete(filer, school) | {"hw-2026-03-01-0-m2": "61", "sd-primary-3": "08:10", "act": "preview"}
    posted |= {"hw-2026-03-01-pd-2": "11-03"}
    del posted["hw-2026-03-01-none-2"]
    answer = filer.post(url(school), posted)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "现在提交会产生 2 条疑似问题" in page
    assert '<a href="#hw-2026-03-01-0-m2">三年级（1）班 11-03（周二）</a>' in page
    assert "61 分钟" in page
    assert "标准值 60 分钟" in page
    assert "2.1.1 减少作业总量" in page
    assert "SC-01" in page
    assert "标准值 08:20" in page
    assert not WeeklyReturn.objects.filter(institution=school).exists()


def test_the_totals_on_the_page_are_those_of_the_rule(filer: Client, school: Institution) -> None:
    """Layers count once, optional work counts, work that is not written does not: the same in the bar and in HW-02."""
    rows = [("语文", "1", "", "", "31"), ("数学", "1", "", "A", "20"), ("数学", "1", "1", "A", "30")]
    rows += [("英语", "1", "", "A", "5"), ("劳动", "", "", "", "90")]
    posted = complete(filer, school)
    for row, (subject, written, optional, alternative, minutes) in enumerate(rows):
        names = {
            "subject": subject,
            "written": written,
            "optional": optional,
            "alternative": alternative,
            "m2": minutes,
        }
        posted |= {f"hw-2026-03-01-{row}-{name}": value for name, value in names.items() if value or name == "m2"}
        if not written:
            posted.pop(f"hw-2026-03-01-{row}-written", None)
    del posted["hw-2026-03-01-none-2"]
    page = filer.post(url(school), posted | {"act": "preview"}).content.decode()
    assert "<strong>66 分钟</strong>" in page
    bar = page.split('id="hw-2026-03-01" ')[1].split('data-total="2"')[1].split("</summary>")[0]
    assert "<span data-figure>66</span>" in bar


def test_the_preview_names_gaps_too(filer: Client, school: Institution) -> None:
    page = filer.post(url(school), fields(filer, school) | {"act": "preview"}).content.decode()
    assert "还有上课日没有填写" in page


def test_two_people_never_overwrite_each_other(filer: Client, school: Institution) -> None:
    mine = fields(filer, school)
    other = Client()
    other.force_login(make.user("school", school, username="colleague"))
    other.post(url(school), fields(other, school) | {"hw-2026-03-01-0-m2": "20", "act": "save"})
    answer = filer.post(url(school), mine | {"hw-2026-03-01-0-m2": "40", "act": "submit"})
    assert answer.status_code == 422  # gaps come first
    answer = filer.post(url(school), mine | {"hw-2026-03-01-0-m2": "40", "act": "save"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "colleague" in page
    assert url(school, "saved/") in page
    assert stored(school).draft["homework"][0]["minutes"] == 20
    values = Fields(page).values
    assert values["hw-2026-03-01-0-m2"] == "40"
    again = filer.post(url(school), values | {"act": "save"})
    assert again.status_code == 409, "what was not looked at is not overwritten by a second click"
    assert "20" in filer.get(url(school, "saved/")).content.decode()
    assert filer.post(url(school), values | {"act": "save:over"}).status_code == 302
    assert stored(school).draft["homework"][0]["minutes"] == 40


def test_after_a_refusal_the_form_still_stands_on_the_revision_it_began_with(
    filer: Client, school: Institution
) -> None:
    mine = fields(filer, school)
    services.save_draft(school, WEEK, make.full_payload(school), actor=make.Somebody(), now=FRIDAY)
    page = filer.post(url(school), mine | {"hw-2026-03-01-0-m2": "abc", "act": "save"}).content.decode()
    assert Fields(page).values["revision"] == "0"


def test_a_form_without_its_revision_saves_nothing(filer: Client, school: Institution) -> None:
    posted = fields(filer, school)
    del posted["revision"]
    assert filer.post(url(school), posted | {"act": "save"}).status_code == 409


def test_a_week_too_far_ahead_says_so(filer: Client, school: Institution) -> None:
    ahead = WEEK.plus(2)
    assert "还没有开放填报" in filer.get(url(school, week=ahead)).content.decode()
    assert filer.post(url(school, week=ahead), {"act": "save"}).status_code == 403
    assert filer.get(f"/units/{school.code}/returns/2026-W60/").status_code == 404


def test_next_week_may_be_filled_in_ahead(filer: Client, school: Institution) -> None:
    answer = filer.post(url(school, week=WEEK.plus(1)), fields(filer, school, WEEK.plus(1)) | {"act": "save"})
    assert answer.status_code == 302


def test_a_school_without_classes_is_told_to_register_them(client: Client, db: None) -> None:
    make.calendar()
    bare = make.school("示范二小")
    client.force_login(make.user("school", bare))
    assert "还没有班级" in client.get(url(bare)).content.decode()


def test_sixty_classes_stay_far_below_the_limit_of_fields(client: Client, db: None, settings: Any) -> None:
    make.calendar()
    codes = [f"2026-{grade:02d}-{number:02d}" for grade in range(1, 7) for number in range(1, 11)]
    big = make.school("示范三小", classes=codes)
    client.force_login(make.user("school", big))
    subjects = ["语文", "数学", "英语", "科学", "历史", "地理", "音乐", "美术"]
    days = [day.isoformat() for day in WEEK.days]
    payload = make.full_payload(
        big, homework=[make.item(code, day, 5, subject) for code in codes for day in days for subject in subjects]
    )
    services.submit_return(big, WEEK, actor=make.Somebody(), now=FRIDAY, door="api", payload=payload)
    posted = fields(client, big)
    assert len(posted) < settings.DATA_UPLOAD_MAX_NUMBER_FIELDS / 2
    posted["hw-2026-03-01-0-m1"] = "6"
    assert client.post(url(big), posted | {"act": "save"}).status_code == 302
    draft = WeeklyReturn.objects.get(institution=big).draft
    assert len(draft["homework"]) == 60 * 7 * 8


@pytest.mark.parametrize("classes", [1, 40])
def test_the_pages_ask_as_many_questions_for_forty_classes_as_for_one(
    client: Client, db: None, classes: int, django_assert_max_num_queries: Any
) -> None:
    make.calendar()
    school = make.school("示范三小", classes=[f"2026-03-{number:02d}" for number in range(1, classes + 1)])
    client.force_login(make.user("school", school))
    make.submitted(school, WEEK, now=FRIDAY)
    with django_assert_max_num_queries(20):
        client.get(url(school))
    with django_assert_max_num_queries(14):
        client.get(f"/units/{school.code}/returns/")


def test_due_and_state_are_on_the_list_of_weeks(filer: Client, school: Institution) -> None:
    make.submitted(school, WEEK, now=FRIDAY)
    page = filer.get(f"/units/{school.code}/returns/").content.decode()
    assert WEEK.label in page
    assert "已报" in page
    assert "下一周，可提前填写" in page
    assert "2026-11-09（周一）18:00" in page
