"""安排检查: the page on which visits are planned."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.urls import reverse

from inspections.models import Visit
from inspections.services.visits import cancel_visit
from tests import make
from tests.inspections.visit_make import NOW, browser

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_that_hour")]


def test_several_targets_are_planned_at_once_by_lines_of_codes_and_names(cast: SimpleNamespace) -> None:
    second = make.training_org("虚构培训三部", town=cast.east, category="arts")
    posted = {
        "units": f"{cast.org.code} {cast.org.name}\n虚构培训三部\n", "planned_on": "2026-11-26", "kind": "planned",
        "purpose": "秋季检查", "inspectors": [cast.first.username, cast.second.username],
    }  # fmt: skip
    answered = browser(cast.town).post(reverse("visit_plan"), posted)
    assert answered.status_code == 302
    assert set(Visit.objects.values_list("institution", flat=True)) == {cast.org.pk, second.pk}


def test_a_plan_posted_twice_is_one_visit_and_a_changed_one_another(cast: SimpleNamespace) -> None:
    client, second = browser(cast.town), make.training_org("虚构培训三部", town=cast.east, category="arts")
    people = [cast.first.username, cast.second.username]
    shown = client.get(reverse("visit_plan"))
    assert f'name="key" value="{shown.context["key"]}"' in shown.content.decode()
    posted = {
        "key": shown.context["key"], "units": cast.org.code, "planned_on": "2026-11-26", "kind": "planned",
        "inspectors": people,
    }  # fmt: skip
    both = f"{second.code}\n{cast.org.code}"
    for said, visits in ((posted, 1), (posted, 1), ({**posted, "units": both}, 2)):
        assert client.post(reverse("visit_plan"), said).status_code == 302
        assert Visit.objects.count() == visits
    cancel_visit(Visit.objects.get(institution=second).pk, reason="改期", actor=cast.town, now=NOW)
    for changed in ({"units": both}, {"planned_on": "2026-11-27"}, {"departments": [cast.dept.department.code]}):
        before = Visit.objects.count()
        assert client.post(reverse("visit_plan"), {**posted, **changed}).status_code == 302
        assert Visit.objects.count() == before + 1
    numbers = [number[-5:] for number in Visit.objects.order_by("pk").values_list("number", flat=True)]
    assert numbers == ["00001", "00002", "00003", "00004", "00005"]


def test_a_line_that_names_nothing_and_one_inspector_are_told_at_the_fields(cast: SimpleNamespace) -> None:
    posted = {"units": cast.other.code, "planned_on": "2026-11-26", "kind": "planned", "inspectors": ["jiancha1"]}
    answered = browser(cast.town).post(reverse("visit_plan"), posted)
    assert answered.status_code == 422
    assert "没有代码或名称为" in answered.content.decode()
    answered = browser(cast.town).post(reverse("visit_plan"), {**posted, "units": cast.org.code})
    assert "检查人员不少于 2 名" in answered.content.decode()


def test_an_inspector_who_can_no_longer_be_chosen_is_named_and_not_left_out(cast: SimpleNamespace) -> None:
    unit, people = cast.org.code, [cast.first.username, cast.second.username, "gone"]
    plan = {"units": unit, "planned_on": "2026-11-26", "kind": "planned", "inspectors": people}
    spot = {"unit": unit, "inspectors": ["gone"]}
    for person, name, posted in ((cast.town, "visit_plan", plan), (cast.first, "visit_open", spot)):
        assert "没有登录名为“gone”" in browser(person).post(reverse(name), posted).content.decode()
    assert not Visit.objects.exists()
