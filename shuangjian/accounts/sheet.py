"""Accounts from a list: one line a person, all lines or none."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

from shuangjian.accounts.logins import normalised
from shuangjian.accounts.models import KIND_OF_ROLE, RoleKind, User
from shuangjian.accounts.services import Unit, create_account
from shuangjian.accounts.slips import Slip
from shuangjian.bureau.models import Department, GuidanceCentre, Institution, Town
from shuangjian.core.errors import InvalidInput, Problem

COLUMNS = ("unit_code", "role", "login", "name")
CLASSES = "classes"  # optional: a teacher's class codes, separated by blanks or ；
DISTRICT_CODE = "440113"
_ROLES = {spelling: kind for kind in RoleKind for spelling in (kind.value, str(kind.label))}
_ROLES["学校"] = RoleKind.SCHOOL
_FIELD_COLUMNS = {
    "username": "login",
    "name": "name",
    "role_kind": "role",
    "institution": "unit_code",
    "department": "unit_code",
    "classes": CLASSES,
    "__all__": "role",
}


@dataclass(frozen=True)
class Line:
    """One line of the list, as typed; ``number`` as an editor counts."""

    number: int
    unit_code: str
    role: str
    login: str
    name: str
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Created:
    """Slips of the new accounts, and the logins that were there already, exactly as the list says."""

    slips: list[Slip]
    skipped: list[str]


def read_lines(raw: bytes) -> list[Line]:
    """Parse a CSV in UTF-8 (BOM or not) or GBK, as WPS and Excel save it; InvalidInput when the head is wrong."""
    reader = csv.DictReader(io.StringIO(_decoded(raw), newline=""))
    present = [(name or "").strip() for name in reader.fieldnames or []]
    missing = [column for column in COLUMNS if column not in present]
    if missing:
        message = f"缺少列 {'、'.join(missing)}。第一行应为：{','.join(COLUMNS)}"
        raise InvalidInput([Problem("第 1 行", message, "columns")])
    reader.fieldnames = present
    lines = []
    for row in reader:
        cells = {column: (row.get(column) or "").strip() for column in COLUMNS}
        if any(cells.values()):
            classes = re.split(r"[\s;；、]+", (row.get(CLASSES) or "").strip())
            lines.append(Line(reader.line_num, **cells, classes=tuple(code for code in classes if code)))
    return lines


@transaction.atomic
def create_accounts(lines: Sequence[Line], *, actor: User | None, now: dt.datetime) -> Created:
    """Create an account for every line, or, when any line has a problem, none (InvalidInput names them all).

    A login that exists with the same unit, role and name is skipped; one that differs is a problem.
    """
    units = _Units(lines)
    logins = [normalised(line.login) for line in lines]
    there = User.objects.with_units().filter(username__in=logins)
    existing = {user.username: user for user in there}
    seen: dict[str, int] = {}
    created, problems = Created([], []), []
    for line in lines:
        login = normalised(line.login)
        problem = _repeated(line, seen.setdefault(login, line.number))
        role, unit, more = units.find(line)
        found = ([problem] if problem else []) + more
        if not found and role is not None:
            found = _create(line, role, unit, existing.get(login), created, actor, now)
        problems += found
    if problems:
        raise InvalidInput(problems, f"有 {len(problems)} 处需要修改，没有建立任何账号。")
    return created


def _create(
    line: Line,
    role: RoleKind,
    unit: Unit | None,
    there: User | None,
    created: Created,
    actor: User | None,
    now: dt.datetime,
) -> list[Problem]:
    if there is not None:
        known = (there.role_kind, there.unit, there.name, tuple(there.classes))
        if known == (role, unit, line.name, line.classes):
            created.skipped.append(there.username)
            return []
        return [
            _problem(line, "login", f"登录名“{there.username}”已属于 {there}，请换一个登录名，或改成与原账号一致。")
        ]
    try:
        _, slip = create_account(
            login=line.login, name=line.name, role=role, unit=unit, actor=actor, now=now, classes=line.classes
        )
    except ValidationError as error:
        return [
            _problem(line, _FIELD_COLUMNS[field], message)
            for field, messages in error.message_dict.items()
            for message in messages
        ]
    created.slips.append(slip)
    return []


class _Units:
    """The units that a list names, fetched once."""

    def __init__(self, lines: Sequence[Line]) -> None:
        codes = {line.unit_code for line in lines}
        self._by_role: dict[str, dict[str, Unit]] = {
            RoleKind.CENTRE: {unit.code: unit for unit in GuidanceCentre.objects.filter(code__in=codes)},
            RoleKind.TOWN: {unit.code: unit for unit in Town.objects.filter(code__in=codes)},
            RoleKind.DEPARTMENT: {unit.code: unit for unit in Department.objects.filter(code__in=codes)},
        }
        institutions: dict[str, Unit] = {unit.code: unit for unit in Institution.objects.filter(code__in=codes)}
        self._by_role |= dict.fromkeys(KIND_OF_ROLE, institutions)
        self._by_role[RoleKind.INSPECTOR] = self._by_role[RoleKind.TOWN] | self._by_role[RoleKind.DEPARTMENT]

    def find(self, line: Line) -> tuple[RoleKind | None, Unit | None, list[Problem]]:
        role = _ROLES.get(line.role)
        if role is None:
            offered = "、".join(f"{kind.value}（{kind.label}）" for kind in RoleKind)
            return None, None, [_problem(line, "role", f"没有角色“{line.role}”。可用：{offered}。")]
        if role not in self._by_role:
            if line.unit_code in ("", DISTRICT_CODE):
                return role, None, []
            message = f"{role.label}账号不属于下级单位：unit_code 请留空或填 {DISTRICT_CODE}。"
            return role, None, [_problem(line, "unit_code", message)]
        if role == RoleKind.INSPECTOR and line.unit_code in ("", DISTRICT_CODE):
            return role, None, []  # of the bureau
        unit = self._by_role[role].get(line.unit_code)
        if unit is None:
            message = f"没有代码为“{line.unit_code}”的{_UNIT_WORDS[role]}，请核对代码，或先导入该单位。"
            return role, None, [_problem(line, "unit_code", message)]
        return role, unit, []


_UNIT_WORDS = {
    RoleKind.CENTRE: "教育指导中心",
    RoleKind.TOWN: "镇街",
    RoleKind.SCHOOL: "学校",
    RoleKind.TEACHER: "学校",
    RoleKind.ORG: "培训机构",
    RoleKind.DEPARTMENT: "责任单位",
    RoleKind.INSPECTOR: "镇街或责任单位（区教育局的检查员留空）",
}


def _repeated(line: Line, first: int) -> Problem | None:
    if first == line.number:
        return None
    return _problem(line, "login", f"与第 {first} 行的登录名相同。一人一号：请换一个登录名，或删去重复的一行。")


def _problem(line: Line, column: str, message: str) -> Problem:
    return Problem(f"第 {line.number} 行 {column}", message)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode("gb18030")
    except UnicodeDecodeError as error:
        message = "文件既不是 UTF-8 也不是 GBK 编码，请在 WPS 或 Excel 中另存为“CSV（UTF-8）”。"
        raise InvalidInput([Problem("文件", message, "encoding")]) from error
