"""The fictional world: lawful where nothing is planted, found where something is, and never near a real name."""

from __future__ import annotations

import csv
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from schools.fiction import directory, payloads, plants
from schools.fiction.world import make_world
from schools.reference import DIRECTORY
from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution
from shuangjian.bureau.reference import load_reference
from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.intake.sections import Form
from shuangjian.intake.services import preview_return, submit_return
from shuangjian.rules.models import Finding
from tests import make

WEEK = Week.parse("2026-W45")


def test_no_fictional_name_is_or_holds_the_name_of_a_real_school() -> None:
    with DIRECTORY.open(encoding="utf-8") as lines:
        real = {row["name"] for row in csv.DictReader(line for line in lines if not line.startswith("#"))}
    invented = [school.name for school in directory.schools(300, Random(1))]
    assert len(set(invented)) == 300
    assert not set(invented) & real
    assert all(name.startswith("示范") for name in invented)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "一"),
        (10, "十"),
        (12, "十二"),
        (20, "二十"),
        (21, "二十一"),
        (100, "一百"),
        (105, "一百零五"),
        (110, "一百一十"),
    ],
)
def test_numerals(number: int, text: str) -> None:
    assert directory.numeral(number) == text


def _told() -> tuple[Any, dict[str, int], Any]:
    make.calendar()
    classes = {f"2026-{grade:02d}-01": grade for grade in range(1, 10)}
    school = make.school("示范九年一贯学校", ["primary", "junior"], classes=classes)
    return school, classes, Form.of(school, WEEK).school_days


@pytest.mark.django_db
def test_a_lawful_payload_is_complete_and_finds_nothing() -> None:
    school, classes, days = _told()
    for seed in range(5):
        payload = payloads.lawful(classes, days, Random(seed))
        checked, findings = preview_return(school, WEEK, payload, now=clock.at(WEEK.sunday, 0))
        assert (checked.gaps, findings) == ([], [])


@pytest.mark.django_db
@pytest.mark.parametrize("rule", sorted(plants.PLANTS | plants.LATER_PLANTS))
def test_a_planted_violation_is_found(rule: str) -> None:
    school, classes, days = _told()
    for seed in range(5):
        payload = payloads.lawful(classes, days, Random(seed))
        assert plants.plant(rule, payload, classes, days, Random(seed))
        _, findings = preview_return(school, WEEK, payload, now=clock.at(WEEK.sunday, 0))
        assert rule in {finding["rule"] for finding in findings}


@pytest.mark.django_db
def test_lawful_weeks_in_a_row_have_variety_and_four_plain_ones_are_found() -> None:
    school, classes, _ = _told()
    weeks = [Week.parse(f"2026-W{number}") for number in range(42, 46)]

    def file(*, is_plain: bool) -> set[str]:
        random, last = Random(7), weeks[-1]
        for week in weeks:
            days = Form.of(school, week).school_days
            payload = payloads.lawful(classes, days, random)
            if is_plain:
                assert plants.plain(payload, "2026-05-01")
            checked, findings = preview_return(school, week, payload, now=clock.at(last.sunday, 0))
            assert checked.gaps == []
            if week != last:
                assert findings == []
                submit_return(
                    school, week, actor=make.Somebody(), now=clock.at(last.sunday, 0), door="api", payload=payload
                )
        return {f"{finding['rule']} {finding['about']}" for finding in findings}

    assert file(is_plain=False) == set()
    assert file(is_plain=True) == {"HW-07 class:2026-05-01"}


@pytest.mark.django_db
def test_the_world_counts_what_it_planted_and_the_engine_finds_it() -> None:
    load_reference(actor=None)
    world = make_world(schools=4, weeks=5, seed=7, now=clock.at(WEEK.sunday, 12 * 60))
    found = set(Finding.objects.open().values_list("rule", flat=True))
    assert {rule for rule, times in world.planted.items() if times} <= found
    assert world.planted["HW-07"] == Finding.objects.open().filter(rule="HW-07").count() > 0


@pytest.mark.django_db
def test_make_world_refuses_to_stand_beside_real_schools() -> None:
    load_reference(actor=None)
    school = make.school("示范一小", rebuild=False)
    Institution.objects.filter(pk=school.pk).update(is_fictional=False)
    with pytest.raises(CommandError, match="真实学校"):
        call_command("make_world", "--schools", "1", "--weeks", "1")


@pytest.mark.django_db
def test_make_world_refuses_to_write_over_a_world_that_is_there() -> None:
    load_reference(actor=None)
    make.school("示范一小", rebuild=False)
    with pytest.raises(CommandError, match="演示学校"):
        call_command("make_world", "--schools", "1", "--weeks", "1")


@pytest.mark.django_db
def test_prepare_demo_twice_makes_one_world_and_the_accounts_once(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("prepare_demo")
    schools = Institution.objects.filter(kind="school").count()
    assert schools == 30
    assert Finding.objects.open().exists()
    accounts = set(User.objects.values_list("username", flat=True))
    call_command("prepare_demo")
    assert Institution.objects.filter(kind="school").count() == schools
    assert set(User.objects.values_list("username", flat=True)) == accounts
    printed = capsys.readouterr().out
    assert all(username in printed for username in accounts)


@pytest.mark.django_db
def test_prepare_demo_empty_has_the_real_directory_and_nothing_invented() -> None:
    call_command("prepare_demo", "--empty")
    assert Institution.objects.filter(kind="school").count() == 223
    assert not Institution.objects.filter(is_fictional=True).exists()
    with pytest.raises(CommandError, match="真实学校"):
        call_command("make_world", "--schools", "1", "--weeks", "1")
