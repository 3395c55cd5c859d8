"""周报审核 and the return's page: what waits, for whom, clean ones together, the lock, and corrections."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.intake import review, services
from shuangjian.intake.models import ReopenRequest, ReturnVersion, WeeklyReturn
from shuangjian.rules.drain import drain
from tests import make
from tests.intake.test_form_pages import fields

pytestmark = pytest.mark.django_db

WEEK = make.WEEK
FRIDAY = clock.at(WEEK.days[4], 16 * 60)
LIST = f"/returns/review/?week={WEEK.key}"


@pytest.fixture(autouse=True)
def friday() -> Iterator[None]:
    with time_machine.travel(FRIDAY, tick=False):
        yield


@pytest.fixture
def schools(db: None) -> list[Institution]:
    """示范一小 clean, 示范二小 with findings, 示范三小 with a note, 示范四小 not filed; all of one town."""
    make.calendar()
    common = {"town": make.town(), "centre": make.centre(), "classes": ["2026-05-01"]}
    made = [make.school(f"示范{n}小", **common) for n in "一二三四"]
    make.submitted(made[0], WEEK, now=FRIDAY)
    make.submitted(made[1], WEEK, now=FRIDAY, homework=[make.item("2026-05-01", "2026-11-04", 75)])
    payload = make.full_payload(made[2], WEEK)
    services.submit_return(
        made[2], WEEK, actor=make.Somebody(), now=FRIDAY, door="form", payload=payload, note="周三停电"
    )
    drain(lambda: FRIDAY)
    return made


def signed_in(role: str, unit: Any = None) -> Client:
    client = Client()
    client.force_login(make.user(role, unit))
    return client


def town(schools: list[Institution]) -> Client:
    return signed_in("town", schools[0].town)


def text(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def row_of(page: str, name: str) -> str:
    return next(row for row in page.split("<tr") if f">{name}</a>" in row)


def ticks(schools: list[Institution]) -> list[str]:
    found = WeeklyReturn.objects.filter(institution__in=schools).select_related("current_version")
    return [f"{each.pk}:{each.current_version.number}" for each in found]


def states() -> dict[str, str]:
    return dict(WeeklyReturn.objects.values_list("institution__name", "state"))


def of(school: Institution, rest: str = "") -> str:
    return f"/units/{school.code}/returns/{WEEK.key}/{rest}"


def advance(school: Institution, *acts: str) -> None:
    bureau = make.Somebody()
    for act in acts:
        if act == "lock":
            review.lock_return(school, WEEK, actor=bureau, now=FRIDAY, reason="已用于月报统计")
        else:
            getattr(review, f"{act}_return")(school, WEEK, actor=bureau, now=FRIDAY)


def test_the_list_says_what_waits_and_which_must_be_opened_and_why(schools: list[Institution]) -> None:
    page = text(town(schools), LIST)
    assert "<h1>3 份周报待审核</h1>" in page
    assert 'name="return"' in row_of(page, "示范一小")
    found = row_of(page, "示范二小")
    assert 'name="return"' not in found
    assert "有 1 条疑似问题，须打开核对" in found
    assert "预警" in found, "its severity is shown"
    noted = row_of(page, "示范三小")
    assert 'name="return"' not in noted
    assert "学校附有说明，须打开核对" in noted
    assert "示范四小" not in page
    assert "示范四小" in text(town(schools), f"{LIST}&state=unfiled")
    assert "示范四小" in text(town(schools), f"{LIST}&state=all")


def test_ticked_clean_ones_are_approved_and_the_others_are_left_even_if_sent(schools: list[Institution]) -> None:
    clerk = town(schools)
    answer = clerk.post(f"{LIST}&state=submitted", {"act": "approve", "return": ticks(schools[:3])}, follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain == [(f"{LIST}&state=submitted", 302)]
    assert "已审核通过 1 份周报。" in page
    assert "示范二小：有 1 条疑似问题，请逐份打开核对后再审核通过。" in page
    assert states() == {"示范一小": "approved", "示范二小": "submitted", "示范三小": "submitted"}


def test_nothing_ticked_is_said(schools: list[Institution]) -> None:
    for posted in (
        {},
        {"act": "approve"},
        {"act": "x", "return": ticks(schools[:1])},
        {"act": "approve", "return": "a:b"},
    ):
        page = town_post(schools, posted)
        assert "没有选中周报" in page
    assert set(states().values()) == {"submitted"}


def town_post(schools: list[Institution], posted: dict[str, Any]) -> str:
    client = Client()
    client.force_login(make.user("town", schools[0].town))
    return client.post(LIST, posted, follow=True).content.decode()


def test_a_tick_outside_of_the_jurisdiction_does_nothing(schools: list[Institution]) -> None:
    stranger = signed_in("town", make.town("440113100", "演示镇"))
    page = stranger.post(LIST, {"act": "approve", "return": ticks(schools[:1])}, follow=True).content.decode()
    assert "没有选中周报" in page
    assert "示范一小" not in page
    assert set(states().values()) == {"submitted"}


def test_the_bureau_accepts_what_was_approved_and_a_town_cannot(schools: list[Institution]) -> None:
    advance(schools[0], "approve")
    bureau = signed_in("bureau")
    page = text(bureau, LIST)
    assert "1 份周报待接收，2 份待审核" in page
    assert 'value="accept"' in page
    at_town = text(town(schools), f"{LIST}&state=approved")
    assert 'name="return"' not in at_town
    refused = town_post(schools, {"act": "accept", "return": ticks(schools[:1])})
    assert "您的角色不能接收周报" in refused
    bureau.post(LIST, {"act": "accept", "return": ticks(schools[:1])})
    assert states()["示范一小"] == "accepted"


def test_filters_stay_in_the_address_and_odd_ones_do_no_harm(schools: list[Institution]) -> None:
    bureau = signed_in("bureau")
    page = text(bureau, f"{LIST}&state=all")
    assert "state=submitted" in page
    for odd in ("?week=2026-W99", "?state=%00&town=%00&page=x", "?week=%00&q=%27", "?town=none&state=all"):
        assert bureau.get(f"/returns/review/{odd}").status_code == 200


def test_without_a_week_the_newest_with_something_waiting_is_shown(schools: list[Institution]) -> None:
    older = WEEK.plus(-2)
    make.submitted(schools[0], older, now=FRIDAY)
    page = text(town(schools), "/returns/review/")
    assert WEEK.label in page
    assert f'href="?week={older.key}"' in page


def test_schools_teachers_and_administrators_have_no_review_list(schools: list[Institution]) -> None:
    for client in (signed_in("school", schools[0]), signed_in("sysadmin")):
        assert client.get(LIST).status_code == 403
        assert client.post(LIST, {"act": "approve", "return": ticks(schools[:1])}).status_code == 403


@pytest.mark.parametrize("more", [0, 20])
def test_the_list_costs_as_many_queries_for_twenty_more_units(schools: list[Institution], more: int) -> None:
    for number in range(more):
        extra = make.school(f"虚构{number}小", town=schools[0].town, classes=["2026-05-01"])
        make.submitted(extra, WEEK, now=FRIDAY)
    clerk = town(schools)
    text(clerk, LIST)
    with CaptureQueriesContext(connection) as captured:
        text(clerk, f"{LIST}&state=all")
    assert len(captured) == 9


def test_the_reviewers_see_how_many_wait_on_their_first_page(schools: list[Institution]) -> None:
    advance(schools[0], "approve")
    assert "周报待审核 2 份" in text(town(schools), "/")
    assert "周报审核（待审核 2 份）" in text(town(schools), "/filings/")
    assert "周报待接收 1 份、待审核 2 份" in text(signed_in("bureau"), "/")
    assert "周报审核" not in text(signed_in("school", schools[0]), "/filings/")


# One return's page --------------------------------------------------------------------------------------------------


def test_a_return_with_findings_is_approved_on_its_own_page(schools: list[Institution]) -> None:
    clerk = town(schools)
    page = text(clerk, of(schools[1]))
    assert ">审核通过</button>" in page
    assert ">接收周报</button>" not in page
    assert ">锁定周报</button>" not in page
    answer = clerk.post(of(schools[1], "approve/"), {"reason": "已电话核实", "version": "1"}, follow=True)
    page = answer.content.decode()
    assert "周报已审核（第 1 版），待区教育局接收" in page
    assert "已电话核实" in page
    assert ">审核通过</button>" not in page
    assert states()["示范二小"] == "approved"


def test_a_version_that_came_meanwhile_is_not_approved_unseen(schools: list[Institution]) -> None:
    clerk = town(schools)
    make.submitted(schools[0], WEEK, now=FRIDAY, homework=[make.item("2026-05-01", "2026-11-04", 30)])
    answer = clerk.post(of(schools[0], "approve/"), {"version": "1"})
    assert answer.status_code == 409
    assert "学校已提交第 2 版，您看的是第 1 版" in answer.content.decode()
    assert states()["示范一小"] == "submitted"


def test_the_chain_and_the_life_of_the_return_are_told(schools: list[Institution]) -> None:
    advance(schools[0], "approve", "accept", "lock")
    page = text(signed_in("school", schools[0]), of(schools[0]))
    chain = page.split('class="rf-chain"')[1].split("</ol>")[0]
    here = chain.split('aria-current="step"')[1].split("</li>")[0]
    assert "已锁定" in here
    assert chain.count("rf-chain__step--done") == 5
    told = page.split("经过</h2>")[1].split("</ol>")[0]
    assert [told.index(words) for words in ("锁定", "接收", "审核通过", "提交第 1 版")] == sorted(
        told.index(words) for words in ("锁定", "接收", "审核通过", "提交第 1 版")
    )


def test_a_school_sees_why_its_return_is_locked_and_asks_for_a_correction(schools: list[Institution]) -> None:
    school = schools[0]
    advance(school, "approve", "accept", "lock")
    filer = signed_in("school", school)
    page = text(filer, of(school))
    for words in ("已锁定：已用于月报统计", "由 测试 锁定", "锁定后不能修改、提交或撤回", "申请更正"):
        assert words in page
    assert "data-return-form" not in page
    assert "撤回周报" not in page
    assert filer.post(of(school, "ask-reopen/"), {"reason": " "}).status_code == 422
    filer.post(of(school, "ask-reopen/"), {"reason": "周三语文应为 30 分钟"})
    page = text(filer, of(school))
    assert "学校申请更正：周三语文应为 30 分钟" in page
    assert "正在等区教育局处理" in page
    assert 'id="ask-reopen"' not in page
    again = filer.post(of(school, "ask-reopen/"), {"reason": "再次"})
    assert again.status_code == 409
    assert "不能重复申请" in again.content.decode()


def test_the_bureau_grants_a_correction_and_the_school_makes_it_with_its_note(schools: list[Institution]) -> None:
    school = schools[0]
    advance(school, "approve", "accept", "lock")
    filer, bureau = signed_in("school", school), signed_in("bureau")
    filer.post(of(school, "ask-reopen/"), {"reason": "周三语文应为 30 分钟"})
    listed = text(bureau, LIST)
    assert "1 所学校申请更正" in listed
    assert "周三语文应为 30 分钟" in listed
    pk = ReopenRequest.objects.get().pk
    wrong = bureau.post(f"/returns/reopen/{pk}/grant/", {"days": "15"})
    assert wrong.status_code == 422
    assert "1–14 天" in wrong.content.decode()
    assert 'value="15"' in wrong.content.decode()
    assert bureau.post(f"/returns/reopen/{pk}/grant/", {"days": "2"}).status_code == 302
    page = text(filer, of(school))
    assert "请在 2026-11-08（周日）23:59 前提交" in page.replace('<span class="sj-nowrap">', "").replace("</span>", "")
    assert "更正说明（必填）" in page
    posted = fields(filer, school) | {"act": "submit", "hw-2026-05-01-0-subject": "语文", "hw-2026-05-01-0-m3": "30"}
    posted.pop("hw-2026-05-01-none-3")
    refused = filer.post(of(school), posted)
    assert refused.status_code == 422
    assert 'href="#return-note"' in refused.content.decode()
    assert filer.post(of(school), posted | {"note": "周三语文录漏"}).status_code == 302
    version = ReturnVersion.objects.get(weekly_return__institution=school, number=2)
    assert (version.is_correction, version.note) == (True, "周三语文录漏")
    listed = text(bureau, f"{LIST}&state=submitted")
    assert "（锁定后更正）" in row_of(listed, "示范一小")
    assert "锁定后更正过" in row_of(listed, "示范一小")


def test_the_bureau_refuses_with_an_answer_that_the_school_reads(schools: list[Institution]) -> None:
    school = schools[0]
    advance(school, "approve", "accept", "lock")
    filer, bureau = signed_in("school", school), signed_in("bureau")
    filer.post(of(school, "ask-reopen/"), {"reason": "录错"})
    pk = ReopenRequest.objects.get().pk
    assert bureau.post(f"/returns/reopen/{pk}/refuse/", {"answer": ""}).status_code == 422
    assert bureau.post(f"/returns/reopen/{pk}/refuse/", {"answer": "数据已经公布"}).status_code == 302
    page = text(filer, of(school))
    assert "更正申请未获同意：数据已经公布" in page
    assert 'id="ask-reopen"' in page
    late = bureau.post(f"/returns/reopen/{pk}/grant/", {"days": "3"})
    assert late.status_code == 409
    assert "未同意" in late.content.decode()


def test_a_note_typed_beside_a_draft_is_still_there_when_the_page_opens_again(schools: list[Institution]) -> None:
    filer = signed_in("school", schools[3])
    posted = fields(filer, schools[3]) | {"act": "save", "sd-primary-1": "08:20", "note": "周三停电"}
    assert filer.post(of(schools[3]), posted).status_code == 302
    assert ">周三停电</textarea>" in text(filer, of(schools[3]))


def test_characters_that_the_database_cannot_keep_do_no_harm(schools: list[Institution]) -> None:
    filer, bureau = signed_in("school", schools[3]), signed_in("bureau")
    posted = fields(filer, schools[3]) | {"act": "save", "sd-primary-1": "08:20", "note": "停\x00电"}
    assert filer.post(of(schools[3]), posted).status_code == 302
    assert ">停电</textarea>" in text(filer, of(schools[3]))
    assert bureau.post(of(schools[0], "approve/"), {"reason": "已核\x00实"}).status_code == 302
    assert bureau.post(of(schools[0], "send-back/"), {"reason": "\x00"}).status_code == 422
    advance(schools[0], "accept", "lock")
    request = review.ask_reopen(schools[0], WEEK, actor=make.user("school", schools[0]), now=FRIDAY, reason="错\x00")
    assert bureau.post(f"/returns/reopen/{request.pk}/refuse/", {"answer": "不\x00行"}).status_code == 302
    assert ReopenRequest.objects.get().answer == "不行"


def test_the_weeks_of_a_school_tell_where_each_return_stands(schools: list[Institution]) -> None:
    school = schools[0]
    filer, weeks = signed_in("school", school), f"/units/{schools[0].code}/returns/"
    for act, words in (("approve", "已审核"), ("accept", "已接收"), ("lock", "已锁定")):
        advance(school, act)
        assert f'sj-row__sub">{words}<' in text(filer, weeks)
    assert "查看或申请更正" in text(filer, weeks)
    request = review.ask_reopen(school, WEEK, actor=make.user("school", school), now=FRIDAY, reason="录错")
    until = FRIDAY + dt.timedelta(days=2)
    review.grant_reopen(request.pk, actor=make.Somebody(), now=FRIDAY, until=until)
    page = text(filer, weeks)
    assert "已同意更正，2026-11-08（周日）16:00 前提交" in page
    assert "去更正" in page
