"""Teachers fill in their class's part of a week; the school merges the parts into its return."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import Conflict
from shuangjian.intake import class_drafts, services
from shuangjian.intake.models import ClassDraft, WeeklyReturn
from shuangjian.journal.models import AuditEntry
from tests import make

WEEK = make.WEEK
FRIDAY = clock.at(WEEK.days[4], 16 * 60)
THIRD, FOURTH = "2026-03-01", "2026-04-01"


@pytest.fixture(autouse=True)
def friday() -> Iterator[None]:
    with time_machine.travel(FRIDAY, tick=False):
        yield


@pytest.fixture
def school(db: None) -> Institution:
    make.calendar()
    return make.school(town=make.town(), centre=make.centre(), classes=(THIRD, FOURTH))


def teacher_of(school: Institution, *classes: str, login: str = "laoshi") -> User:
    return User.objects.create(
        username=login, name="示范老师", role_kind="teacher", institution=school, classes=list(classes), password="!"
    )


@pytest.fixture
def teacher(client: Client, school: Institution) -> Client:
    client.force_login(teacher_of(school, THIRD))
    return client


@pytest.fixture
def filer(school: Institution) -> Client:
    client = Client()
    client.force_login(make.user("school", school, username="tianbao"))
    return client


def part(class_code: str, minutes: int = 20) -> dict[str, Any]:
    days = [day.isoformat() for day in WEEK.days[:5]]
    return {
        "homework": [make.item(class_code, days[0], minutes)],
        "homework_none": [{"class": class_code, "day": day} for day in days[1:]],
    }


def saved(school: Institution, payload: dict[str, Any], *, hand_in: bool = True, revision: int = 0) -> ClassDraft:
    code = payload["homework"][0]["class"]
    return class_drafts.save_class_draft(
        school, WEEK, code, payload, actor=make.Somebody(), now=FRIDAY, revision=revision, hand_in=hand_in
    )


def url(school: Institution, class_code: str = "") -> str:
    return f"/units/{school.code}/returns/{WEEK.key}/classes/" + (f"{class_code}/" if class_code else "")


def posted(act: str, class_code: str = THIRD, **cells: str) -> dict[str, str]:
    ticks = {f"hw-{class_code}-none-{n}": "1" for n in range(2, 6)}
    row = {f"hw-{class_code}-0-subject": "语文", f"hw-{class_code}-0-written": "1", f"hw-{class_code}-0-m1": "25"}
    return {"act": act, "revision": "0", **row, **ticks, **cells}


def test_a_teacher_sees_the_own_class_only(teacher: Client, school: Institution) -> None:
    page = teacher.get(url(school, THIRD)).content.decode()
    assert f"hw-{THIRD}-" in page
    assert f"hw-{FOURTH}-" not in page
    assert teacher.get(url(school, FOURTH)).status_code == 404
    assert teacher.get(f"/units/{school.code}/").status_code in (403, 404)
    assert teacher.get(f"/units/{school.code}/returns/{WEEK.key}/").status_code in (403, 404)


def test_a_teacher_of_another_school_with_an_equal_class_code_finds_nothing(
    client: Client, school: Institution
) -> None:
    other = make.school("示范二小", classes=(THIRD,))
    client.force_login(teacher_of(other, THIRD))
    assert client.get(url(school, THIRD)).status_code == 404


def test_the_first_page_of_a_teacher_lists_the_own_classes(teacher: Client) -> None:
    answer = teacher.get("/", follow=True)
    assert answer.redirect_chain[0][0] == reverse("my_classes")
    assert "本周有 1 个班的作业还没有交" in answer.content.decode()


def test_what_a_teacher_hands_in_waits_on_the_board_and_touches_no_return(
    teacher: Client, filer: Client, school: Institution
) -> None:
    assert teacher.post(url(school, THIRD), posted("hand_in")).status_code == 302
    assert ClassDraft.objects.get().state == "handed_in"
    assert not WeeklyReturn.objects.exists()
    assert "1 个班已交，等您并入周报" in filer.get(url(school)).content.decode()
    assert AuditEntry.objects.filter(act="hand_in_class_draft").count() == 1


def test_days_without_an_answer_are_not_handed_in_and_what_was_typed_stays(
    teacher: Client, school: Institution
) -> None:
    cells = posted("hand_in")
    del cells[f"hw-{THIRD}-none-3"]
    answer = teacher.post(url(school, THIRD), cells)
    assert answer.status_code == 422
    assert "缺 1 天" in answer.content.decode()
    assert 'value="25"' in answer.content.decode()
    assert not ClassDraft.objects.exists()


def test_a_mistake_has_the_words_of_the_whole_form(teacher: Client, school: Institution) -> None:
    answer = teacher.post(url(school, THIRD), posted("save", **{f"hw-{THIRD}-0-m1": "301"}))
    assert answer.status_code == 422
    assert "“分钟数”应为 1–300 的整数（分钟），现为301。" in answer.content.decode()


def test_rows_of_another_class_are_refused_in_a_class_part(school: Institution) -> None:
    with pytest.raises(Exception, match="处需要修改"):
        class_drafts.save_class_draft(
            school, WEEK, THIRD, part(FOURTH), actor=make.Somebody(), now=FRIDAY, revision=0, hand_in=False
        )
    assert not ClassDraft.objects.exists()


def test_merging_replaces_the_rows_of_these_classes_and_keeps_the_others(filer: Client, school: Institution) -> None:
    whole = make.full_payload(
        school, homework=[make.item(THIRD, str(WEEK.monday), 50), make.item(FOURTH, str(WEEK.monday), 40)]
    )
    stored = services.save_draft(school, WEEK, whole, actor=make.Somebody(), now=FRIDAY)
    saved(school, part(THIRD, 20))
    answer = filer.post(url(school), {"class": [THIRD], "revision": str(stored.revision)})
    assert answer.status_code == 302
    stored.refresh_from_db()
    assert sorted((row["class"], row["minutes"]) for row in stored.draft["homework"]) == [(THIRD, 20), (FOURTH, 40)]
    assert stored.draft["school_day"] == whole["school_day"] or len(stored.draft["school_day"]) == 5
    assert ClassDraft.objects.get().state == "merged"


def test_a_class_for_which_the_return_holds_something_else_is_not_chosen_beforehand(
    filer: Client, school: Institution
) -> None:
    whole = make.full_payload(school, homework=[make.item(THIRD, str(WEEK.monday), 50)])
    services.save_draft(school, WEEK, whole, actor=make.Somebody(), now=FRIDAY)
    saved(school, part(THIRD))
    empty = part(FOURTH)
    saved(school, empty)
    lines = {line.code: line for line in class_drafts.board(school, WEEK)}
    assert lines[THIRD].overwrites
    page = filer.get(url(school)).content.decode()
    assert f'value="{THIRD}">' in page
    assert "与班级填报不同" in page


def test_merging_over_a_return_that_changed_meanwhile_is_refused(filer: Client, school: Institution) -> None:
    stored = services.save_draft(school, WEEK, make.full_payload(school), actor=make.Somebody(), now=FRIDAY)
    saved(school, part(THIRD))
    services.save_draft(
        school,
        WEEK,
        make.full_payload(school, homework=[make.item(FOURTH, str(WEEK.monday), 10)]),
        actor=make.Somebody(),
        now=FRIDAY,
    )
    answer = filer.post(url(school), {"class": [THIRD], "revision": str(stored.revision)})
    assert answer.status_code == 409
    assert ClassDraft.objects.get().state == "handed_in"


def test_two_people_on_one_class_part_never_overwrite_each_other(school: Institution) -> None:
    saved(school, part(THIRD, 10), hand_in=False)
    with pytest.raises(Conflict):
        saved(school, part(THIRD, 20), hand_in=False, revision=0)
    assert ClassDraft.objects.get().payload["homework"][0]["minutes"] == 10


def test_the_later_of_two_teachers_sees_both_and_may_decide(teacher: Client, school: Institution) -> None:
    saved(school, part(THIRD, 10), hand_in=False)
    answer = teacher.post(url(school, THIRD), posted("save"))
    assert answer.status_code == 409
    page = answer.content.decode()
    assert 'value="25"' in page
    assert "10" in page[page.index("已保存的内容") :]
    assert re.search(r"两份内容有 \d+ 处不同", page)
    assert re.search(r"分钟数[^·]*>25<[^·]*>10<", page), "beside each other, cell by cell"
    assert f'<a href="{url(school, THIRD)}">打开最新内容</a>' in page
    over = posted("save:over") | {"seen_revision": "1"}
    assert teacher.post(url(school, THIRD), over).status_code == 302
    assert ClassDraft.objects.get().payload["homework"][0]["minutes"] == 25


def test_a_part_of_a_week_that_was_locked_meanwhile_says_so_and_keeps_what_was_typed(
    teacher: Client, school: Institution
) -> None:
    filed = make.submitted(school)
    WeeklyReturn.objects.filter(pk=filed.pk).update(state="locked", locked_at=FRIDAY)
    answer = teacher.post(url(school, THIRD), posted("save"))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "已锁定，班级填报不能再改" in page
    assert "有人先保存" not in page
    assert 'value="25"' in page


def test_changing_a_merged_part_offers_it_again(school: Institution) -> None:
    saved(school, part(THIRD))
    class_drafts.merge_class_drafts(school, WEEK, [THIRD], actor=make.Somebody(), now=FRIDAY, revision=0)
    again = saved(school, part(THIRD, 30), revision=1)
    assert again.state == "handed_in"
    assert [line.may_merge for line in class_drafts.board(school, WEEK)] == [True, False]


def test_the_school_makes_a_teacher_account_that_can_only_fill_in_its_class(filer: Client, school: Institution) -> None:
    answer = filer.post(
        reverse("teachers", args=[school.code]), {"name": "示范老师", "login": "laoshi01", "classes": [THIRD]}
    )
    assert answer.status_code == 200
    assert "data-slip-password" in answer.content.decode()
    made = User.objects.get(username="laoshi01")
    assert (made.role_kind, made.classes, made.institution) == ("teacher", [THIRD], school)
    page = filer.get(reverse("teachers", args=[school.code])).content.decode()
    assert "示范老师" in page
    assert "四年级（1）班" in page  # a class without a teacher is named


def test_a_school_cannot_touch_the_teachers_of_another(filer: Client, school: Institution) -> None:
    other = make.school("示范二小", classes=(THIRD,))
    stranger = teacher_of(other, THIRD, login="bieren")
    assert filer.get(reverse("teacher_classes", args=[school.code, stranger.pk])).status_code == 404
    assert filer.get(reverse("account_reset", args=[stranger.pk])).status_code == 404
    assert filer.get(reverse("teachers", args=[other.code])).status_code == 404


def test_a_class_of_another_year_cannot_be_given(filer: Client, school: Institution) -> None:
    answer = filer.post(
        reverse("teachers", args=[school.code]), {"name": "示范老师", "login": "laoshi02", "classes": ["2025-03-01"]}
    )
    assert answer.status_code == 422
    assert not User.objects.filter(username="laoshi02").exists()


def test_the_board_asks_the_same_number_of_queries_for_few_and_for_many_classes(
    school: Institution, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(4):
        class_drafts.board(school, WEEK)
    big = make.school("示范三小", classes=[f"2026-0{g}-{n:02d}" for g in range(1, 7) for n in range(1, 6)])
    with django_assert_max_num_queries(4):
        assert len(class_drafts.board(big, WEEK)) == 30
