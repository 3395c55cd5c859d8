"""Reference data: idempotent, all or nothing, and never over what the bureau has changed."""

import datetime as dt

import pytest
from django.core.management import CommandError, call_command

from shuangjian.bureau.calendar_imports import CALENDAR_COLUMNS, TERM_COLUMNS, import_calendar, import_terms
from shuangjian.bureau.imports import TOWN_COLUMNS, centres_by_name, import_towns, towns_by_name
from shuangjian.bureau.models import (
    Break,
    CalendarDay,
    CalendarVersion,
    Department,
    GuidanceCentre,
    Institution,
    RestDay,
    Term,
    Town,
    UnitDay,
)
from shuangjian.bureau.reference import BUREAU_BODY_CODE, load_reference
from shuangjian.bureau.tables import parse_table
from shuangjian.bureau.workdays import add_workdays
from shuangjian.core.errors import InvalidInput
from shuangjian.journal.models import AuditEntry

pytestmark = pytest.mark.django_db


def towns(text: str):
    return import_towns(parse_table(f"code,name,kind\n{text}", TOWN_COLUMNS), actor=None)


def problems(refused) -> dict[str, str]:
    return {problem.path: problem.message for problem in refused.value.problems}


def test_a_second_import_of_towns_changes_nothing():
    text = "440113007,市桥街道,街道\n440113102,南村镇,镇\n"
    assert towns(text).as_dict() == {"created": 2, "changed": 0, "unchanged": 0}
    assert towns(text).as_dict() == {"created": 0, "changed": 0, "unchanged": 2}
    assert towns("440113007,市桥新街道,街道\n").as_dict() == {"created": 0, "changed": 1, "unchanged": 0}
    assert Town.objects.get(code="440113007").name == "市桥新街道"
    assert AuditEntry.objects.filter(act="import_towns").count() == 3


def test_wrong_lines_are_all_named_and_nothing_is_saved():
    with pytest.raises(InvalidInput) as refused:
        towns(
            "440113007,市桥街道,街道\nX,沙头街道,街道\n440113009,东环街道,镇\n440113007,大石街道,街道\n440113010,市桥街道,街道\n"
        )
    assert set(problems(refused)) == {"第 3 行 code", "第 4 行 name", "第 5 行 code", "第 6 行 name"}
    assert not Town.objects.exists()


def test_a_name_that_belongs_to_another_code_is_refused():
    towns("440113007,市桥街道,街道\n")
    with pytest.raises(InvalidInput) as refused:
        towns("440113008,市桥街道,街道\n")
    assert "440113007" in problems(refused)["第 2 行 name"]


def test_a_street_is_known_by_its_short_name_and_a_town_is_not_shortened():
    towns("440113007,市桥街道,街道\n440113102,南村镇,镇\n")
    names = towns_by_name()
    assert names["市桥街"] == names["市桥街道"] == Town.objects.get(code="440113007")
    assert "南村" not in names


def test_a_centre_is_known_with_and_without_its_suffix():
    GuidanceCentre.objects.create(code="ZX01", name="演示片", pinyin="y")
    assert centres_by_name()["演示片"] == centres_by_name()["演示片教育指导中心"]


def test_the_command_prints_the_result_and_names_wrong_lines(tmp_path, capsys):
    path = tmp_path / "towns.csv"
    path.write_text("code,name,kind\n440113007,市桥街道,街道\n", encoding="gbk")
    call_command("import_towns", str(path))
    assert "新增 1，修改 0，未变 0" in capsys.readouterr().out
    path.write_text("code,name,kind\n7,市桥街道,街道\n", encoding="utf-8")
    with pytest.raises(CommandError, match="第 2 行 code"):
        call_command("import_towns", str(path))


def test_the_shipped_reference_data_loads_once_and_then_changes_nothing():
    load_reference(actor=None)
    assert (Town.objects.count(), GuidanceCentre.objects.count(), Department.objects.count()) == (16, 8, 22)
    bodies = Institution.objects.filter(kind="public_body")
    assert bodies.filter(category="town").count() == 16
    assert bodies.filter(category="department").count() == 20
    assert bodies.get(category="bureau").code == BUREAU_BODY_CODE
    assert set(Term.objects.values_list("certainty", flat=True)) == {"provisional"}
    versions = CalendarVersion.objects.count()
    assert {result.written for result in load_reference(actor=None).values()} == {0}
    assert CalendarVersion.objects.count() == versions


#: Holidays that the State Council's notice of each year names, and workdays swapped for them, counted by hand.
NOTICES = {2021: (31, 7), 2022: (32, 7), 2023: (26, 7), 2024: (28, 8), 2025: (28, 5), 2026: (33, 6)}


