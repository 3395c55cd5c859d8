"""The comparison of two versions: each changed cell by name, rows added and removed, ticks, and older versions."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import time_machine
from django.test import Client

from homework.sheets.blocks import ItemRow
from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.intake import services
from shuangjian.intake.differences import Change, compare
from shuangjian.intake.return_form import ReturnForm
from tests import make

pytestmark = pytest.mark.django_db

WEEK = make.WEEK  # 2 to 8 November 2026
TUESDAY = "2026-11-03"
NOW = clock.at(WEEK.days[4], 16 * 60)


@pytest.fixture
def school() -> Any:
    make.calendar()
    return make.school(stages=["primary", "junior"], town=make.town(), classes=["2026-03-01", "2026-07-02"])


def payload(school: Any, *homework: dict[str, Any], **replaced: Any) -> dict[str, Any]:
    return make.full_payload(school, WEEK, homework=list(homework), **replaced)


def item(class_code: str, day: str, minutes: int, subject: str = "语文", **fields: Any) -> dict[str, Any]:
    """One item with nothing but what every item has."""
    row = {"class": class_code, "day": day, "subject": subject, "minutes": minutes, "written": True}
    return {**row, "optional": False, "alternative": None, **fields}


def changed(school: Any, old: Any, new: Any) -> list[Change]:
    return compare(school, WEEK, old, new)


def test_equal_contents_have_no_changes_whatever_the_order_of_their_rows(school: Any) -> None:
    rows = [item("2026-03-01", TUESDAY, 20), item("2026-03-01", TUESDAY, 30, "数学")]
    assert changed(school, payload(school, *rows), payload(school, *reversed(rows))) == []
    assert changed(school, None, {}) == []


def test_each_changed_cell_is_named_by_place_and_column_with_both_values(school: Any) -> None:
    old = payload(school, item("2026-03-01", TUESDAY, 20, kind="layered", asks_parents=False))
    new = copy.deepcopy(old)
    new["homework"][0] |= {"minutes": 45, "optional": True, "done_at_school": 0.9, "asks_parents": True}
    del new["homework"][0]["kind"]
    new["school_day"][1]["first_lesson"] = "08:00"
    new["after_school"][5] |= {"minutes": 120, "content": ["homework", "sports"]}
    found = changed(school, old, new)
    place = "三年级（1）班 11-03（周二） 语文"
    assert [each for each in found if each.section == "作业"] == [
        Change("作业", place, "分钟数", "20", "45"),
        Change("作业", place, "是否选做", "否", "是"),
        Change("作业", place, "作业类型", "分层作业", "未填"),
        Change("作业", place, "校内完成占比", "未填", "90%"),
        Change("作业", place, "是否要求家长参与", "否", "是"),
    ]
    assert Change("作息", "小学 11-03（周二）", "第一节课", "08:20", "08:00") in found
    assert Change("课后服务", "初中 11-02（周一）", "服务分钟数", "90", "120") in found
    content = next(each for each in found if each.column == "服务内容")
    assert content.new == "作业指导、文体", "codes are put into words"
    assert len(found) == 8


def test_a_row_that_came_and_one_that_went_are_told_whole(school: Any) -> None:
    old = payload(school, item("2026-03-01", TUESDAY, 20))
    new = payload(school, item("2026-03-01", TUESDAY, 25, "数学"))
    assert changed(school, old, new) == [
        Change("作业", "三年级（1）班 11-03（周二） 语文", "整行", "分钟数 20；是否选做 否", "没有这一行"),
        Change("作业", "三年级（1）班 11-03（周二） 数学", "整行", "没有这一行", "分钟数 25；是否选做 否"),
    ]


def test_ticks_are_set_or_taken_away(school: Any) -> None:
    old = payload(school, item("2026-03-01", TUESDAY, 20))
    new = payload(school, service_none=[{"stage": "junior", "day": TUESDAY}])
    found = changed(school, old, new)
    assert Change("作业", "三年级（1）班 11-03（周二）", "当日无作业", "未勾选", "已勾选") in found
    assert Change("课后服务", "初中 11-03（周二）", "当日无课后服务", "未勾选", "已勾选") in found
    back = changed(school, new, old)
    assert Change("作业", "三年级（1）班 11-03（周二）", "当日无作业", "已勾选", "未勾选") in back
    off = old | {"class_off": [{"class": "2026-07-02"}]}
    assert changed(school, old, off) == [Change("作业", "七年级（2）班", "本周无课", "未勾选", "已勾选")]


def test_several_rows_of_one_subject_are_paired_in_order(school: Any) -> None:
    old = payload(school, *(item("2026-03-01", TUESDAY, minutes) for minutes in (10, 15, 20)))
    new = payload(school, *(item("2026-03-01", TUESDAY, minutes) for minutes in (15, 12)))
    assert [(each.column, each.old, each.new) for each in changed(school, old, new)] == [
        ("分钟数", "10", "12"),
        ("整行", "分钟数 20；是否选做 否", "没有这一行"),
    ], "the equal ones belong together, the others go in their order"


def test_equal_rows_are_matched_as_often_as_they_stand_on_both_sides(school: Any) -> None:
    old = payload(school, *(item("2026-03-01", TUESDAY, minutes) for minutes in (10, 10, 10, 20)))
    new = payload(school, *(item("2026-03-01", TUESDAY, minutes) for minutes in (20.0, 10, 30)))
    assert [(each.column, each.old, each.new) for each in changed(school, old, new)] == [
        ("分钟数", "10", "30"),
        ("整行", "分钟数 10；是否选做 否", "没有这一行"),
    ]


def test_thousands_of_items_of_one_class_cost_their_number_and_not_its_square(school: Any, monkeypatch: Any) -> None:
    asked = {"sameness": 0, "equal": 0}
    sameness = ItemRow.sameness.fget

    def counted(row: ItemRow) -> Any:
        asked["sameness"] += 1
        return sameness(row)

    class Row(dict):  # type: ignore[type-arg]
        __hash__ = None  # type: ignore[assignment]

        def __eq__(self, other: object) -> bool:
            asked["equal"] += 1
            return super().__eq__(other)

    monkeypatch.setattr(ItemRow, "sameness", property(counted))
    rows = [Row(item("2026-03-01", TUESDAY, 1 + number % 300)) for number in range(1_000)]
    assert changed(school, payload(school, *rows), payload(school, *map(Row, reversed(rows)))) == []
    ReturnForm.filled(school, WEEK, payload(school, *rows))
    assert asked["sameness"] <= 4 * len(rows)
    assert asked["equal"] <= 4 * len(rows)


def test_layers_and_unwritten_items_are_told_apart_in_their_place(school: Any) -> None:
    old = payload(
        school,
        item("2026-03-01", TUESDAY, 20, alternative="A层"),
        item("2026-03-01", TUESDAY, 20, "体育", written=False),
    )
    new = copy.deepcopy(old)
    new["homework"][0]["minutes"], new["homework"][1]["minutes"] = 21, 22
    assert [each.where for each in changed(school, old, new)] == [
        "三年级（1）班 11-03（周二） 语文 A层",
        "三年级（1）班 11-03（周二） 体育 非书面",
    ]


def test_keys_that_a_version_of_older_times_lacks_are_not_filled_in(school: Any) -> None:
    old = {"school_day": [{"stage": "primary", "day": TUESDAY, "first_lesson": "08:20"}]}
    new = {"school_day": [{"stage": "primary", "day": TUESDAY, "first_lesson": "08:20", "arrival": "08:00"}]}
    assert changed(school, old, new) == [Change("作息", "小学 11-03（周二）", "要求到校时间", "未填", "08:00")]


@pytest.mark.parametrize(
    "typed",
    [
        {"minutes": "六十"},
        {"minutes": None},
        {"minutes": [1]},
        {"day": 5},
        {"day": None},
        {"subject": ""},
        {"class": "没有的班"},
        {"content": {"a": 1}},
    ],
)
def test_what_somebody_is_still_typing_is_compared_as_it_stands(school: Any, typed: dict[str, Any]) -> None:
    old = payload(school, item("2026-03-01", TUESDAY, 20))
    new = copy.deepcopy(old)
    new["homework"][0] |= typed
    if "content" not in typed:
        assert changed(school, old, new)
    assert changed(school, {"homework": "x", "after_school": [1, None]}, {"homework": {}}) == []


def test_a_class_that_is_gone_is_named_by_its_code(school: Any) -> None:
    gone = {"homework_none": [{"class": "2026-05-09", "day": TUESDAY}]}
    assert changed(school, gone, {})[0].where == "2026-05-09 11-03（周二）"


# The page -----------------------------------------------------------------------------------------------------------


def url(school: Any, rest: str = "", week: Week = WEEK) -> str:
    return f"/units/{school.code}/returns/{week.key}/{rest}"


def filed(school: Any, minutes: int, **more: Any) -> None:
    content = payload(school, item("2026-03-01", TUESDAY, minutes))
    services.submit_return(school, WEEK, actor=make.Somebody(), now=NOW, door="api", payload=content, **more)


@pytest.fixture
def reader(school: Any) -> Client:
    client = Client()
    client.force_login(make.user("town", school.town))
    return client


@time_machine.travel(NOW, tick=False)
def test_the_page_names_the_changes_and_the_note_of_the_version(school: Any, reader: Client) -> None:
    filed(school, 20)
    filed(school, 45, note="周二语文录错")
    filed(school, 50)
    page = reader.get(url(school, "versions/2/changes/")).content.decode()
    assert "第 2 版比第 1 版改动 1 处" in page
    assert "学校说明：周二语文录错" in page
    row = page.split('sj-cell-title">')[1].split("</tr>")[0]
    assert [word in row for word in ("三年级（1）班 11-03（周二） 语文", "分钟数", ">20<", ">45<")] == [True] * 4
    other = reader.get(url(school, "versions/3/changes/?from=1")).content.decode()
    assert "第 3 版比第 1 版改动 1 处" in other
    assert ">20<" in other
    assert ">50<" in other
    backwards = reader.get(url(school, "versions/1/changes/?from=3")).content.decode()
    assert "第 1 版比第 3 版改动 1 处" in backwards


@time_machine.travel(NOW, tick=False)
def test_the_versions_are_listed_with_how_much_each_changed(school: Any, reader: Client) -> None:
    filed(school, 20)
    assert "改动" not in reader.get(url(school)).content.decode().split("版本</h2>")[1]
    filed(school, 45)
    page = reader.get(url(school)).content.decode()
    assert f'<a href="{url(school, "versions/2/changes/")}">改动 1 处</a>' in page


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize("rest", ["versions/1/changes/", "versions/9/changes/", "versions/2/changes/?from=9"])
def test_there_is_nothing_to_compare_with_a_version_that_is_not_there(school: Any, reader: Client, rest: str) -> None:
    filed(school, 20)
    filed(school, 45)
    assert reader.get(url(school, rest)).status_code == 404
    stranger = Client()
    stranger.force_login(make.user("school", make.school("示范二小")))
    assert stranger.get(url(school, "versions/2/changes/")).status_code == 404
