"""Classes of schools: import for the district, set-up by a school, and closing one."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from schools.models import School, SchoolClass
from shuangjian.bureau.models import Institution
from shuangjian.bureau.tables import ImportResult, Line, Problems, parse_table, whole_number
from shuangjian.bureau.upsert import Wanted, upsert
from shuangjian.core import clock
from shuangjian.core.choices import Stage
from shuangjian.core.errors import Refused
from shuangjian.intake.coverage import recheck_returns
from shuangjian.intake.models import WeeklyReturn
from shuangjian.journal.services import record, request_evaluation

COLUMNS = ("school_code", "class_code", "pupils")
PASTED_COLUMNS = ("class_code", "pupils")
_HEADS = (PASTED_COLUMNS[0], "班级代码")
MOST_PUPILS = 80
FIRST_SCHOOL_YEAR = 2021  # the guideline's first
_CODE = re.compile(r"^(20\d{2})-(0[1-9])-(\d{2})$", re.ASCII)
_CODE_HELP = "应写作 2026-07-03：学年起始年份-两位年级（01–09）-两位班号。"


@transaction.atomic
def import_classes(lines: list[Line], *, actor: Any) -> ImportResult:
    """Create or change classes by school and class code; columns COLUMNS.

    A class that had been closed and is listed again is open again. InvalidInput, nothing saved, when a line is wrong.
    """
    codes = {line.get("school_code") for line in lines}
    schools = {
        s.institution.code: s for s in School.objects.filter(institution__code__in=codes).select_related("institution")
    }
    return _save_classes(lines, schools, act="import_classes", actor=actor, institution_id=None)


@transaction.atomic
def add_classes(school: School, text: str, *, actor: Any) -> ImportResult:
    """Create or change classes of one school from pasted lines "class code,pupils", as import_classes.

    Commas may be Chinese, or tabs as a spreadsheet copies them; a head line, in words or names, is passed over.
    """
    plain = text.translate(str.maketrans("，\t", ",,"))
    if plain.lstrip().startswith(_HEADS):
        plain = f"#{plain.lstrip()}"  # a comment, so that line numbers stay those of the field
    lines = parse_table(plain, PASTED_COLUMNS, columns=PASTED_COLUMNS)
    code = school.institution.code
    lines = [Line(line.number, {"school_code": code, **line.values}) for line in lines]
    return _save_classes(lines, {code: school}, act="add_classes", actor=actor, institution_id=school.pk)


@transaction.atomic
def close_class(school_class: SchoolClass, *, closed_on: dt.date, actor: Any) -> SchoolClass:
    """Close a class from ``closed_on`` on; what was filed for it stays. Refused when it is closed already."""
    current = SchoolClass.objects.select_for_update().get(pk=school_class.pk)
    if current.closed_on is not None:
        raise Refused(f"班级 {current.code} 已于 {current.closed_on} 停用，不必再次停用。", status=409)
    current.closed_on = closed_on
    current.save(update_fields=["closed_on"])
    record(
        "close_class",
        actor=actor,
        institution_id=current.school_id,
        target=current.code,
        detail={"closed_on": closed_on.isoformat()},
    )
    _follow(current.school_id, closed_on, f"班级停用 {current.code}")
    return current


@transaction.atomic
def reopen_class(school_class: SchoolClass, *, actor: Any) -> SchoolClass:
    """Take a class into use again. Refused when it is open."""
    current = SchoolClass.objects.select_for_update().get(pk=school_class.pk)
    if current.closed_on is None:
        raise Refused(f"班级 {current.code} 正在使用，不必恢复。", status=409)
    since, current.closed_on = current.closed_on, None
    current.save(update_fields=["closed_on"])
    record("reopen_class", actor=actor, institution_id=current.school_id, target=current.code)
    _follow(current.school_id, since, f"班级恢复 {current.code}")
    return current


def grades_of(institution: Institution) -> range:
    """The grades of compulsory education that a school's stages hold."""
    first = 1 if Stage.PRIMARY in institution.stages else 7
    last = 9 if Stage.JUNIOR in institution.stages else 6
    return range(first, last + 1)


