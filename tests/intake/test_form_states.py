"""Who may see, fill in, send back and withdraw a weekly return, and what the page says in each state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.intake import services
from shuangjian.intake.filings import correct_filings
from shuangjian.intake.models import ReturnVersion, WeeklyReturn
from tests import make
from tests.intake.test_form_pages import Fields

WEEK = make.WEEK
FRIDAY = clock.at(WEEK.days[4], 16 * 60)
ACTS = ("", "saved/", "versions/1/", "send-back/", "withdraw/")


@pytest.fixture(autouse=True)
def friday() -> Iterator[None]:
    with time_machine.travel(FRIDAY, tick=False):
        yield


@pytest.fixture
def school(db: None) -> Institution:
    make.calendar()
    return make.school(town=make.town(), centre=make.centre(), classes=["2026-03-01"])


def url(school: Institution, rest: str = "") -> str:
    return f"/units/{school.code}/returns/{WEEK.key}/{rest}"


def signed_in(role: str, unit: object = None) -> Client:
    client = Client()
    client.force_login(make.user(role, unit))
    return client


def reviewers(school: Institution) -> list[Client]:
    return [signed_in("town", school.town), signed_in("centre", school.centre), signed_in("bureau")]


def test_town_centre_and_bureau_read_what_was_submitted_and_cannot_fill_in(school: Institution) -> None:
    make.submitted(school, WEEK, now=FRIDAY)
    for reader in reviewers(school):
        page = reader.get(url(school))
        assert page.status_code == 200
        assert "提交周报" not in page.content.decode()
        assert "data-return-form" not in page.content.decode()
        assert "退回学校修改" in page.content.decode()
        assert reader.post(url(school), {"act": "save", "revision": "1"}).status_code == 403
        assert reader.get(f"/units/{school.code}/returns/").status_code == 200


def test_a_draft_is_seen_by_the_school_alone(school: Institution) -> None:
    filer = signed_in("school", school)
    filer.post(
        url(school), {"act": "save", "revision": "0", "hw-2026-03-01-0-subject": "语文", "hw-2026-03-01-0-m1": "47"}
    )
    assert 'value="47"' in filer.get(url(school)).content.decode()
    for reader in reviewers(school):
        page = reader.get(url(school)).content.decode()
        assert "47" not in page.split('id="content"')[1].split("</main>")[0].replace("2026-W47", "")
        assert "还没有提交这一周的周报" in page
        assert reader.get(url(school, "saved/")).status_code == 404


@pytest.mark.parametrize("rest", ACTS)
@pytest.mark.parametrize("who", ["other school", "other town", "other centre", "sysadmin"])
def test_it_is_not_there_for_anyone_else(school: Institution, who: str, rest: str) -> None:
    make.submitted(school, WEEK, now=FRIDAY)
    outsider = {
        "other school": lambda: signed_in("school", make.school("示范二小")),
        "other town": lambda: signed_in("town", make.town("440113100", "演示镇")),
        "other centre": lambda: signed_in("centre", make.centre("ZX02", "演示二中心")),
        "sysadmin": lambda: signed_in("sysadmin"),
    }[who]()
    assert outsider.get(url(school, rest)).status_code == 404
    assert outsider.post(url(school, rest), {"act": "save", "reason": "x", "revision": "0"}).status_code == 404
    assert outsider.get(f"/units/{school.code}/returns/").status_code == 404


def test_a_visitor_is_sent_to_the_login(school: Institution, client: Client) -> None:
    for rest in ACTS:
        answer = client.get(url(school, rest))
        assert answer.status_code == 302
        assert "/login/" in answer["Location"]


def test_a_returned_return_tells_the_school_what_to_mend(school: Institution) -> None:
    make.submitted(school, WEEK, now=FRIDAY)
    for reader in reviewers(school)[:1]:
        assert reader.post(url(school, "send-back/"), {"reason": "三（1）班周三漏填"}).status_code == 302
    filer = signed_in("school", school)
    page = filer.get(url(school)).content.decode()
    assert "退回原因：三（1）班周三漏填" in page
    assert "周报被退回，请修改后重新提交" in page
    assert "被退回" in filer.get(f"/units/{school.code}/returns/").content.decode()
    posted = {"act": "submit", "revision": str(WeeklyReturn.objects.get().revision)}
    posted |= {f"hw-2026-03-01-none-{n}": "1" for n in range(1, 5)} | {
        "sd-primary-all": "08:20",
        "as-primary-all": "90",
    }
    posted |= {"hw-2026-03-01-0-subject": "语文", "hw-2026-03-01-0-written": "1", "hw-2026-03-01-0-m5": "20"}
    posted |= {"note": "周五已补公示"}
    assert "已提交第 2 版" in filer.post(url(school), posted, follow=True).content.decode()
    assert "退回原因" not in filer.get(url(school)).content.decode()


@pytest.mark.parametrize("reason", ["", "   ", "长" * 401])
def test_sending_back_needs_a_reason_and_keeps_what_was_typed(school: Institution, reason: str) -> None:
    make.submitted(school, WEEK, now=FRIDAY)
    answer = signed_in("bureau").post(url(school, "send-back/"), {"reason": reason})
    assert answer.status_code == 422
    assert "请填写退回原因（1–400 字）。" in answer.content.decode()
    assert reason in answer.content.decode()
    assert WeeklyReturn.objects.get().state == "submitted"


def test_only_a_submitted_return_is_sent_back(school: Institution) -> None:
    answer = signed_in("bureau").post(url(school, "send-back/"), {"reason": "没有内容"})
    assert answer.status_code == 409
    assert "的周报现在是“草稿”，不能退回。学校还没有提交" in answer.content.decode()


def test_the_school_sends_nothing_back_and_the_others_withdraw_nothing(school: Institution) -> None:
    make.submitted(school, WEEK, now=FRIDAY)
    assert signed_in("school", school).post(url(school, "send-back/"), {"reason": "x"}).status_code == 403
    for reader in reviewers(school):
        assert reader.post(url(school, "withdraw/"), {"reason": "x"}).status_code == 403
    assert WeeklyReturn.objects.get().state == "submitted"


def test_a_withdrawn_return_is_a_draft_again_with_its_reason(school: Institution) -> None:
    make.submitted(school, WEEK, now=FRIDAY)
    filer = signed_in("school", school)
    assert filer.post(url(school, "withdraw/"), {"reason": "班级填错"}).status_code == 302
    page = filer.get(url(school)).content.decode()
    assert "撤回原因：班级填错" in page
    assert "已撤回" in filer.get(f"/units/{school.code}/returns/").content.decode()
    assert filer.post(url(school, "withdraw/"), {"reason": "再来"}).status_code == 409


def test_an_old_version_stays_to_be_read(school: Institution) -> None:
    make.submitted(school, WEEK, now=FRIDAY, homework=[make.item("2026-03-01", WEEK.days[1].isoformat(), 43)])
    make.submitted(school, WEEK, now=FRIDAY, homework=[make.item("2026-03-01", WEEK.days[1].isoformat(), 44)])
    for reader in [*reviewers(school), signed_in("school", school)]:
        old = reader.get(url(school, "versions/1/")).content.decode()
        assert "第 1 版周报（已被替换）" in old
        assert ">43<" in old
        assert "data-return-form" not in old
        assert reader.get(url(school, "versions/3/")).status_code == 404


@pytest.mark.parametrize(("day", "words"), [(WEEK.days[4], "未到期"), (WEEK.plus(1).days[1], "未报")])
def test_the_list_tells_what_is_owed(school: Institution, day: dt.date, words: str) -> None:
    with time_machine.travel(clock.at(day, 10 * 60), tick=False):
        correct_filings([school.pk], [WEEK], today=clock.today())
        page = signed_in("school", school).get(f"/units/{school.code}/returns/").content.decode()
    row = page.split(WEEK.label)[1].split("</tr>")[0]
    assert words in row


def test_a_late_submit_is_shown_as_late(school: Institution) -> None:
    late = clock.at(WEEK.plus(1).days[1], 9 * 60)
    with time_machine.travel(late, tick=False):
        make.submitted(school, WEEK, now=late)
        page = signed_in("school", school).get(url(school)).content.decode()
    assert "周报已提交第 1 版（迟报）" in page


def test_a_return_with_findings_to_come_is_submitted_with_a_note_only(school: Institution) -> None:
    filer = signed_in("school", school)
    services.save_draft(
        school,
        WEEK,
        make.full_payload(school, homework=[make.item("2026-03-01", str(WEEK.monday), 75)]),
        actor=make.Somebody(),
        now=FRIDAY,
    )
    posted = Fields(filer.get(url(school)).content.decode()).values | {"act": "submit"}
    answer = filer.post(url(school), posted)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "提交后会出现 1 条疑似问题，周报还没有提交" in page
    assert 'href="#return-note"' in page
    assert not ReturnVersion.objects.exists()
    assert filer.post(url(school), posted | {"note": "研学前补做，下周错开"}).status_code == 302
    assert ReturnVersion.objects.get().note == "研学前补做，下周错开"
    again = filer.post(url(school), posted | {"revision": str(WeeklyReturn.objects.get().revision)}, follow=True)
    assert "没有产生新版本" in again.content.decode()  # what stands already needs no second note


def test_hints_alone_need_no_note(school: Institution) -> None:
    filer = signed_in("school", school)
    payload = make.full_payload(school)
    payload["school_day"] = [{**row, "arrival": "07:00"} for row in payload["school_day"]]  # SC-03 is a hint
    services.save_draft(school, WEEK, payload, actor=make.Somebody(), now=FRIDAY)
    posted = Fields(filer.get(url(school)).content.decode()).values | {"act": "submit"}
    assert filer.post(url(school), posted).status_code == 302
    assert ReturnVersion.objects.count() == 1
