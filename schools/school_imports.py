"""Import of the school directory. A school's code is given once and never changes; its town may be unconfirmed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from schools.models import School
from shuangjian.bureau.calendar import rebuild_unit_days
from shuangjian.bureau.imports import centres_by_name, towns_by_name
from shuangjian.bureau.models import GuidanceCentre, Institution, Town
from shuangjian.bureau.pinyin import sort_key
from shuangjian.bureau.reference import DISTRICT_CODE
from shuangjian.bureau.tables import ImportResult, Line, Problems, one_of, optional_date, required_text
from shuangjian.bureau.upsert import Upserted, Wanted, upsert
from shuangjian.core.choices import Stage
from shuangjian.journal.services import record

REQUIRED_COLUMNS = ("name", "nature", "stage", "town")
# The enrolment figures of the bureau's plan stand in the shipped file; nothing here reads them.
OPTIONAL_COLUMNS = (
    "code", "guidance_centre", "town_confirmed", "opened_on", "live_from",
    "g1_classes_2026", "g7_classes_2026", "g1_places_2026", "g7_places_2026",
)  # fmt: skip
CANDIDATE_SEPARATOR = "、"
_TYPES = {str(school_type.label): school_type for school_type in School.Type}
# Senior grades are outside the rules, so 完全中学 has the junior stage only and 十二年一贯 two.
STAGES: dict[int, list[str]] = {
    School.Type.PRIMARY: [Stage.PRIMARY],
    School.Type.JUNIOR: [Stage.JUNIOR],
    School.Type.NINE_YEAR: [Stage.PRIMARY, Stage.JUNIOR],
    School.Type.COMPLETE_SECONDARY: [Stage.JUNIOR],
    School.Type.TWELVE_YEAR: [Stage.PRIMARY, Stage.JUNIOR],
}
_CODE = re.compile(rf"^{DISTRICT_CODE}([1-5])(\d{{4}})$", re.ASCII)


@dataclass
class _Directory:
    """What the lines of one import are read against."""

    towns: dict[str, Town]
    centres: dict[str, GuidanceCentre]
    by_code: dict[str, Institution]
    codes_by_name: dict[str, list[str]]
    last_number: dict[int, int] = field(default_factory=dict)

    @classmethod
    def load(cls, lines: list[Line]) -> _Directory:
        by_code = {i.code: i for i in Institution.objects.filter(kind=Institution.Kind.SCHOOL)}
        codes_by_name: dict[str, list[str]] = {}
        for institution in by_code.values():
            codes_by_name.setdefault(institution.name, []).append(institution.code)
        directory = cls(towns_by_name(), centres_by_name(), by_code, codes_by_name)
        # Codes that stand further down in the table are taken too.
        for code in (*by_code, *(line.get("code") for line in lines)):
            match = _CODE.match(code)
            if match is not None:
                digit, number = int(match[1]), int(match[2])
                directory.last_number[digit] = max(number, directory.last_number.get(digit, 0))
        return directory

    def next_code(self, school_type: int) -> str:
        number = self.last_number.get(school_type, 0) + 1
        self.last_number[school_type] = number
        return f"{DISTRICT_CODE}{school_type}{number:04d}"


@transaction.atomic
def import_schools(lines: list[Line], *, actor: Any, source: str = "", is_fictional: bool = False) -> ImportResult:
    """Create or change schools by code, or by exact name where the code is blank; a new one takes the next number.

    ``town_confirmed`` no, or several towns with a slash, leaves the town open and keeps the candidates; it never
    undoes a town that somebody has confirmed. InvalidInput, nothing saved, when any line is wrong. The calendar
    of new schools, and of those whose stages or town changed, is derived at once.
    """
    problems = Problems()
    directory = _Directory.load(lines)
    institutions: dict[Any, Wanted] = {}
    schools: dict[str, Wanted] = {}
    marks = {"kind": Institution.Kind.SCHOOL, "is_fictional": is_fictional} | ({"source": source} if source else {})
    for line in lines:
        _read_line(line, directory, marks, institutions, schools, problems)
    problems.raise_if_any()
    places_before = {code: _place(directory.by_code[code]) for code in institutions if code in directory.by_code}
    done = upsert(Institution, directory.by_code, institutions, problems)
    ids = dict(Institution.objects.filter(code__in=list(institutions)).values_list("code", "pk"))
    result = _upsert_schools(done, {ids[code]: want for code, want in schools.items()}, problems)
    record("import_schools", actor=actor, detail=result.as_dict() | {"source": source})
    moved = [i for i in (*done.created, *done.changed) if _place(i) != places_before.get(i.code)]
    if moved:
        rebuild_unit_days(cause="导入学校名录", actor=actor, institution_ids=[i.pk for i in moved])
    return result


def _place(institution: Institution) -> tuple[tuple[str, ...], int | None]:
    """What the calendar of a school depends on."""
    return tuple(institution.stages), institution.town_id


def _upsert_schools(done: Upserted[Institution], wanted: dict[Any, Wanted], problems: Problems) -> ImportResult:
    for institution_id, want in wanted.items():
        want.values["institution_id"] = institution_id
    existing = {school.pk: school for school in School.objects.filter(pk__in=list(wanted))}
    schools = upsert(School, existing, wanted, problems)
    created = {i.pk for i in done.created}
    changed = {i.pk for i in done.changed} | {s.pk for s in (*schools.created, *schools.changed)}
    return ImportResult(len(created), len(changed - created), len(wanted) - len(changed | created))


def _read_line(
    line: Line,
    directory: _Directory,
    marks: dict[str, Any],
    institutions: dict[Any, Wanted],
    schools: dict[str, Wanted],
    problems: Problems,
) -> None:
    name = problems.read(line, "name", required_text)
    nature = problems.read(line, "nature", one_of(*School.Nature.values))
    stage = problems.read(line, "stage", one_of(*_TYPES))
    opened_on = problems.read(line, "opened_on", optional_date)
    live_from = problems.read(line, "live_from", optional_date)
    if not (name and nature and stage):
        return
    school_type = _TYPES[stage]
    code = _code_of(line, name, school_type, directory, problems)
    if code is None:
        return
    if code in institutions:
        first = institutions[code].line.number
        problems.add(line, "code" if line.get("code") else "name", f"与第 {first} 行是同一所学校，请删去一行。")
        return
    values = marks | {"code": code, "name": name, "pinyin": sort_key(name, 240), "stages": STAGES[school_type]}
    values |= _town_values(line, directory, code, problems) | _centre_values(line, directory, problems)
    # A blank cell leaves what is on record: these dates are often filled in later, elsewhere.
    values |= {"opened_on": opened_on} if opened_on else {}
    values |= {"went_live_on": live_from} if live_from else {}
    institutions[code] = Wanted(line, values)
    schools[code] = Wanted(line, {"nature": nature, "type": school_type.value})


def _code_of(line: Line, name: str, school_type: School.Type, directory: _Directory, problems: Problems) -> str | None:
    given, namesakes = line.get("code"), directory.codes_by_name.get(name, [])
    if not given:
        if len(namesakes) > 1:
            problems.add(line, "code", f"有 {len(namesakes)} 所学校都叫“{name}”，请填写代码。")
            return None
        if namesakes:
            return namesakes[0]
        code = directory.next_code(school_type)
        directory.codes_by_name[name] = [code]
        return code
    if given in directory.by_code:
        return given
    match = _CODE.match(given)
    if match is None:
        problems.add(line, "code", f"“{given}”不是学校代码，应为 {DISTRICT_CODE}、1 位学校类型、4 位顺序号。")
    elif int(match[1]) != school_type:
        problems.add(
            line, "code", f"代码第 7 位应为 {school_type.value}（{school_type.label}），请改正代码或学校类型。"
        )
    elif namesakes:
        problems.add(line, "name", f"“{name}”已在名录中，代码是 {namesakes[0]}，请用该代码或改正名称。")
    else:
        directory.codes_by_name[name] = [given]
        return given
    return None


def _town_values(line: Line, directory: _Directory, code: str, problems: Problems) -> dict[str, Any]:
    is_confirmed = problems.read(line, "town_confirmed", one_of("yes", "no", "是", "否", "")) in ("yes", "是", "")
    towns = []
    for part in re.split(r"[/、]", line.get("town")):
        town = directory.towns.get(part.strip())
        if town is not None:
            towns.append(town)
        elif part.strip():
            known = "、".join(sorted({t.name for t in directory.towns.values()}))
            problems.add(line, "town", f"不认识镇街“{part.strip()}”，请改为下列之一：{known}。")
    if is_confirmed and len(towns) == 1:
        return {"town": towns[0], "town_candidates": ""}
    known_school = directory.by_code.get(code)
    if known_school is not None and known_school.town_id is not None:
        return {}
    return {"town": None, "town_candidates": CANDIDATE_SEPARATOR.join(town.name for town in towns)}


def _centre_values(line: Line, directory: _Directory, problems: Problems) -> dict[str, Any]:
    name = line.get("guidance_centre")
    if not name:
        return {}
    centre = directory.centres.get(name)
    if centre is None:
        known = "、".join(sorted({c.name for c in directory.centres.values()}))
        problems.add(line, "guidance_centre", f"不认识教育指导中心“{name}”，请改为下列之一：{known}。")
        return {}
    return {"centre": centre}
