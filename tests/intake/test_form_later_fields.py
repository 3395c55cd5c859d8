"""The later fields in the web form: it shows and posts the API's payload, and mistakes get the API's sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from shuangjian.bureau.models import Institution
from shuangjian.core.weeks import Week
from shuangjian.intake import services
from shuangjian.intake.models import ClassDraft
from shuangjian.intake.return_form import ReturnForm
from shuangjian.intake.sections import Form, check_payload
from tests import make
from tests.intake.test_class_drafts import teacher_of
from tests.intake.test_form_pages import FRIDAY, Fields, as_sets, fields, url

WEEK = make.WEEK
DAY = [day.isoformat() for day in WEEK.days]
CLASS = "2026-03-01"
LATER = dict.fromkeys(("kind", "done_at_school", "marked_by", "asks_parents", "published_on", "publication"))


@pytest.fixture(autouse=True)
def friday() -> Iterator[None]:
    with time_machine.travel(FRIDAY, tick=False):
        yield


@pytest.fixture
def school(db: None) -> Institution:
    make.calendar()
    return make.school(stages=("primary", "junior"), classes=("2026-01-01", CLASS, "2026-07-01"))


@pytest.fixture
def filer(client: Client, school: Institution) -> Client:
    client.force_login(make.user("school", school))
    return client


def submit(school: Institution, **replaced: Any) -> dict[str, Any]:
    payload = make.full_payload(school, **replaced)
    services.submit_return(school, WEEK, actor=make.Somebody(), now=FRIDAY, door="api", payload=payload)
    return payload


def sent_back(client: Client, school: Institution, **changed: str) -> dict[str, Any]:
    """The payload that the form as it is shown, with some cells changed, stands for."""
    return ReturnForm.posted(school, WEEK, fields(client, school) | changed).payload()


def items() -> list[dict[str, Any]]:
    """Items that state everything, something, nothing; publications that differ within a day; a weekend."""
    return [
        make.item(CLASS, DAY[0], 20, kind="layered", done_at_school=0.125, marked_by="peer", asks_parents=True),
        make.item(CLASS, DAY[0], 20, "数学", published_on=DAY[1], publication="照片2"),
        make.item(CLASS, DAY[0], 10, "英语", published_on=None, publication=None),
        make.item(CLASS, DAY[1], 20, **LATER),
        make.item(CLASS, DAY[1], 10, "数学", **LATER, optional=True),
        make.item(CLASS, DAY[2], 20, done_at_school=0, publication=None),
        make.item(CLASS, DAY[2], 20, done_at_school=1, publication=None),
        make.item(CLASS, DAY[3], 20, published_on="2025-12-31", publication=None),
        make.item(CLASS, DAY[5], 25, kind="flexible", published_on=DAY[4], publication="https://example.cn/公示/3"),
        make.item("2026-07-01", DAY[4], 30, "物理", done_at_school=0.5, marked_by="self"),
    ]


def test_every_later_key_comes_back_as_the_api_filed_it(filer: Client, school: Institution) -> None:
    service = [
        {"stage": "primary", "day": DAY[0], **make.SERVICE, "content": ["sports", "homework"]},
        {"stage": "primary", "day": DAY[1], "minutes": 85, "flexible_leaving": False, "evening_study_minutes": 0},
        {"stage": "primary", "day": DAY[2], "minutes": 85},
        {"stage": "junior", "day": DAY[0], "minutes": 90, "evening_study_minutes": 60, "content": ["other", "clubs"]},
    ]
    lessons = [
        {"stage": "primary", "day": DAY[0], "first_lesson": "08:20"},
        {"stage": "junior", "day": DAY[4], "first_lesson": "08:00", "arrival": "07:30"},
    ]
    none = [
        {"stage": "primary", "day": DAY[3], "wanting": 12, "late_wanted": 0},
        {"stage": "junior", "day": DAY[1]},
    ]
    payload = make.full_payload(school, homework=items(), after_school=service, school_day=lessons, service_none=none)
    services.save_draft(school, WEEK, payload, actor=make.Somebody(), now=FRIDAY)
    assert as_sets(sent_back(filer, school)) == as_sets(payload)


def test_an_unchanged_form_with_a_share_of_one_point_nought_makes_no_new_version(
    filer: Client, school: Institution
) -> None:
    submit(school, homework=[make.item(CLASS, DAY[0], 20, done_at_school=1.0)])
    answer = filer.post(url(school), fields(filer, school) | {"act": "submit"}, follow=True)
    assert "没有产生新版本" in answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "share"),
    [
        ("90", 0.9),
        ("90%", 0.9),
        ("0", 0),
        ("100", 1),
        ("33.33", 0.3333),
        ("12.5 %", 0.125),
        ("0.9", 0.9),
        ("0.9%", 0.009),
    ],
)
def test_a_share_is_typed_as_percent(filer: Client, school: Institution, typed: str, share: float) -> None:
    changed = {f"hw-{CLASS}-0-m1": "20", f"hw-{CLASS}-0-share": typed}
    assert sent_back(filer, school, **changed)["homework"][0]["done_at_school"] == share


def test_a_new_row_is_a_basic_item_that_the_teacher_marks(filer: Client, school: Institution) -> None:
    row = sent_back(filer, school, **{f"hw-{CLASS}-0-m1": "20"})["homework"][0]
    stated = {key: row[key] for key in LATER if key in row}
    assert stated == {"kind": "basic", "marked_by": "teacher", "asks_parents": False}


MISTAKES = [
    ("0-share", "12０", "homework", {"done_at_school": "12０"}),
    ("0-share", "150", "homework", {"done_at_school": 1.5}),
    ("0-share", "-5", "homework", {"done_at_school": -0.05}),
    ("0-share", "九十", "homework", {"done_at_school": "九十"}),
    ("0-share", "12.34567", "homework", {"done_at_school": 0.1234567}),
    ("0-kind", "hard", "homework", {"kind": "hard"}),
    ("0-marked", "nobody", "homework", {"marked_by": "nobody"}),
    ("0-parents", "yes", "homework", {"asks_parents": "yes"}),
    ("pd-1", "11-31", "homework", {"published_on": "11-31"}),
    ("pd-1", "2026/11/2", "homework", {"published_on": "2026/11/2"}),
    ("pd-1", "２０２６-11-02", "homework", {"published_on": "２０２６-11-02"}),
    ("pd-1", "2020-01-01", "homework", {"published_on": "2020-01-01"}),
]
STAGE_MISTAKES = [
    ("sd-primary-arrival-1", "８:00", "school_day", {"first_lesson": "08:20", "arrival": "８:00"}),
    ("sd-primary-arrival-1", "08:30", "school_day", {"first_lesson": "08:20", "arrival": "08:30"}),
    ("as-primary-wanting-1", "6０", "after_school", {"minutes": 90, "wanting": "6０"}),
    ("as-primary-wanting-1", "60人", "after_school", {"minutes": 90, "wanting": "60人"}),
    ("as-primary-served-1", "10000", "after_school", {"minutes": 90, "served": 10000}),
    ("as-primary-leaving-1", "maybe", "after_school", {"minutes": 90, "flexible_leaving": "maybe"}),
    ("as-primary-evening-1", "30", "after_school", {"minutes": 90, "evening_study_minutes": 30}),
    ("as-junior-evening-1", "241", "after_school", {"minutes": 90, "evening_study_minutes": 241}),
]


def sentences_of_the_api(school: Institution, key: str, row: dict[str, Any]) -> list[str]:
    return [problem.message for problem in check_payload(Form.of(school, WEEK), {key: [row]}).problems]


@pytest.mark.parametrize(("cell", "typed", "key", "stated"), MISTAKES)
def test_a_mistake_in_an_item_gets_the_sentence_of_the_api_at_its_cell(
    filer: Client, school: Institution, cell: str, typed: str, key: str, stated: dict[str, Any]
) -> None:
    row = {"class": CLASS, "day": DAY[0], "subject": "语文", "minutes": 20, "written": True, **stated}
    expected = sentences_of_the_api(school, key, row)
    posted = fields(filer, school) | {f"hw-{CLASS}-0-m1": "20", f"hw-{CLASS}-{cell}": typed, "act": "save"}
    page = filer.post(url(school), posted).content.decode()
    assert expected
    assert all(sentence.replace("'", "&#x27;").replace('"', "&quot;") in page for sentence in expected)
    assert f'href="#hw-{CLASS}-{cell}"' in page
    assert Fields(page).values[f"hw-{CLASS}-{cell}"] == typed


@pytest.mark.parametrize(("cell", "typed", "key", "stated"), STAGE_MISTAKES)
def test_a_mistake_in_a_stage_gets_the_sentence_of_the_api_at_its_cell(
    filer: Client, school: Institution, cell: str, typed: str, key: str, stated: dict[str, Any]
) -> None:
    expected = sentences_of_the_api(school, key, {"stage": cell.split("-")[1], "day": DAY[0], **stated})
    first = {f"sd-{cell.split('-')[1]}-1": "08:20", f"as-{cell.split('-')[1]}-1": "90"}
    answer = filer.post(url(school), fields(filer, school) | first | {cell: typed, "act": "save"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert expected
    assert any(sentence.replace('"', "&quot;") in page for sentence in expected)
    assert f'href="#{cell}"' in page
    assert Fields(page).values[cell] == typed


def test_half_of_a_pair_points_at_the_half_that_is_missing(filer: Client, school: Institution) -> None:
    posted = fields(filer, school) | {"as-primary-1": "90", "as-primary-wanting-1": "40", "as-primary-late-1": "3"}
    page = filer.post(url(school), posted | {"act": "save"}).content.decode()
    assert 'href="#as-primary-served-1"' in page
    assert 'href="#as-primary-places-1"' in page


def test_numbers_without_minutes_ask_for_the_minutes(filer: Client, school: Institution) -> None:
    posted = fields(filer, school) | {"as-primary-leaving-1": "1", "act": "save"}
    page = filer.post(url(school), posted).content.decode()
    assert "缺少“服务分钟数”，请填写。" in page
    assert 'href="#as-primary-1"' in page


def test_beside_the_tick_of_no_service_stand_only_those_who_want_it(filer: Client, school: Institution) -> None:
    changed = {"as-primary-none-1": "1", "as-primary-wanting-1": "40", "as-primary-late-1": "3"}
    payload = sent_back(filer, school, **changed)
    assert payload["service_none"] == [{"stage": "primary", "day": DAY[0], "wanting": 40, "late_wanted": 3}]
    posted = fields(filer, school) | changed | {"as-primary-served-1": "4", "act": "save"}
    page = filer.post(url(school), posted).content.decode()
    assert 'href="#as-primary-served-1"' in page
    assert "没有这个字段，请删除" in page


def test_the_same_each_day_fills_blank_school_days_without_a_tick(filer: Client, school: Institution) -> None:
    changed = {"as-primary-all": "90", "as-primary-none-2": "1", "as-primary-content-all-sports": "1"}
    changed |= {"as-primary-content-3-homework": "1", "as-primary-leaving-all": "1", "as-primary-leaving-1": "0"}
    rows = sent_back(filer, school, **changed)["after_school"]
    assert [row["day"] for row in rows] == [DAY[0], DAY[2], DAY[3], DAY[4]]
    assert [row["content"] for row in rows] == [["sports"], ["homework"], ["sports"], ["sports"]]
    assert [row["flexible_leaving"] for row in rows] == [False, True, True, True]


def test_evening_study_is_asked_of_junior_stages_only(filer: Client, school: Institution) -> None:
    shown = fields(filer, school)
    assert "as-junior-evening-1" in shown
    assert "as-primary-evening-1" not in shown


def test_a_day_s_publication_goes_to_each_of_its_items(filer: Client, school: Institution) -> None:
    changed = {f"hw-{CLASS}-0-m1": "20", f"hw-{CLASS}-1-m1": "20", f"hw-{CLASS}-1-m2": "20"}
    changed |= {f"hw-{CLASS}-pd-1": "11-02", f"hw-{CLASS}-pl-1": "照片7"}
    stated = [
        (row["day"], row.get("published_on"), row.get("publication"))
        for row in sent_back(filer, school, **changed)["homework"]
    ]
    assert stated == [(DAY[0], "2026-11-02", "照片7"), (DAY[0], "2026-11-02", "照片7"), (DAY[1], None, None)]


def test_a_short_date_is_of_the_year_nearest_to_its_day(filer: Client, school: Institution) -> None:
    january = Week.parse("2027-W01")
    posted = fields(filer, school, WEEK) | {f"hw-{CLASS}-0-m1": "20", f"hw-{CLASS}-pd-1": "12-31"}
    row = ReturnForm.posted(school, january, posted).payload()["homework"][0]
    assert (row["day"], row["published_on"]) == ("2027-01-04", "2026-12-31")


def test_publications_that_differ_are_kept_until_the_day_s_cell_is_typed_into(
    filer: Client, school: Institution
) -> None:
    submit(school, homework=items())
    page = filer.get(url(school)).content.decode()
    assert 'placeholder="各项不同"' in page
    mixed = [row.get("published_on") for row in sent_back(filer, school)["homework"] if row["day"] == DAY[0]]
    assert mixed == [DAY[0], DAY[1], None]
    typed = sent_back(filer, school, **{f"hw-{CLASS}-pd-1": "11-03"})["homework"]
    assert [row.get("published_on") for row in typed if row["day"] == DAY[0]] == [DAY[1]] * 3
    assert [row.get("publication") for row in typed if row["day"] == DAY[0]] == ["公示栏照片1", "照片2", None]


@pytest.mark.parametrize(
    ("changed", "cell"),
    [
        ({f"hw-{CLASS}-0-m1": "20", f"hw-{CLASS}-pl-1": "照片7"}, f"hw-{CLASS}-pd-1"),
        ({f"hw-{CLASS}-pd-1": "11-02"}, f"hw-{CLASS}-0-m1"),
        ({f"hw-{CLASS}-none-1": "1", f"hw-{CLASS}-pd-1": "11-02"}, f"hw-{CLASS}-pd-1"),
    ],
)
def test_a_publication_that_cannot_be_filed_is_refused_and_not_dropped(
    filer: Client, school: Institution, changed: dict[str, str], cell: str
) -> None:
    answer = filer.post(url(school), fields(filer, school) | changed | {"act": "save"})
    assert answer.status_code == 422
    assert f'href="#{cell}"' in answer.content.decode()


def test_one_click_publishes_what_nobody_has_stated_on_its_own_day(filer: Client, school: Institution) -> None:
    submit(school, homework=items())
    page = filer.post(
        url(school), fields(filer, school) | {"act": "publish", "publish-link": "班级群截图5"}
    ).content.decode()
    assert "已在 2 处（班级和日期）填入当天公示和所填链接，已填的没有改动；尚未保存" in page
    values = Fields(page).values
    assert (values[f"hw-{CLASS}-pd-2"], values[f"hw-{CLASS}-pl-2"]) == ("11-03", "班级群截图5")
    assert (values[f"hw-{CLASS}-pd-3"], values[f"hw-{CLASS}-pl-3"]) == ("11-04", "班级群截图5")
    assert values[f"hw-{CLASS}-pd-4"] == "2025-12-31"
    assert values[f"hw-{CLASS}-pd-1"] == ""
    assert (values[f"hw-{CLASS}-pd-6"], values[f"hw-{CLASS}-pl-6"]) == ("11-06", "https://example.cn/公示/3")


def test_last_week_is_taken_over_without_its_publications(filer: Client, school: Institution) -> None:
    earlier = WEEK.plus(-1)
    monday = earlier.monday.isoformat()
    payload = make.full_payload(school, earlier, homework=[make.item(CLASS, monday, 20, kind="layered")])
    services.submit_return(school, earlier, actor=make.Somebody(), now=FRIDAY, door="api", payload=payload)
    values = Fields(filer.post(url(school), fields(filer, school) | {"act": "copy"}).content.decode()).values
    assert (values[f"hw-{CLASS}-0-kind"], values[f"hw-{CLASS}-0-m1"]) == ("layered", "20")
    assert values[f"hw-{CLASS}-pd-1"] == ""
    assert values["as-primary-wanting-1"] == "40"


def test_readers_see_every_later_field(client: Client, school: Institution) -> None:
    submit(school, homework=items())
    client.force_login(make.user("bureau"))
    page = client.get(url(school)).content.decode()
    for words in ("学生互批", "要求家长参与", "12.5%", "照片2", "2025-12-31", "作业指导", "要求到校时间", "08:00"):
        assert words in page


def test_a_teacher_publishes_the_class_and_nothing_is_saved_by_it(client: Client, school: Institution) -> None:
    client.force_login(teacher_of(school, CLASS))
    page = f"/units/{school.code}/returns/{WEEK.key}/classes/{CLASS}/"
    posted = Fields(client.get(page).content.decode()).values | {f"hw-{CLASS}-0-m1": "20", "publish-link": "照片3"}
    values = Fields(client.post(page, posted | {"act": "publish"}).content.decode()).values
    assert (values[f"hw-{CLASS}-pd-1"], values[f"hw-{CLASS}-pl-1"]) == ("11-02", "照片3")
    assert values["publish-link"] == "照片3", "what was typed beside the button stays"
    assert not ClassDraft.objects.exists()
