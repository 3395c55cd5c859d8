"""The scenes of the demonstration: acted once through the services, and what people then find."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from inspections.choices import OPEN_STATES
from inspections.fiction.demo import CAST, act_scenes
from inspections.models import Visit, VisitPhoto
from inspections.services.checklist_loading import load_checklists
from shuangjian.accounts.models import User
from shuangjian.alerts.models import Alert, Rectification
from shuangjian.core import clock
from shuangjian.rules.drain import drain
from shuangjian.rules.models import Finding
from tests import make
from training_orgs.models import TrainingOrg

pytestmark = pytest.mark.django_db
#: At night and not at a whole second, as it comes.
NOW = clock.at(dt.date(2026, 11, 25), 0) + dt.timedelta(minutes=7, microseconds=123_456)


@pytest.fixture
def people() -> dict[str, User]:
    make.calendar()
    load_checklists(actor=None)
    town, other = make.town("440113007", "演示东街"), make.town("440113008", "演示西街")
    schools = [make.school(f"示范{number}小", town=town, went_live_on=dt.date(2026, 9, 1)) for number in range(5)]
    org = make.training_org(town=other, category="subject")
    TrainingOrg.objects.create(institution=org)
    units = {
        "jiancha1": town, "jiancha2": town, "jiancha3": None, "jiaoyuju": None, "jiaoyuju2": None, "zhenjie": town,
        "xuexiao": schools[0], "jigou": org,
    }  # fmt: skip
    roles = dict.fromkeys(CAST, "inspector") | dict.fromkeys(("jiaoyuju", "jiaoyuju2"), "bureau")
    roles |= {"zhenjie": "town", "xuexiao": "school", "jigou": "org"}
    return {login: make.user(roles[login], units[login], username=login) for login in CAST}


def test_the_scenes_show_every_state_and_are_acted_once(people: dict[str, User]) -> None:
    with time_machine.travel(NOW, tick=False):
        act_scenes(people, NOW)
        before = list(Visit.objects.values_list("number", "state"))
        act_scenes(people, NOW)
        assert list(Visit.objects.values_list("number", "state")) == before
        drain(lambda: NOW)
        states = {state for _, state in before}
        assert states == {"planned", "under_way", "handed_in", "filed"}
        assert set(Rectification.objects.values_list("state", flat=True)) == {"open", "passed", "handed_in", "returned"}
        late = Finding.objects.open().get(rule="IN-01")
        assert late.institution == people["xuexiao"].institution
        assert Alert.objects.filter(rule="IN-01", institution=late.institution).exists()
        assert VisitPhoto.objects.filter(stored__name="演示照片.jpg").count() == VisitPhoto.objects.count() > 5
        for login in ("jiancha1", "jiancha3"):
            assert people[login].visits.filter(visit__state__in=OPEN_STATES).exists()


def test_each_visit_opens_and_each_record_prints_for_its_inspector(people: dict[str, User]) -> None:
    with time_machine.travel(NOW, tick=False):
        act_scenes(people, NOW)
        client, printed = Client(), 0
        client.force_login(people["jiancha1"])
        assert client.get(reverse("visits_today")).status_code == 200
        for visit in Visit.objects.visible_to(people["jiancha1"]):
            assert client.get(reverse("visit", args=[visit.key])).status_code == 200, visit.number
            if visit.handed_in_at:
                pdf = client.get(reverse("visit_record_pdf", args=[visit.key]))
                assert pdf.content.startswith(b"%PDF"), visit.number
                printed += 1
        assert printed >= 3


def test_without_the_whole_cast_nothing_is_acted(people: dict[str, User]) -> None:
    del people["jigou"]
    act_scenes(people, NOW)
    assert not Visit.objects.exists()
