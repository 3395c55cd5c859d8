"""The reference data that the project ships: towns, centres, departments, public bodies, calendar and terms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import transaction

from shuangjian.bureau import calendar_imports, imports
from shuangjian.bureau.calendar import rebuild_unit_days
from shuangjian.bureau.derived_days import has_days
from shuangjian.bureau.models import Department, Institution, Town
from shuangjian.bureau.pinyin import sort_key
from shuangjian.bureau.tables import ImportResult, Line, Problems, read_table
from shuangjian.bureau.upsert import Wanted, upsert
from shuangjian.journal.services import record

DATA = Path(__file__).parent / "data"
DISTRICT_CODE = "440113"
LEAD_DEPARTMENT = "JY"
TOWNS_TOGETHER = "ZJ"
BUREAU_BODY_CODE = f"{DISTRICT_CODE}-{LEAD_DEPARTMENT}"

#: Loads what a domain ships, as ``loader(actor=…)``; a second run changes nothing.
Loader = Callable[..., ImportResult]
_of_domains: dict[str, Loader] = {}


def register_reference(subject: str, loader: Loader) -> None:
    """Called when a domain gets ready: load its reference data with the platform's own. ``subject`` is Chinese."""
    known = _of_domains.setdefault(subject, loader)
    if known is not loader:
        raise RuntimeError(f"Reference data {subject} is registered twice: choose another name.")


@transaction.atomic
def load_reference(*, actor: Any) -> dict[str, ImportResult]:
    """Load every shipped file, all or nothing; a second run changes nothing. Results by what was loaded, in Chinese.

    The calendar is the bureau's once it is there: terms are loaded only into an empty table, statutory days only for
    years that have none yet. `import_terms` and `import_calendar` replace by intent.
    """
    results = {
        "镇街": imports.import_towns(read_table(DATA / "towns.csv", imports.TOWN_COLUMNS), actor=actor),
        "教育指导中心": imports.import_centres(read_table(DATA / "centres.csv", imports.CENTRE_COLUMNS), actor=actor),
        "责任单位": imports.import_departments(
            read_table(DATA / "departments.csv", imports.DEPARTMENT_COLUMNS), actor=actor
        ),
        "公共机构": create_public_bodies(actor=actor),
        "节假日": calendar_imports.import_calendar(
            read_table(DATA / "calendar.csv", calendar_imports.CALENDAR_COLUMNS), actor=actor, only_new_years=True
        ),
        "学期和假期": calendar_imports.import_terms(
            read_table(DATA / "terms.csv", calendar_imports.TERM_COLUMNS), actor=actor, only_if_none=True
        ),
    }
    if not has_days():  # a database whose calendar is older than the days that are derived from it
        rebuild_unit_days(cause="推算工作日历和休息日", actor=actor)
    return results | {subject: loader(actor=actor) for subject, loader in _of_domains.items()}


@transaction.atomic
def create_public_bodies(*, actor: Any) -> ImportResult:
    """One Institution for the bureau, each department and each town, for findings that point at none below them.

    ``category`` says which: bureau, department, town. The bureau's code is BUREAU_BODY_CODE, a department's 440113-FL,
    a town's is the town's own code.
    """
    wanted: dict[Any, Wanted] = {}
    for department in Department.objects.exclude(code=TOWNS_TOGETHER):
        is_lead = department.code == LEAD_DEPARTMENT
        _want(
            wanted, f"{DISTRICT_CODE}-{department.code}", department.name, "bureau" if is_lead else "department", None
        )
    for town in Town.objects.all():
        name = f"{town.name}办事处" if town.kind == "街道" else f"{town.name}人民政府"
        _want(wanted, town.code, name, "town", town)
    existing = {i.code: i for i in Institution.objects.filter(code__in=list(wanted))}
    result = upsert(Institution, existing, wanted, Problems()).result
    record("create_public_bodies", actor=actor, detail=result.as_dict())
    return result


def _want(wanted: dict[Any, Wanted], code: str, name: str, category: str, town: Town | None) -> None:
    values = {
        "code": code,
        "name": name,
        "pinyin": sort_key(name, 240),
        "kind": Institution.Kind.PUBLIC_BODY,
        "category": category,
        "town": town,
    }
    wanted[code] = Wanted(Line(0, {}), values)
