"""The register's list and the one page of an institution: what is shown, as of which day, to whom, at what price."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput
from tests import make
from tests.training_orgs.make import uscc
from training_orgs.models import Licence, OrgProfile, Registration, SiteSighting, Staff, TrainingOrg
from training_orgs.services import register

TODAY = dt.date(2026, 11, 10)


@pytest.fixture(autouse=True)
def a_tuesday(db: None) -> Iterator[None]:
    with time_machine.travel(clock.at(TODAY, 600), tick=False):
        yield


def org(name: str = "示范培训中心", code: str = "91440113TEST00001X", town_code: str = "440113007") -> Institution:
    institution = Institution.objects.create(
        code=code,
        name=name,
        pinyin=code,
        kind="training_org",
        category="subject",
        town=make.town(town_code, {"440113007": "演示东街"}.get(town_code, "演示西街")),
        is_fictional=True,
    )
    TrainingOrg.objects.create(institution=institution, legal_person="王示范", phone="13800001234")
    spans = [(dt.date(2021, 9, 1), dt.date(2026, 5, 31), "示范路1号"), (dt.date(2026, 6, 1), None, "示范路2号")]
    for since, until, address in spans:
        OrgProfile.objects.create(
            institution=institution, valid_from=since, valid_until=until, category="subject", address=address
        )
    Licence.objects.create(
        institution=institution,
        kind="school_running",
        number=f"教民{code[-5:]}",
        department="JY",
        categories=["subject"],
        stages=["primary"],
        issued_on=dt.date(2020, 1, 1),
        expires_on=dt.date(2026, 10, 31),
    )
    Registration.objects.create(
        institution=institution, kind="nonprofit_unit", number="52440113", is_nonprofit=True, issued_on="2020-01-01"
    )
    return institution


def signed_in(role: str, unit: object = None) -> Client:
    client = Client()
    client.force_login(make.user(role, unit, username=f"{role}-{User.objects.count()}"))
    return client


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_shows_the_profile_and_the_papers_of_the_day_that_is_asked_for() -> None:
    unit = org()
    bureau = signed_in("bureau")
    now = text(bureau, f"/training/{unit.code}/")
    assert "有照无证" in now
    assert "已到期 10 天" in now
    assert "<dd>示范路2号</dd>" in now
    then = text(bureau, f"/training/{unit.code}/?as_of=2026-05-31")
    assert "有证有照" in then
    assert "<dd>示范路1号</dd>" in then
    assert "回到今天" in then


def test_the_register_is_shown_as_it_was_on_the_day_that_is_asked_for() -> None:
    unit, later = org(), org("示范后来中心", "91440113TEST00002X")
    later.org_profiles.all().delete()
    later.licences.update(issued_on="2026-11-01", expires_on="2027-10-31")
    later.registrations.update(issued_on="2026-11-02")
    unit.org_profiles.filter(valid_until=dt.date(2026, 5, 31)).update(sign_name="示范旧名艺术坊", category="arts")
    register.change_status(
        unit, status="suspended", on=dt.date(2026, 11, 5), reason="停业整顿", today=TODAY, actor=make.Somebody()
    )
    bureau = signed_in("bureau")
    now = text(bureau, "/training/")
    assert "示范后来中心" in now
    assert "示范旧名艺术坊" not in now
    assert 'data-label="证照"><span>有照无证' in now
    assert 'data-label="状态">暂停' in now
    then = text(bureau, "/training/?as_of=2026-05-31")
    assert "2026-05-31 名录上有 1 家培训机构，0 处疑似无证点" in then
    assert "示范后来中心" not in then
    assert "示范旧名艺术坊" in then
    assert "现名 示范培训中心" in then
    assert 'data-label="类别">文化艺术类' in then
    assert 'data-label="证照"><span>有证有照' in then
    assert 'data-label="状态">正常' in then
    assert f'/training/{unit.code}/?as_of=2026-05-31"' in then
    assert "没有符合条件的机构" in text(bureau, "/training/?as_of=2026-05-31&category=subject")


@pytest.mark.parametrize("address", ["/training/", "/training/91440113TEST00001X/"])
def test_a_day_that_is_none_is_told_and_not_passed_over(address: str) -> None:
    org()
    bureau = signed_in("bureau")
    assert "地址里的日期不成立" in text(bureau, f"{address}?as_of=2026-02-30")
    assert "地址里的日期不成立" not in text(bureau, f"{address}?as_of=2026-02-28")


def test_a_department_without_registers_is_not_told_that_there_are_no_institutions() -> None:
    org()
    police = signed_in("dept", make.department("GA", "区公安局"))
    assert police.get("/training/").status_code == 403
    assert "1 家培训机构没有疑似问题" in text(signed_in("dept", make.department("SC")), "/training/")


def test_the_last_day_of_a_licence_is_still_valid_and_the_next_is_not() -> None:
    unit = org()
    bureau = signed_in("bureau")
    assert "今天到期" in text(bureau, f"/training/{unit.code}/?as_of=2026-10-31")
    assert "已到期 1 天" in text(bureau, f"/training/{unit.code}/?as_of=2026-11-01")


def test_another_town_can_neither_list_nor_open_an_institution() -> None:
    unit = org()
    org("示范外镇中心", "91440113TEST00002X", "440113008")
    outsider = signed_in("town", make.town("440113008", "演示西街"))
    listed = text(outsider, "/training/")
    assert "示范外镇中心" in listed
    assert unit.name not in listed
    for address in ("", "status/", "brand/", "sightings/new/"):
        assert outsider.get(f"/training/{unit.code}/{address}").status_code == 404


def test_a_town_reads_a_name_in_full_and_an_act_of_the_bureau_is_refused_to_it() -> None:
    unit = org()
    Staff.objects.create(institution=unit, number="S1", name="李示范", employed_on="2026-01-01")
    town = signed_in("town", unit.town)
    assert "李示范" in text(town, f"/training/{unit.code}/")
    assert town.get(f"/training/{unit.code}/status/").status_code == 403
    assert town.post(f"/training/{unit.code}/status/", {}).status_code == 403


def test_a_closed_institution_is_closed_from_that_day_and_a_second_closing_is_refused() -> None:
    unit = org()
    bureau = signed_in("bureau")
    form = {"status": "closed", "on": "2026-11-01", "reason": "举办者申请终止", "decision_no": "示〔2026〕1号"}
    assert bureau.post(f"/training/{unit.code}/status/", form).status_code == 302
    unit.refresh_from_db()
    assert (unit.status, unit.closed_on) == ("closed", dt.date(2026, 11, 1))
    page = text(bureau, f"/training/{unit.code}/")
    assert "状态：注销" in page
    assert "状态：正常" in text(bureau, f"/training/{unit.code}/?as_of=2026-10-31")
    again = bureau.post(f"/training/{unit.code}/status/", {**form, "on": "2026-11-02"})
    assert again.status_code == 422
    assert "已经是注销状态" in again.content.decode()


def test_a_status_cannot_be_dated_ahead_or_before_the_last_change() -> None:
    unit = org()
    bureau = signed_in("bureau")
    ahead = bureau.post(f"/training/{unit.code}/status/", {"status": "closed", "on": "2026-11-11", "reason": "x"})
    assert "日期不能晚于今天" in ahead.content.decode()
    register.change_status(
        unit, status="suspended", on=dt.date(2026, 11, 5), reason="停业整顿", today=TODAY, actor=make.Somebody()
    )
    early = bureau.post(f"/training/{unit.code}/status/", {"status": "active", "on": "2026-11-05", "reason": "x"})
    assert "请填其后的日期" in early.content.decode()
    assert unit.status_changes.count() == 1


def test_a_town_opens_a_suspected_site_in_its_own_town_only() -> None:
    here, there = make.town(), make.town("440113008", "演示西街")
    town = signed_in("town", here)
    form = {
        "name": "示范花园疑似补习点",
        "town": here.pk,
        "category": "subject",
        "seen_on": "2026-11-09",
        "source": "群众举报",
        "place": "示范花园3栋1201",
        "staff": 2,
        "pupils": 8,
        "licence_state": "neither",
    }
    assert town.post("/training/sites/new/", {**form, "town": there.pk}).status_code == 422
    assert not Institution.objects.filter(kind="suspected_site").exists()
    assert town.post("/training/sites/new/", form).status_code == 302
    site = Institution.objects.get(kind="suspected_site")
    assert (site.code, site.town, site.category) == ("YS44011300001", here, "subject")
    assert SiteSighting.objects.get(institution=site).pupils == 8
    page = text(town, f"/training/{site.code}/")
    assert "疑似无证点" in page
    assert "无证无照" in page
    assert "另有 1 处疑似无证点" in text(town, "/training/")
    assert "现场看到" not in text(town, "/training/")


def test_what_papers_were_seen_at_a_site_stands_beside_what_is_on_record() -> None:
    town = signed_in("town", make.town())
    form = {"name": "示范点", "town": make.town().pk, "seen_on": "2026-11-08", "source": "巡查", "place": "示范路9号"}
    town.post("/training/sites/new/", {**form, "licence_state": "registration_only"})
    site = Institution.objects.get(kind="suspected_site")
    town.post(f"/training/{site.code}/sightings/new/", {**form, "seen_on": "2026-11-09", "place": "示范路10号"})
    assert "现场看到 有照无证" in text(town, "/training/")
    assert "现场看到" not in text(town, "/training/?as_of=2026-11-07")
    page = text(town, f"/training/{site.code}/")
    assert "<dd>有照无证（2026-11-08 看到）</dd>" in page
    assert "<dd>示范路10号</dd>" in page


def test_photos_of_a_site_are_kept_with_it_and_a_file_that_is_none_saves_nothing() -> None:
    town = signed_in("town", make.town())
    form = {"name": "示范点", "town": make.town().pk, "seen_on": "2026-11-09", "source": "巡查", "place": "示范路9号"}
    fake = SimpleUploadedFile("a.jpg", b"<svg/>", "image/jpeg")
    refused = town.post("/training/sites/new/", {**form, "photos": [fake]})
    assert refused.status_code == 422
    assert not Institution.objects.filter(kind="suspected_site").exists()
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(picture, "JPEG")
    kept = SimpleUploadedFile("门口.jpg", picture.getvalue(), "image/jpeg")
    assert town.post("/training/sites/new/", {**form, "photos": [kept]}).status_code == 302
    site = Institution.objects.get(kind="suspected_site")
    page = text(town, f"/training/{site.code}/")
    assert "现场照片 1 张" in page
    photo = town.get(f"/files/{site.files.get().key}/")
    assert photo["Content-Type"] == "image/jpeg"
    outsider = signed_in("town", make.town("440113008", "演示西街"))
    assert outsider.get(f"/files/{site.files.get().key}/").status_code == 404


def test_a_site_that_gets_a_licence_keeps_its_record() -> None:
    bureau = signed_in("bureau")
    form = {"name": "示范点", "town": make.town().pk, "seen_on": "2026-11-09", "source": "巡查", "place": "示范路9号"}
    bureau.post("/training/sites/new/", form)
    site = Institution.objects.get(kind="suspected_site")
    TrainingOrg.objects.filter(pk=org("示范二中心", "91440113TEST00003X").pk).update(uscc=uscc(1))
    address = f"/training/{site.code}/recognise/"
    taken = bureau.post(address, {"uscc": uscc(1), "category": "arts"})
    assert "属于“示范二中心”" in taken.content.decode()
    assert bureau.post(address, {"uscc": uscc(2).lower(), "category": "arts"}).status_code == 302
    site.refresh_from_db()
    assert (site.kind, site.category, site.training_org.uscc) == ("training_org", "arts", uscc(2))
    profile = site.org_profiles.get()
    assert (profile.valid_from, profile.category, profile.address) == (TODAY, "arts", "示范路9号")
    assert site.sightings.count() == 1


def test_a_site_is_not_recognised_by_a_wrong_check_digit_or_without_a_category() -> None:
    bureau = signed_in("bureau")
    form = {"name": "示范点", "town": make.town().pk, "seen_on": "2026-11-09", "source": "巡查", "place": "示范路9号"}
    bureau.post("/training/sites/new/", form)
    site = Institution.objects.get(kind="suspected_site")
    address = f"/training/{site.code}/recognise/"
    right = uscc(2)
    wrong = right[:17] + ("1" if right[17] != "1" else "2")
    refused = bureau.post(address, {"uscc": wrong, "category": "arts"})
    assert refused.status_code == 422
    assert "校验码不对" in refused.content.decode()
    assert bureau.post(address, {"uscc": right}).status_code == 422
    with pytest.raises(InvalidInput) as without:
        register.recognise_site(site, uscc=right, today=TODAY, actor=make.Somebody())
    assert [problem.path for problem in without.value.problems] == ["category"]
    site.refresh_from_db()
    assert (site.kind, site.training_org.uscc) == ("suspected_site", None)


def test_nothing_is_seen_on_a_day_ahead() -> None:
    bureau = signed_in("bureau")
    form = {"name": "示范点", "town": make.town().pk, "seen_on": "2026-11-11", "source": "巡查", "place": "示范路9号"}
    refused = bureau.post("/training/sites/new/", form)
    assert refused.status_code == 422
    assert "发现日期 2026-11-11 晚于今天（2026-11-10）" in refused.content.decode()
    assert not Institution.objects.filter(kind="suspected_site").exists()


def test_sites_of_one_brand_name_each_other() -> None:
    first, second = org(), org("示范二中心", "91440113TEST00002X")
    bureau = signed_in("bureau")
    for unit in (first, second):
        assert bureau.post(f"/training/{unit.code}/brand/", {"brand": "示范品牌"}).status_code == 302
    assert "示范二中心" in text(bureau, f"/training/{first.code}/")
    bureau.post(f"/training/{second.code}/brand/", {"brand": ""})
    bureau.get("/")  # shows the message that names the second
    assert "示范二中心" not in text(bureau, f"/training/{first.code}/")


@pytest.mark.parametrize(("address", "pinned"), [("/training/", 6), ("/training/91440113TEST00001X/", 47)])
def test_the_pages_cost_the_same_for_one_institution_and_for_many(address: str, pinned: int) -> None:
    org()
    bureau = signed_in("bureau")
    few = _queries(bureau, address)
    for number in range(2, 12):
        org(f"示范{number}中心", f"91440113TEST{number:05d}X")
        Staff.objects.create(
            institution_id=Institution.objects.get(code="91440113TEST00001X").pk,
            number=f"S{number}",
            name="王示范",
            employed_on="2026-01-01",
        )
    assert _queries(bureau, address) == few == pinned


def _queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)
