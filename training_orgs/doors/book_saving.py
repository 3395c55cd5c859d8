"""A workbook of several kinds is saved whole or not at all; between preview and confirmation it waits, signed, with the
person who sent it."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from typing import Any

from django.core import signing
from django.db import transaction

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.core.locks import lock_institutions, lock_singleton
from shuangjian.journal.models import AuditEntry
from shuangjian.journal.services import record
from training_orgs.identity import Hashed
from training_orgs.rows import Saved, Table, get_kind, save_rows
from training_orgs.rows.batch import units_by_code
from training_orgs.rows.cells import IdentityNumber, as_text, is_empty
from training_orgs.rows.declare import INSTITUTION
from training_orgs.rows.table import of_sheet

KEPT_FOR = dt.timedelta(days=1)
_SALT = "training_orgs.book"
_ONCE_LOCK = 12
_ACT = "confirm_rows"
#: What a sheet that was refused leaves behind in those after it; told once it is mended.
_FOLLOWS = frozenset({"unknown_institution", "unknown_reference"})


def save_book(
    tables: Mapping[str, Table], *, actor: Any, institution: Institution | None, dry_run: bool = False
) -> dict[str, Saved]:
    """What became of each sheet's rows, in the order of the sheets. InvalidInput lists the problems of all sheets."""
    saved: dict[str, Saved] = {}
    problems: list[Problem] = []
    total = 0
    with transaction.atomic():
        _lock(tables, actor)
        for key, table in tables.items():
            try:
                saved[key] = save_rows(key, table, actor=actor, institution=institution)
            except InvalidInput as refused:
                found = [each for each in refused.problems if not (problems and each.code in _FOLLOWS)]
                problems += found
                total += len(found)
        if problems:
            raise InvalidInput(problems, f"有 {total} 处需要修改，数据没有保存。")
        if dry_run:
            transaction.set_rollback(True)
    return saved


def _lock(tables: Mapping[str, Table], actor: Any) -> None:
    """All institutions of all sheets at once: taken sheet by sheet, two files could wait for each other."""
    codes = {str(code).strip() for table in tables.values() for code in table.columns.get(INSTITUTION.key, ()) if code}
    lock_institutions(unit.pk for unit in units_by_code(codes, actor).values())


def pack(book: str, tables: Mapping[str, Table], actor: Any) -> str:
    """The rows, signed for this person and day. An identity number goes as its hash: the page holds no number."""
    sheets = {}
    for key, table in tables.items():
        kind = get_kind(key)
        hidden = {column.key for column in kind.columns if isinstance(column.cell, IdentityNumber)}
        columns = {
            name: [_packed(value, is_identity=name in hidden) for value in values]
            for name, values in table.columns.items()
        }
        sheets[key] = {"numbers": [_number(table.row(index)) for index in range(table.size)], "columns": columns}
    content = {"book": book, "who": actor.pk, "once": secrets.token_hex(8), "sheets": sheets}
    return signing.dumps(content, salt=_SALT, compress=True)


def unpack(text: str, book: str, actor: Any) -> tuple[dict[str, Table], str]:
    """(the rows, their number used once). Refused when they are another's, too old, or changed on the way."""
    try:
        content = signing.loads(text, salt=_SALT, max_age=KEPT_FOR)
    except signing.BadSignature:
        raise Refused("核对的内容已过期或不完整，没有保存。请重新上传文件。", code="stale", status=409) from None
    if content["book"] != book or content["who"] != actor.pk:
        raise Refused("这份核对的内容不是您上传的，没有保存。请重新上传文件。", code="foreign", status=409)
    tables = {}
    for key, sheet in content["sheets"].items():
        columns = {name: [_unpacked(value) for value in values] for name, values in sheet["columns"].items()}
        tables[key] = of_sheet(get_kind(key).label, sheet["numbers"], columns)
    return tables, content["once"]


@transaction.atomic
def confirm(text: str, book: str, *, actor: Any, institution: Institution | None) -> dict[str, Saved]:
    """Save what was looked at, once: a second click finds it done, Conflict."""
    tables, once = unpack(text, book, actor)
    lock_singleton(_ONCE_LOCK)
    target = f"rows:{once}"
    since = clock.now() - KEPT_FOR
    if AuditEntry.objects.filter(act=_ACT, target=target, at__gte=since).exists():
        raise Conflict("这次上传已经确认过，没有再次保存。需要时请重新上传文件。", code="used")
    saved = save_book(tables, actor=actor, institution=institution)
    unit = institution.pk if institution else None
    record(_ACT, actor=actor, institution_id=unit, target=target, detail={k: s.as_dict() for k, s in saved.items()})
    return saved


def _packed(value: Any, *, is_identity: bool) -> Any:
    if is_identity and not is_empty(value):
        hashed = Hashed.of(as_text(value))
        return {"digest": hashed.digest, "tail": hashed.tail}
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, dt.time):
        return f"{value:%H:%M}"
    return str(value)


def _unpacked(value: Any) -> Any:
    return Hashed(value["digest"], value["tail"]) if isinstance(value, dict) else value


def _number(place: str) -> int:
    """Of ``订单 第 5 行`` the 5."""
    return int(place.rpartition("第 ")[2].partition(" ")[0])
