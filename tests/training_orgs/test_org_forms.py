"""登记机构 and 修改档案 by a form: the same checks as every door, and what an institution was stays on record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput
from tests import make as accounts
from tests.training_orgs import make
from training_orgs.models import SiteSighting
from training_orgs.rows import save_rows

TODAY = dt.date(2026, 11, 10)
WRITTEN = {
    "name": "示范新艺术坊", "category": "文化艺术类", "town": "市桥街道", "address": "示范路8号", "area_m2": "300",
    "is_online_only": "否", "opened_on": "2026-11-02",
}  # fmt: skip


@pytest.fixture(autouse=True)
def a_tuesday(db: None) -> Iterator[None]:
    accounts.town()
    with time_machine.travel(clock.at(TODAY, 600), tick=False):
        yield


@pytest.fixture
def bureau() -> Client:
    client = Client()
    client.force_login(accounts.user("bureau"))
    return client


def test_an_institution_is_registered_by_a_form_from_its_opening_on(bureau: Client) -> None:
    assert "登记机构" in bureau.get("/training/").content.decode()
    form = bureau.get("/training/new/").context["form"]
    assert {name for name, field in form.fields.items() if field.required} == {"name", "category", "town", "address"}
    assert ("市桥街道", "市桥街道") in form.fields["town"].choices
    answer = bureau.post("/training/new/", {**WRITTEN, "uscc": make.uscc(5)})
    unit = Institution.objects.get(name="示范新艺术坊")
    assert answer["Location"] == f"/training/{unit.code}/"
    profile = unit.org_profiles.get()
    assert (unit.code, unit.kind, profile.valid_from) == (make.uscc(5), "training_org", dt.date(2026, 11, 2))


def test_a_wrong_check_digit_stands_at_its_field_and_nothing_is_saved(bureau: Client) -> None:
    right = make.uscc(5)
    wrong = right[:17] + ("1" if right[17] != "1" else "2")
    answer = bureau.post("/training/new/", {**WRITTEN, "uscc": wrong, "category": ""})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "校验码不对" in page
    assert 'value="示范新艺术坊"' in page
    assert not Institution.objects.filter(name="示范新艺术坊").exists()


def test_what_is_in_the_register_is_refused_and_not_overwritten(bureau: Client) -> None:
    unit = make.org("示范一部", code=make.uscc(5), town=accounts.town())
    answer = bureau.post("/training/new/", {**WRITTEN, "uscc": make.uscc(5)})
    assert answer.status_code == 422
    assert f"名录中已有这家机构：示范一部，代码 {unit.code}" in answer.content.decode()
    unit.refresh_from_db()
    assert (unit.name, unit.category, unit.org_profiles.count()) == ("示范一部", "subject", 1)


def test_a_change_holds_from_its_day_and_what_was_before_stays(bureau: Client) -> None:
    unit = make.org("示范一部", code=make.uscc(5), town=accounts.town())
    address = f"/training/{unit.code}/profile/"
    page = bureau.get(address).content.decode()
    assert 'value="示范一部"' in page
    assert '<option value="市桥街道" selected>' in page
    assert 'value="示范路1号"' in page
    answer = bureau.post(address, {**WRITTEN, "uscc": make.uscc(5), "opened_on": "", "valid_from": "2026-11-03"})
    assert answer.status_code == 302
    before, after = unit.org_profiles.order_by("valid_from")
    assert (before.address, before.valid_until) == ("示范路1号", dt.date(2026, 11, 2))
    assert (after.address, after.category, after.valid_from) == ("示范路8号", "arts", dt.date(2026, 11, 3))
    then = bureau.get(f"/training/{unit.code}/?as_of=2026-11-02").content.decode()
    assert "<dd>示范路1号</dd>" in then


def test_a_suspected_site_keeps_its_code_and_kind_when_it_is_named_anew(bureau: Client) -> None:
    site = make.org("示范点", code="YS44011300001", kind="suspected_site", category="", town=accounts.town())
    form = {"name": "示范点二", "town": "市桥街道", "address": "示范路9号"}
    assert "另登记一次现场发现" in bureau.post(f"/training/{site.code}/profile/", form).content.decode()
    SiteSighting.objects.create(institution=site, seen_on="2026-11-02", source="巡查", place="示范路9号")
    assert bureau.post(f"/training/{site.code}/profile/", form).status_code == 302
    site.refresh_from_db()
    assert (site.name, site.code, site.kind) == ("示范点二", "YS44011300001", "suspected_site")


def test_an_institution_changes_neither_its_category_nor_its_town_nor_its_brand_by_any_door() -> None:
    town, other = accounts.town(), accounts.town("440113008", "演示西街")
    unit = make.org("示范一部", code=make.uscc(5), town=town)
    own = accounts.user("org", unit)
    row = {"code": unit.code, "name": "示范一部", "category": "学科类", "town": town.name, "address": "示范路2号"}
    for key, value in (("category", "体育类"), ("town", other.name), ("brand", "示范品牌"), ("uscc", make.uscc(6))):
        with pytest.raises(InvalidInput) as caught:
            save_rows("orgs", [row | {key: value}], actor=own, institution=unit)
        assert [(each.path, each.code) for each in caught.value.problems] == [(f"[0].{key}", "bureau_only")]
    save_rows("orgs", [row], actor=own, institution=unit)
    assert unit.org_profiles.get(valid_until=None).address == "示范路2号"
    save_rows("orgs", [row | {"category": "体育类"}], actor=accounts.user("bureau", username="bureau-2"))
    unit.refresh_from_db()
    assert (unit.category, unit.town) == ("sports", town)


def test_an_institution_belongs_to_the_guidance_centre_of_its_town_s_schools(bureau: Client) -> None:
    centre, town = accounts.centre(), accounts.town()
    accounts.school(town=town, centre=centre)
    bureau.post("/training/new/", {**WRITTEN, "uscc": make.uscc(5)})
    unit = Institution.objects.get(name="示范新艺术坊")
    assert unit.centre == centre
    reader = Client()
    reader.force_login(accounts.user("centre", centre, username="zhongxin"))
    assert "示范新艺术坊" in reader.get("/training/").content.decode()
    # One that is there without a centre gets it with the next change; where a town's schools disagree, none is guessed.
    Institution.objects.filter(pk=unit.pk).update(centre=None)
    row = {
        "code": unit.code,
        "name": "示范新艺术坊",
        "category": "文化艺术类",
        "town": "市桥街道",
        "address": "示范路8号",
    }
    save_rows("orgs", [row], actor=accounts.Somebody())
    unit.refresh_from_db()
    assert unit.centre == centre
    accounts.school("示范二小", code="44011300099", town=town, centre=accounts.centre("ZX02", "演示片"))
    bureau.post("/training/new/", {**WRITTEN, "name": "示范三坊", "address": "示范路9号", "uscc": make.uscc(6)})
    assert Institution.objects.get(name="示范三坊").centre is None


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("ads", {"number": "A1", "place": "其他", "seen_on": "2026-11-11", "text": "示范"}),
        ("annual-checks", {"year": "2026", "is_passed": "是", "checked_on": "2026-11-11"}),
        ("safety-checks", {"kind": "消防安全", "is_passed": "是", "checked_on": "2026-11-11"}),
    ],
)
def test_what_was_seen_or_checked_is_not_dated_ahead(kind: str, row: dict[str, str]) -> None:
    unit = make.org(town=accounts.town())
    with pytest.raises(InvalidInput) as caught:
        save_rows(kind, [row], actor=accounts.Somebody(), institution=unit)
    assert [each.code for each in caught.value.problems] == ["in_future"]
