"""The fictional world: lawful where nothing is planted, found where something is, and never near a real name."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from inspections.models import Visit
from schools.fiction import directory, payloads, plants, stage_plants
from schools.fiction.key import Found
from schools.fiction.world import Tuning, make_world
from schools.reference import DIRECTORY
from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution
from shuangjian.bureau.reference import load_reference
from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.intake.models import ReturnVersion, WeeklyReturn
from shuangjian.intake.payloads import canonical
from shuangjian.intake.sections import Form
from shuangjian.intake.services import preview_return
from shuangjian.journal.models import EvaluationRequest, Run
from shuangjian.rules.drain import drain
from shuangjian.rules.models import Finding
from tests import make

WEEK = Week.parse("2026-W45")
_NOW = clock.at(Week.parse("2026-W46").days[1], 9 * 60)


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
def test_a_lawful_payload_is_complete_finds_nothing_and_is_what_the_checks_would_make_of_it() -> None:
    school, classes, days = _told()
    for seed in range(5):
        payload = payloads.lawful(classes, days, Random(seed))
        checked, findings = preview_return(school, WEEK, payload, now=clock.at(WEEK.sunday, 0))
        assert (checked.gaps, findings) == ([], [])
        assert canonical(checked.payload) == canonical(payload)


def _about(grade: int) -> list[tuple[str, int]]:
    return [(rule, grade) for rule in sorted(plants.weights_for(grade))]


@pytest.mark.django_db
@pytest.mark.parametrize(("rule", "grade"), [*_about(2), *_about(5), *_about(9)])
def test_a_violation_planted_into_a_class_raises_what_it_tells_and_nothing_else(rule: str, grade: int) -> None:
    school, classes, days = _told()
    told: set[Found] = set()
    for seed in range(8):
        random = Random(seed)
        planted: list[Found] = []

        def change(plans: payloads.Plans, random: Random = random, planted: list[Found] = planted) -> None:
            plan = next(plan for plan in plans.classes if plan.grade == grade)
            planted += plants.plant(rule, plan, random)

        payload = payloads.changed(classes, days, random, change)
        assert _foreseen(school, payload) == set(planted)
        told |= set(planted)
    assert rule in {found.rule for found in told}


@pytest.mark.django_db
@pytest.mark.parametrize("stage", ["primary", "junior"])
@pytest.mark.parametrize("rule", sorted(stage_plants.LESSON_WEIGHTS | stage_plants.SERVICE_WEIGHTS))
def test_a_violation_planted_into_a_stage_raises_what_it_tells_and_nothing_else(rule: str, stage: str) -> None:
    school, classes, days = _told()
    for seed in range(8):
        random = Random(seed)
        planted: list[Found] = []

        def change(plans: payloads.Plans, random: Random = random, planted: list[Found] = planted) -> None:
            plan = next(plan for plan in plans.stages if plan.stage == stage)
            planted += stage_plants.plant(rule, plan, random)

        payload = payloads.changed(classes, days, random, change)
        assert planted
        assert _foreseen(school, payload) == set(planted)


def _foreseen(school: Institution, payload: payloads.Payload) -> set[Found]:
    checked, findings = preview_return(school, WEEK, payload, now=clock.at(WEEK.sunday, 0))
    assert (checked.problems, checked.gaps) == ([], [])
    return {Found(f["rule"], f["about"], f["occurred_on"].isoformat(), f["observed"], f["limit"]) for f in findings}


def test_the_districts_sizes_are_those_of_the_directory_scaled_to_nine_thousand_classes() -> None:
    for seed in range(5):
        schools = list(directory.schools(240, Random(seed)))
        assert 8_300 <= sum(sum(school.classes.values()) for school in schools) <= 9_700
        kinds = Counter(school.kind for school in schools)
        assert kinds == {1: 154, 2: 36, 3: 46, 4: 2, 5: 2}


@pytest.mark.django_db
def test_the_same_seed_and_day_give_the_same_world_and_another_seed_another(tmp_path: Path) -> None:
    load_reference(actor=None)
    written = []
    for number, seed in enumerate((7, 7, 8)):
        with transaction.atomic():
            world = make_world(
                schools=3, weeks=3, seed=seed, now=_NOW, tuning=Tuning(size=0.2, breach=0.1), is_evaluated=False
            )
            versions = ReturnVersion.objects.order_by("weekly_return__institution__code", "weekly_return__week", "pk")
            world.key.write(tmp_path / f"{number}.csv")
            written.append(
                (list(versions.values_list("sha256", "submitted_at")), (tmp_path / f"{number}.csv").read_text())
            )
            transaction.set_rollback(True)
    assert written[0] == written[1]
    assert written[0] != written[2]


@pytest.mark.django_db
def test_make_world_writes_its_key_and_leaves_the_judging_to_the_drain_when_asked(tmp_path: Path) -> None:
    load_reference(actor=None)
    key = tmp_path / "key.csv"
    arguments = ["--schools", "3", "--weeks", "3", "--size", "0.2", "--now", "2026-11-10T09:00", "--breach", "0.1"]
    arguments += ["--orgs", "9"]
    call_command("make_world", *arguments, "--no-evaluate", "--answer-key", str(key))
    assert not Finding.objects.exists()
    asked = list(EvaluationRequest.objects.filter(done_at__isnull=True).values_list("scope", flat=True))
    assert asked.count("district") == 1
    visited = Visit.objects.values("institution").distinct().count()
    assert asked.count("institution") == 9 + Institution.objects.filter(kind="public_body").count() + visited
    drain(lambda: _NOW)
    with key.open(encoding="utf-8") as lines:
        answers = {tuple(row.values()) for row in csv.DictReader(lines)}
    stored = Finding.objects.open().values_list(
        "rule", "institution__code", "about", "occurred_on", "observed", "limit"
    )
    assert answers == {tuple(map(str, row)) for row in stored}
    assert len(answers) > 10


@pytest.mark.django_db
def test_older_returns_are_reviewed_by_their_age_and_the_newest_wait() -> None:
    load_reference(actor=None)
    make_world(schools=6, weeks=8, seed=7, now=_NOW, tuning=Tuning(size=0.2))
    states: dict[Any, set[str]] = {}
    for week, state in WeeklyReturn.objects.exclude(current_version=None).values_list("week", "state"):
        states.setdefault(week, set()).add(state)
    first, newest = min(states), max(states)
    assert {"locked"} <= states[first] <= {"locked", "approved", "submitted", "returned", "withdrawn"}
    assert states[newest] <= {"submitted", "returned", "withdrawn"}
    assert {"approved", "accepted", "locked", "submitted"} <= set.union(*states.values())


@pytest.mark.django_db
def test_make_world_says_when_the_calendar_does_not_reach_back_so_far() -> None:
    load_reference(actor=None)
    with pytest.raises(CommandError, match="教学周"):
        call_command("make_world", "--schools", "1", "--weeks", "90")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--schools", "0"), "学校数应为 1–999，现为 0"),
        (("--schools", "1000"), "学校数应为 1–999，现为 1000"),
        (("--weeks", "0"), "教学周数至少为 1，现为 0"),
        (("--orgs", "-5"), "培训机构数不能为负，现为 -5"),
        (("--breach", "1.5"), "应为 0–1"),
        (("--breach", "nan"), "应为 0–1"),
        (("--size", "0"), "班级倍数应大于 0"),
        (("--size", "nan"), "班级倍数应大于 0"),
        (("--schools", "-3", "--weeks", "-1"), "学校数应为 1–999，现为 -3；教学周数至少为 1，现为 -1。"),
    ],
)
def test_make_world_refuses_sizes_of_which_no_world_can_be_made(arguments: tuple[str, ...], words: str) -> None:
    load_reference(actor=None)
    with pytest.raises(CommandError, match=words):
        call_command("make_world", *arguments)
    assert not Institution.objects.filter(kind="school").exists()


@pytest.mark.django_db
def test_make_world_asks_for_the_reference_data_where_there_is_none() -> None:
    with pytest.raises(CommandError, match="load_reference_data"):
        call_command("make_world", "--schools", "1", "--weeks", "1")


@pytest.mark.django_db
def test_make_world_says_before_it_begins_that_its_key_cannot_be_written(tmp_path: Path) -> None:
    load_reference(actor=None)
    for path, words in ((tmp_path / "none" / "key.csv", "不存在"), (tmp_path, "是目录")):
        with pytest.raises(CommandError, match=words):
            call_command("make_world", "--schools", "1", "--weeks", "1", "--answer-key", str(path))
    assert not Institution.objects.filter(kind="school").exists()


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
    assert not Run.objects.filter(finished_at=None).exists(), "nothing that the world asked for waits for ever"
    assert Finding.objects.open().exists()
    everybody = User.objects.filter(is_active=True)  # the others stand beside decisions about lists and sign in nowhere
    accounts = set(everybody.values_list("username", flat=True))
    call_command("prepare_demo")
    assert Institution.objects.filter(kind="school").count() == schools
    assert set(everybody.values_list("username", flat=True)) == accounts
    printed = capsys.readouterr().out
    assert all(username in printed for username in accounts)


@pytest.mark.django_db
def test_prepare_demo_empty_has_the_real_directory_and_nothing_invented() -> None:
    call_command("prepare_demo", "--empty")
    assert Institution.objects.filter(kind="school").count() == 223
    assert not Institution.objects.filter(is_fictional=True).exists()
    with pytest.raises(CommandError, match="真实学校"):
        call_command("make_world", "--schools", "1", "--weeks", "1")
