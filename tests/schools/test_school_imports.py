"""The school directory: codes that never change, towns that stay open, and nothing half-saved."""

import datetime as dt

import pytest
from django.core.management import CommandError, call_command

from schools.models import School
from schools.reference import SOURCE, load_directory
from schools.school_imports import OPTIONAL_COLUMNS, REQUIRED_COLUMNS, import_schools
from shuangjian.bureau.institution_services import confirm_town
from shuangjian.bureau.models import CalendarDay, Institution, Term, UnitDay
from shuangjian.bureau.reference import load_reference
from shuangjian.bureau.tables import parse_table
from shuangjian.core.errors import InvalidInput
from shuangjian.journal.models import AuditEntry

HEAD = "code,name,nature,stage,town,town_confirmed,guidance_centre,opened_on,live_from\n"
FIRST = "44011310001,示范一小,公办,小学,演示东街,yes,演示片,,\n"


def run(text: str, head: str = HEAD, **options):
    return import_schools(parse_table(head + text, REQUIRED_COLUMNS, OPTIONAL_COLUMNS), actor=None, **options)


def problems(refused) -> dict[str, str]:
    return {problem.path: problem.message for problem in refused.value.problems}


def test_a_second_import_changes_nothing(places):
    assert run(FIRST).as_dict() == {"created": 1, "changed": 0, "unchanged": 0}
    assert run(FIRST).as_dict() == {"created": 0, "changed": 0, "unchanged": 1}
    school = School.objects.get(institution__code="44011310001")
    assert (school.institution.town, school.institution.centre) == (places.street, places.centre)
    assert AuditEntry.objects.filter(act="import_schools").count() == 2


@pytest.mark.parametrize("written", ["演示东街", "演示东街道"])
def test_a_street_may_be_written_short(places, written):
    run(FIRST.replace("演示东街", written))
    assert Institution.objects.get().town == places.street


@pytest.mark.parametrize(
    ("town", "confirmed", "candidates"),
    [
        ("演示东街", "no", "演示东街道"),
        ("演示东街/演示西镇", "no", "演示东街道、演示西镇"),
        ("演示东街/演示西镇", "yes", "演示东街道、演示西镇"),  # two towns are never one, whatever the line says
        ("", "no", ""),
    ],
)
def test_an_open_town_is_null_and_keeps_its_candidates(places, town, confirmed, candidates):
    run(f",示范一小,公办,小学,{town},{confirmed},演示片,,\n")
    institution = Institution.objects.get()
    assert (institution.town, institution.town_candidates) == (None, candidates)


def test_an_import_never_undoes_a_confirmed_town(places):
    line = ",示范一小,公办,小学,演示东街/演示西镇,no,演示片,,\n"
    run(line)
    confirm_town(Institution.objects.get(), places.town, actor=None, today=dt.date(2026, 11, 24))
    assert run(line).as_dict() == {"created": 0, "changed": 0, "unchanged": 1}
    assert Institution.objects.get().town == places.town


@pytest.mark.parametrize(
    ("stage", "digit", "stages"),
    [
        ("小学", "1", ["primary"]),
        ("初中", "2", ["junior"]),
        ("九年一贯", "3", ["primary", "junior"]),
        ("完全中学", "4", ["junior"]),
        ("十二年一贯", "5", ["primary", "junior"]),
    ],
)
def test_a_blank_code_takes_the_next_number_of_the_type(places, stage, digit, stages):
    run(f"440113{digit}0007,示范甲,公办,{stage},演示西镇,,,,\n,示范乙,民办,{stage},演示西镇,,,,\n")
    institution = Institution.objects.get(name="示范乙")
    assert (institution.code, institution.stages) == (f"440113{digit}0008", stages)


def test_a_blank_code_finds_the_school_by_its_exact_name(places):
    run(FIRST)
    assert run(",示范一小,民办,小学,演示东街,yes,演示片,,\n").as_dict() == {"created": 0, "changed": 1, "unchanged": 0}
    school = School.objects.get()
    assert (school.institution.code, school.nature) == ("44011310001", "民办")


def test_a_code_renames_the_school_and_the_code_stays(places):
    run(FIRST)
    run(FIRST.replace("示范一小", "示范新一小"))
    institution = Institution.objects.get()
    assert (institution.code, institution.name) == ("44011310001", "示范新一小")


