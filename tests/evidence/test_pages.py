"""Pages of complaints and observations: who sees what, the acts, and the statements they take."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from shuangjian.alerts.rectifications import cancel_rectification, order_rectification
from shuangjian.bureau.models import Institution
from shuangjian.evidence import complaint_acts as acts
from shuangjian.evidence.models import Complaint, Observation
from shuangjian.evidence.observation_acts import confirm_observation, record_observation
from tests import make
from tests.evidence.make import NAME, NOW, PHONE, complaint, org, row

pytestmark = pytest.mark.django_db
BOSS = make.Somebody()


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def signed_in(role: str, unit: Any = None) -> Client:
    client = Client()
    client.force_login(make.user(role, unit))
    return client


def read(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


def seen(unit: Institution, **values: Any) -> Observation:
    defaults: dict[str, Any] = {
        "kind": "other",
        "occurred_on": dt.date(2026, 11, 18),
        "source": "complaint",
        "text": "示范情况",
    }
    return record_observation(unit, actor=BOSS, **{**defaults, **values})


def test_the_title_answers_how_many_wait_and_how_many_are_late() -> None:
    complaint(org(), received_on="2026-11-02")
    complaint(org("示范培训二部"))
    bureau = signed_in("bureau")
    assert "2 件投诉未办结，其中 1 件已过答复期限" in read(bureau, "/complaints/")
    assert "筛选出 1 件投诉" in read(bureau, "/complaints/?due=overdue")
    page = read(bureau, "/complaints/")
    assert page.index("TS-2026-00001") < page.index("TS-2026-00002")  # the late one first


def test_only_the_bureau_and_the_own_town_read_the_complainant() -> None:
    town, other = make.town(), make.town("440113008", "虚构镇")
    centre = make.centre()
    unit = org(town=town, centre=centre)
    one = complaint(unit, text=f"我是{NAME}，电话{PHONE}，另一号码 139-0000-0002，机构拖延退费。")
    address = f"/complaints/{one.number}/"
    for client in (signed_in("bureau"), signed_in("town", town)):
        page = read(client, address)
        assert NAME in page
        assert PHONE in page
    for client in (signed_in("centre", centre), signed_in("dept", make.department("SC"))):
        page = read(client, address)
        for secret in (NAME, PHONE, "139-0000-0002"):
            assert secret not in page
        assert "机构拖延退费" in page
    assert signed_in("town", other).get(address).status_code == 404
    for client in (signed_in("school", make.school(town=town)), signed_in("org", unit)):
        assert client.get(address).status_code == 403
        assert client.get("/complaints/").status_code == 403


def test_a_department_sees_no_complaint_about_a_school_and_no_complainant_at_all() -> None:
    school = make.school()
    about_school = complaint(school, topic="homework")
    about_org = complaint(org())
    department = signed_in("dept", make.department("MZ"))
    page = read(department, "/complaints/")
    assert about_org.number in page
    assert about_school.number not in page
    assert department.get(f"/complaints/{about_school.number}/").status_code == 404
    assert "投诉人" not in read(department, f"/complaints/{about_org.number}/").replace("投诉人所称", "")


def test_lists_hold_no_complainant_even_for_the_bureau_and_searching_finds_none_by_name() -> None:
    complaint(org())
    bureau = signed_in("bureau")
    assert NAME not in read(bureau, "/complaints/")
    assert "筛选出 0 件投诉" in read(bureau, f"/complaints/?q={NAME}")


def test_an_institution_sees_what_was_found_true_about_itself_and_nothing_of_complaints() -> None:
    unit, other = org(), org("示范培训二部")
    one = complaint(unit)
    acts.start_check(one.pk, actor=BOSS)
    acts.decide(one.pk, is_confirmed=True, found=acts.Found(kind="contract", text="合同不退费"), actor=BOSS)
    found, clue = Observation.objects.get(), seen(unit)
    foreign = seen(other)
    confirm_observation(foreign.pk, actor=BOSS)
    client = signed_in("org", unit)
    page = read(client, "/observations/")
    assert found.number in page
    assert clue.number not in page
    assert foreign.number not in page
    detail = read(client, f"/observations/{found.number}/")
    for betrayal in (one.number, "投诉", NAME, PHONE):
        assert betrayal not in detail.replace("投诉线索", "")
    assert client.get(f"/observations/{clue.number}/").status_code == 404
    assert client.get(f"/observations/{foreign.number}/").status_code == 404
    assert client.post(f"/observations/{found.number}/rectify/").status_code == 403


def test_the_whole_way_by_forms() -> None:
    town = make.town()
    unit = org(town=town)
    client = signed_in("town", town)
    values = {**row(), "named": "示范培训一部旁边", "institution": "", "town": town.code}
    answer = client.post("/complaints/new/", values)
    one = Complaint.objects.get()
    assert answer.headers["Location"] == f"/complaints/{one.number}/"
    assert f"关联到{unit.name}" in read(client, f"/complaints/{one.number}/")

    def act(name: str, **given: str) -> int:
        return client.post(f"/complaints/{one.number}/{name}/", given).status_code

    assert act("link", institution=unit.name) == 302
    assert act("start-check") == 302
    assert act("confirm", kind="contract", text=f"{NAME}的合同") == 422
    assert not Observation.objects.exists()
    assert act("confirm", kind="contract", text="合同不退费") == 302
    assert act("withdraw", reason="认定有误") == 403
    assert act("reply-and-close", reply="已责令退费") == 302
    assert Complaint.objects.get().state == "closed"
    page = read(client, f"/complaints/{one.number}/")
    assert "答复并办结" in page
    assert "2026-11-24（周二）答复" in page


def test_what_was_typed_comes_back_with_the_problem_at_its_field() -> None:
    client = signed_in("bureau")
    answer = client.post("/complaints/new/", {**row(), "institution": "没有这家", "town": ""})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "没有代码或名称为“没有这家”的单位" in page
    assert "机构拖延退费" in page


def test_a_ticket_registered_twice_is_refused_with_the_number_of_the_first() -> None:
    unit = org()
    first = complaint(unit, channel_no="GD-9")
    values = {**row(), "institution": unit.code, "town": "", "channel_no": "GD-9"}
    answer = signed_in("bureau").post("/complaints/new/", values)
    assert f"已登记为 {first.number}" in answer.content.decode()
    assert Complaint.objects.count() == 1


def test_likely_duplicates_are_offered_and_taken_by_one_click() -> None:
    unit = org()
    first, again = complaint(unit), complaint(unit)
    client = signed_in("bureau")
    page = read(client, f"/complaints/{again.number}/")
    assert "1 件可能与本件重复" in page
    client.post(f"/complaints/{again.number}/mark-duplicate/", {"of": first.number})
    assert Complaint.objects.get(pk=again.pk).duplicate_of == first
    assert "可能与本件重复" not in read(client, f"/complaints/{first.number}/")


def test_an_observation_is_recorded_confirmed_and_rectified_by_forms() -> None:
    unit = org()
    client = signed_in("bureau")
    values = {
        "institution": unit.code,
        "kind": "privacy",
        "occurred_on": "2026-11-20",
        "source": "visit",
        "text": "群发短信",
    }
    client.post("/observations/new/", values)
    found = Observation.objects.get()
    assert "1 条线索待认定" in read(client, "/observations/")
    client.post(f"/observations/{found.number}/confirm/", {"due_on": "2026-11-23"})
    found.refresh_from_db()
    assert found.state == "clue"  # a due date before today
    client.post(f"/observations/{found.number}/confirm/")
    assert "1 条查实的问题待整改" in read(client, "/observations/")
    client.post(f"/observations/{found.number}/rectify/")
    found.refresh_from_db()
    assert (found.state, found.rectified_on) == ("confirmed", NOW.date())


def test_while_a_rectification_is_to_end_the_page_leads_there_and_offers_no_other_end() -> None:
    town = make.town()
    unit = org(town=town)
    found = confirm_observation(seen(unit).pk, actor=BOSS)
    address, offered = f"/observations/{found.number}/", f'action="/observations/{found.number}/rectify/"'
    client = signed_in("town", town)
    page = read(client, address)
    assert offered in page
    assert "单位提交后复查" not in page
    due_on = NOW.date() + dt.timedelta(days=5)
    item = order_rectification(unit, requirement="示范要求", due_on=due_on, observation=found, actor=BOSS)
    page = read(client, address)
    assert offered not in page
    assert f'<a href="/rectifications/{item.number}/">' in page
    assert client.get(f"/rectifications/{item.number}/").status_code == 200
    refused = client.post(f"{address}rectify/", {"rectified_on": NOW.date().isoformat()})
    assert (refused.status_code, "请在那一项上复查" in refused.content.decode()) == (422, True)
    cancel_rectification(item.pk, reason="写错了", actor=BOSS)
    assert offered in read(client, address)


def test_the_list_takes_as_many_statements_for_forty_as_for_two(django_assert_max_num_queries: Any) -> None:
    town = make.town()
    for number in range(40):
        complaint(org(f"示范培训{number}部", town=town))
    client = signed_in("bureau")
    read(client, "/complaints/")
    with django_assert_max_num_queries(7):
        read(client, "/complaints/")