def test_the_shipped_calendar_has_each_year_of_the_guideline_as_the_notices_say():
    load_reference(actor=None)
    for year, (holidays, workdays) in NOTICES.items():
        days = CalendarDay.objects.filter(date__year=year)
        kinds = list(days.values_list("kind", flat=True))
        assert (kinds.count("holiday"), kinds.count("workday")) == (holidays, workdays), year
        assert all(day.date.isoweekday() > 5 for day in days if day.kind == "workday"), year
    rests = {str(day): RestDay.objects.filter(date=day, stage="primary").exists() for day in TRICKY}
    assert rests == TRICKY
    assert add_workdays(dt.date(2025, 9, 30), 5) == dt.date(2025, 10, 14)


#: Sundays and Saturdays that were workdays, weekdays that were holidays, and plain weekends of past years.
TRICKY = {
    "2021-09-26": False, "2022-01-29": False, "2023-06-25": False, "2024-05-11": False, "2025-09-28": False,
    "2021-09-20": True, "2022-12-31": True, "2023-10-06": True, "2024-06-08": True, "2025-10-08": True,
    "2023-12-30": True, "2025-10-09": False,
}  # fmt: skip


def test_the_shipped_2026_is_official_and_2027_provisional():
    load_reference(actor=None)
    assert set(CalendarDay.objects.filter(date__year=2026).values_list("certainty", flat=True)) == {"official"}
    assert set(CalendarDay.objects.filter(date__year=2027).values_list("certainty", flat=True)) == {"provisional"}


def test_loading_again_leaves_what_the_bureau_has_changed():
    load_reference(actor=None)
    Term.objects.filter(key="2026-2027-1").update(ends_on="2027-01-20", certainty="official")
    CalendarDay.objects.filter(date="2027-02-05").delete()
    Break.objects.filter(name="暑假2027").delete()
    load_reference(actor=None)
    assert set(Term.objects.filter(key="2026-2027-1").values_list("certainty", flat=True)) == {"official"}
    assert not CalendarDay.objects.filter(date="2027-02-05").exists()
    assert not Break.objects.filter(name="暑假2027").exists()


def test_a_typed_in_announcement_replaces_provisional_days_and_days_are_derived_anew(calendar, day):
    lines = parse_table("date,kind,name,certainty\n2027-01-01,holiday,元旦,provisional\n", CALENDAR_COLUMNS)
    import_calendar(lines, actor=None)
    assert day(calendar.east, "2027-01-04").is_provisional
    lines = parse_table(
        "date,kind,name,certainty\n2027-01-01,holiday,元旦,official\n2027-01-09,workday,元旦,official\n",
        CALENDAR_COLUMNS,
    )
    assert import_calendar(lines, actor=None).as_dict() == {"created": 1, "changed": 1, "unchanged": 0}
    assert not day(calendar.east, "2027-01-04").is_provisional
    assert day(calendar.east, "2027-01-09").is_school_day


def test_terms_that_overlap_are_refused_by_line_and_nothing_is_saved(calendar):
    before = UnitDay.objects.count()
    lines = parse_table(
        "kind,name,stage,starts_on,ends_on,certainty\n"
        "term,2026-2027-2,primary,2027-02-22,2027-07-09,official\n"
        "break,寒假2027,primary,2027-01-20,2027-02-21,official\n"
        "term,2026-3,primary,2027-09-01,2027-12-01,official\n",
        TERM_COLUMNS,
    )
    with pytest.raises(InvalidInput) as refused:
        import_terms(lines, actor=None)
    assert set(problems(refused)) == {"第 4 行 name"}
    with pytest.raises(InvalidInput) as refused:
        import_terms(lines[:2], actor=None)
    assert set(problems(refused)) == {"第 3 行 starts_on"}
    assert (Term.objects.count(), UnitDay.objects.count()) == (2, before)


def test_two_lines_may_trade_days_that_each_alone_would_overlap(calendar):
    lines = parse_table(
        "kind,name,stage,starts_on,ends_on,certainty\n"
        "term,2026-2027-1,primary,2026-09-01,2027-01-29,official\n"
        "break,寒假2027,primary,2027-01-30,2027-02-21,official\n",
        TERM_COLUMNS,
    )
    assert import_terms(lines, actor=None).as_dict() == {"created": 1, "changed": 1, "unchanged": 0}
    assert import_terms(lines, actor=None).as_dict() == {"created": 0, "changed": 0, "unchanged": 2}