def test_dates_are_taken_and_a_blank_leaves_what_is_on_record(places):
    run(FIRST.replace("演示片,,", "演示片,2026-09-01,2026/11/2"))
    assert run(FIRST).unchanged == 1
    institution = Institution.objects.get()
    assert (institution.opened_on, institution.went_live_on) == (dt.date(2026, 9, 1), dt.date(2026, 11, 2))


def test_every_wrong_line_is_named_and_nothing_is_saved(places):
    text = FIRST + (
        "44011320002,示范二小,公办,小学,演示西镇,,,,\n"
        ",,公办,小学,演示西镇,,,,\n"
        ",示范四小,公立,小学,演示西镇,,,,\n"
        ",示范五小,公办,幼儿园,演示西镇,,,,\n"
        ",示范六小,公办,小学,没有的镇,,,,\n"
        ",示范七小,公办,小学,演示西镇,maybe,,,\n"
        ",示范八小,公办,小学,演示西镇,,没有的片,,\n"
        ",示范九小,公办,小学,演示西镇,,,九月,\n"
        ",示范一小,公办,小学,演示西镇,,,,\n"
        "4401131002,示范十小,公办,小学,演示西镇,,,,\n"
    )
    with pytest.raises(InvalidInput) as refused:
        run(text)
    found = problems(refused)
    assert set(found) == {
        "第 3 行 code",
        "第 4 行 name",
        "第 5 行 nature",
        "第 6 行 stage",
        "第 7 行 town",
        "第 8 行 town_confirmed",
        "第 9 行 guidance_centre",
        "第 10 行 opened_on",
        "第 11 行 name",
        "第 12 行 code",
    }
    assert "演示西镇" in found["第 7 行 town"]  # says which names are known
    assert not Institution.objects.exists()


def test_a_new_code_must_carry_the_digit_of_the_type_and_a_known_name_keeps_its_code(places):
    run(FIRST)
    with pytest.raises(InvalidInput) as refused:
        run("44011320001,示范二小,公办,小学,演示西镇,,,,\n44011310002,示范一小,公办,小学,演示西镇,,,,\n")
    found = problems(refused)
    assert "应为 1（小学）" in found["第 2 行 code"]
    assert "44011310001" in found["第 3 行 name"]


def test_new_schools_get_their_days_at_once_and_an_unchanged_import_builds_none(places):
    Term.objects.create(
        key="2026-2027-1", stage="primary", starts_on="2026-09-01", ends_on="2026-12-31", certainty="official"
    )
    CalendarDay.objects.create(date="2026-10-01", kind="holiday", reason="国庆节", certainty="official")
    run(FIRST)
    assert UnitDay.objects.filter(institution__code="44011310001", is_school_day=True).exists()
    entries = AuditEntry.objects.filter(act="rebuild_unit_days")
    count = entries.count()
    run(FIRST)
    assert entries.count() == count


@pytest.mark.django_db
def test_the_shipped_directory_has_223_schools_and_is_loaded_once():
    load_reference(actor=None)
    assert load_directory(actor=None).as_dict() == {"created": 223, "changed": 0, "unchanged": 0}
    assert load_directory(actor=None).as_dict() == {"created": 0, "changed": 0, "unchanged": 223}
    schools = Institution.objects.filter(kind="school")
    assert schools.exclude(source=SOURCE).count() == 0
    assert (
        schools.filter(town__isnull=True).exclude(town_candidates="").count()
        == schools.filter(town__isnull=True).count()
    )
    assert all(code[6] == str(kind) for code, kind in School.objects.values_list("institution__code", "type"))


@pytest.mark.django_db
def test_one_command_loads_everything_and_again_changes_nothing(capsys):
    call_command("load_reference_data", "--schools")
    assert "学校：新增 223，修改 0，未变 0" in capsys.readouterr().out
    call_command("load_reference_data", "--schools")
    lines = capsys.readouterr().out.strip().splitlines()
    assert len(lines) == 9
    assert all("新增 0，修改 0" in line for line in lines)


def test_the_command_names_the_wrong_line(places, tmp_path):
    path = tmp_path / "schools.csv"
    path.write_text("name,nature,stage,town\n示范一小,公办,小学,某某镇\n", encoding="utf-8")
    with pytest.raises(CommandError, match="第 2 行 town：不认识镇街“某某镇”"):
        call_command("import_schools", str(path))
