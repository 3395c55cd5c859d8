"""What people reported of an institution, on its page: who learns of clues, complaints and sightings, and who not."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.evidence import observation_acts
from shuangjian.evidence.models import Complaint, Observation
from shuangjian.evidence.services import register_complaints
from tests import make as accounts
from tests.training_orgs import make
from training_orgs.models import Identification, Qualification, Staff
from training_orgs.services import sites

TODAY = dt.date(2026, 11, 10)
CLUE, FOUND = "疑似占用消防通道，家长反映", "消防通道堆放课桌"


@pytest.fixture(autouse=True)
def a_tuesday(db: None) -> Iterator[None]:
    with time_machine.travel(clock.at(TODAY, 600), tick=False):
        yield


@pytest.fixture
def unit() -> Institution:
    """An institution with a clue, something found true, a complaint and a sighting with a photo."""
    made = make.org(town=accounts.town())
    for text, is_true in ((CLUE, False), (FOUND, True)):
        found = observation_acts.record_observation(
            made, kind="safety", occurred_on=dt.date(2026, 11, 2), source="complaint", text=text,
            actor=accounts.Somebody(),
        )  # fmt: skip
        if is_true:
            observation_acts.confirm_observation(found.pk, actor=accounts.Somebody())
    row = {
        "channel": "12345", "received_on": "2026-11-03", "institution": made.code, "topic": "safety",
        "text": "虚构甲反映通道堵塞", "complainant_name": "虚构甲", "complainant_phone": "13800000001",
    }  # fmt: skip
    register_complaints([row], actor=accounts.Somebody())
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(picture, "JPEG")
    seen = {"seen_on": dt.date(2026, 11, 4), "source": "群众举报", "place": "示范路1号后门"}
    photo = SimpleUploadedFile("a.jpg", picture.getvalue(), "image/jpeg")
    sites.report_sighting(made, seen, photos=[photo], actor=accounts.Somebody())
    return made


def page(role: str, unit: Institution, of: object) -> str:
    client = Client()
    client.force_login(accounts.user(role, of, username=role))
    answer = client.get(f"/training/{unit.code}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_institution_reads_what_was_found_true_and_never_a_clue_a_source_or_a_sighting(unit: Institution) -> None:
    shown = page("org", unit, unit)
    assert FOUND in shown
    for hidden in (CLUE, "线索", ">投诉<", "群众举报", "示范路1号后门", "现场发现", "现场照片", "TS-2026", "虚构甲"):
        assert hidden not in shown, hidden


def test_a_department_reads_what_was_found_true_and_of_complaints_not_who_complained(unit: Institution) -> None:
    shown = page("dept", unit, accounts.department("SC"))
    assert FOUND in shown
    assert CLUE not in shown
    assert Complaint.objects.get().number in shown
    assert "虚构甲" not in shown


def test_whoever_is_in_charge_reads_everything_and_finds_the_way_to_each(unit: Institution) -> None:
    for role, of in (("bureau", None), ("town", unit.town)):
        shown = page(role, unit, of)
        for known in (CLUE, FOUND, ">投诉<", "群众举报", "现场照片 1 张"):
            assert known in shown, known
        assert 'id="observed">核查记录' in shown  # 核查情况 is the part that the visits bring in
        assert f"/complaints/{Complaint.objects.get().number}/" in shown
        assert all(f"/observations/{each.number}/" in shown for each in Observation.objects.all())
        assert "虚构甲" not in shown


def test_a_row_leads_to_its_form_for_who_may_change_it_and_for_nobody_else(unit: Institution) -> None:
    licence = make.licence(unit)
    address = f"/training/{unit.code}/licences/{licence.pk}/"
    assert address in page("org", unit, unit)
    assert address in page("bureau", unit, None)
    assert address not in page("town", unit, unit.town)


def test_the_page_tells_each_qualification_and_why_it_counts_as_none(unit: Institution) -> None:
    teacher = Staff.objects.create(institution=unit, number="S1", name="李示范", employed_on="2026-01-01")
    Qualification.objects.create(
        staff=teacher, number="20214401", holder_name="王示范", subject="数学", stage="小学", valid_from="2021-09-01",
        valid_until="2026-11-09",
    )  # fmt: skip
    shown = page("bureau", unit, None)
    assert "小学 数学 20214401，2021-09-01 至 2026-11-09，证上不是本人姓名，2026-11-10 已过期" in shown


def test_the_panel_and_its_statement_are_read_by_who_is_in_charge_and_its_names_not_by_the_institution(
    unit: Institution,
) -> None:
    Identification.objects.create(
        institution=unit, result="subject", decided_on="2026-11-01", decision_no="示鉴〔2026〕1号",
        experts="甲示范、乙示范、丙示范", conflict_statement="均与机构无利益关系",
    )  # fmt: skip
    for role, of, sees in (("bureau", None, True), ("org", unit, False)):
        shown = page(role, unit, of)
        assert "均与机构无利益关系" in shown
        assert ("乙示范" in shown) == sees