def _save_classes(
    lines: list[Line], schools: Mapping[str, School], *, act: str, actor: Any, institution_id: int | None
) -> ImportResult:
    problems = Problems()
    wanted: dict[Any, Wanted] = {}
    for line in lines:
        school = schools.get(line.get("school_code"))
        if school is None:
            code = line.get("school_code")
            problems.add(line, "school_code", f"没有代码为“{code}”的学校，请先导入学校或改正代码。")
            continue
        values = _class_values(line, school, problems)
        if values is None:
            continue
        key = (school.pk, values["code"])
        if key in wanted:
            first = wanted[key].line.number
            problems.add(line, "class_code", f"班级 {values['code']} 与第 {first} 行重复，请删去一行。")
            continue
        wanted[key] = Wanted(line, values)
    problems.raise_if_any()
    # Two people who add the same class at the same moment: the second waits and finds it there.
    list(School.objects.select_for_update().filter(pk__in=[s.pk for s in schools.values()]).order_by("pk"))
    existing = {(c.school_id, c.code): c for c in SchoolClass.objects.filter(school__in=list(schools.values()))}
    filing = _filing_schools([school.pk for school in schools.values()])
    today = clock.today()
    for key, want in wanted.items():
        if key not in existing and key[0] in filing:
            # The school files already: its earlier weeks were complete without this class.
            want.values["opened_on"] = today
    done = upsert(SchoolClass, existing, wanted, problems)
    for school_id in sorted({c.school_id for c in [*done.created, *done.changed]} & filing):
        _follow(school_id, today, "班级变动")
    result = done.result
    record(act, actor=actor, institution_id=institution_id, detail=result.as_dict())
    return result


def _filing_schools(school_ids: list[int]) -> set[int]:
    """Those of the schools that have submitted a return."""
    submitted = WeeklyReturn.objects.filter(institution_id__in=school_ids, first_submitted_at__isnull=False)
    return set(submitted.order_by().values_list("institution_id", flat=True).distinct())


def _follow(school_id: int, since: dt.date, cause: str) -> None:
    """After a change of classes from ``since`` on: which returns are complete, and what follows from them."""
    until = max(since, clock.today()) + dt.timedelta(days=7)
    recheck_returns([school_id], since, until)
    request_evaluation(institution_id=school_id, since=since, until=until, cause=cause)


def _class_values(line: Line, school: School, problems: Problems) -> dict[str, Any] | None:
    code = line.get("class_code")
    match = _CODE.match(code)
    if match is None or match[3] == "00":
        problems.add(line, "class_code", f"“{code}”不是班级代码，{_CODE_HELP}")
        return None
    year, grade, number = (int(part) for part in match.groups())
    if not FIRST_SCHOOL_YEAR <= year <= clock.today().year + 1:
        message = f"学年 {year} 不合常理，应为 {FIRST_SCHOOL_YEAR} 至 {clock.today().year + 1}，请改正班级代码。"
        problems.add(line, "class_code", message)
        return None
    grades = grades_of(school.institution)
    if grade not in grades:
        message = f"{school} 只有 {grades[0]}–{grades[-1]} 年级，没有 {grade} 年级，请改正班级代码。"
        problems.add(line, "class_code", message)
        return None
    pupils = problems.read(line, "pupils", whole_number)
    if pupils is None:
        return None
    if not 1 <= pupils <= MOST_PUPILS:
        problems.add(line, "pupils", f"学生数 {pupils} 不合常理，应为 1–{MOST_PUPILS}，请核对。")
        return None
    return {
        "school_id": school.pk,
        "code": code,
        "school_year": year,
        "grade": grade,
        "number": number,
        "pupils": pupils,
        "closed_on": None,
    }
