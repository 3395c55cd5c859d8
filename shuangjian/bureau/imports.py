"""Imports of towns, guidance centres and departments, and the lookups by name that other imports share."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from shuangjian.bureau.models import Department, GuidanceCentre, Town
from shuangjian.bureau.pinyin import sort_key
from shuangjian.bureau.tables import ImportResult, Line, Problems, one_of, required_text, whole_number
from shuangjian.bureau.upsert import Wanted, upsert
from shuangjian.journal.services import record

TOWN_COLUMNS = ("code", "name", "kind")
CENTRE_COLUMNS = ("code", "name")
DEPARTMENT_COLUMNS = ("code", "name", "clause", "order")
CENTRE_SUFFIX = "教育指导中心"


@transaction.atomic
def import_towns(lines: list[Line], *, actor: Any) -> ImportResult:
    """Create or change towns by code; columns TOWN_COLUMNS. InvalidInput, nothing saved, when any line is wrong."""
    problems = Problems()
    wanted: dict[Any, Wanted] = {}
    for line in lines:
        code = problems.read(line, "code", _town_code)
        name = problems.read(line, "name", required_text)
        kind = problems.read(line, "kind", one_of("街道", "镇"))
        if code and name and kind:
            if not name.endswith(kind):
                problems.add(line, "name", f"“{name}”应以“{kind}”结尾，请检查名称或类别。")
            _add_once(
                wanted, code, line, {"code": code, "name": name, "kind": kind, "pinyin": sort_key(name, 120)}, problems
            )
    _refuse_repeated_names(Town, wanted, problems)
    result = upsert(Town, {t.code: t for t in Town.objects.all()}, wanted, problems).result
    record("import_towns", actor=actor, detail=result.as_dict())
    return result


@transaction.atomic
def import_centres(lines: list[Line], *, actor: Any) -> ImportResult:
    """Create or change guidance centres by code; columns CENTRE_COLUMNS."""
    problems = Problems()
    wanted: dict[Any, Wanted] = {}
    for line in lines:
        code = problems.read(line, "code", required_text)
        name = problems.read(line, "name", required_text)
        if code and name:
            _add_once(wanted, code, line, {"code": code, "name": name, "pinyin": sort_key(name, 120)}, problems)
    _refuse_repeated_names(GuidanceCentre, wanted, problems)
    result = upsert(GuidanceCentre, {c.code: c for c in GuidanceCentre.objects.all()}, wanted, problems).result
    record("import_centres", actor=actor, detail=result.as_dict())
    return result


@transaction.atomic
def import_departments(lines: list[Line], *, actor: Any) -> ImportResult:
    """Create or change departments by code; columns DEPARTMENT_COLUMNS."""
    problems = Problems()
    wanted: dict[Any, Wanted] = {}
    for line in lines:
        values: dict[str, Any] = {column: problems.read(line, column, required_text) for column in DEPARTMENT_COLUMNS}
        values["order"] = problems.read(line, "order", whole_number)
        if all(values.values()):
            _add_once(wanted, values["code"], line, values, problems)
    _refuse_repeated_names(Department, wanted, problems)
    result = upsert(Department, {d.code: d for d in Department.objects.all()}, wanted, problems).result
    record("import_departments", actor=actor, detail=result.as_dict())
    return result


def towns_by_name() -> dict[str, Town]:
    """Every town by its name and by what people write for it: 市桥街道 is also 市桥街."""
    names: dict[str, Town] = {}
    for town in Town.objects.all():
        names[town.name] = town
        if town.kind == "街道":
            names[town.name.removesuffix("道")] = town
    return names


def centres_by_name() -> dict[str, GuidanceCentre]:
    """Every guidance centre by its name, with and without 教育指导中心 at its end."""
    names: dict[str, GuidanceCentre] = {}
    for centre in GuidanceCentre.objects.all():
        short = centre.name.removesuffix(CENTRE_SUFFIX)
        names[short] = names[short + CENTRE_SUFFIX] = centre
    return names


def _town_code(text: str) -> str:
    if not (text.isdigit() and text.isascii() and len(text) in (9, 12)):
        raise ValueError(f"“{text}”不是区划代码，应为 9 位或 12 位数字，如 440113007。")
    return text


def _add_once(wanted: dict[Any, Wanted], key: Any, line: Line, values: dict[str, Any], problems: Problems) -> None:
    first = wanted.get(key)
    if first is not None:
        problems.add(line, "code", f"代码“{key}”与第 {first.line.number} 行重复，请删去一行或改正代码。")
        return
    wanted[key] = Wanted(line, values)


def _refuse_repeated_names(model: type[Any], wanted: dict[Any, Wanted], problems: Problems) -> None:
    """Names are unique: within the table, and against records that the table does not touch."""
    taken = dict(model.objects.exclude(code__in=list(wanted)).values_list("name", "code"))
    for code, want in wanted.items():
        name = want.values["name"]
        if name in taken:
            problems.add(want.line, "name", f"名称“{name}”已属于代码 {taken[name]}，请改正名称或代码。")
        taken[name] = code
