"""Whatever a cell holds, a row is saved or refused with the cell's name; never an error of the portal's own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

from shuangjian.core.errors import InvalidInput
from tests import make as platform
from tests.training_orgs import filing
from training_orgs.rows import all_kinds, save_rows

pytestmark = pytest.mark.django_db

ODD: tuple[Any, ...] = (
    None, "", True, -1, 2**70, 1e309, 1.005, "=1+1", "\x01", "\\N\t\\", "'\";--", "是", "2026-02-30", "9999-01-01",
    [1], ["", None], {"a": 1}, "周六 09:00-10:30", "字" * 5000,
)  # fmt: skip


@pytest.fixture
def cast(db: None) -> Any:
    with time_machine.travel("2026-11-20 10:00+08:00", tick=False):
        platform.calendar()
        found = SimpleNamespace(east=platform.town("440113007", "演示东街"))
        filing.build(found)
        yield found


def prefixes() -> dict[str, str]:
    return {"training-orgs": "orgs"}


@pytest.mark.parametrize("prefix", sorted({"training-orgs", *all_kinds()} - {"orgs"}))
def test_an_odd_cell_is_stored_or_named(cast: Any, prefix: str) -> None:
    kind = all_kinds()[prefixes().get(prefix, prefix)]
    usual = filing.bodies(cast).get(prefix, {"institution": cast.org.code})
    for column in kind.every_column:
        for odd in ODD:
            of, _, name = column.key.rpartition(".")
            row = {**usual, "lines": [{**usual["lines"][0], name: odd}]} if of else {**usual, column.key: odd}
            try:
                saved = save_rows(kind, [row], actor=platform.Somebody(), dry_run=True)
            except InvalidInput as refused:
                assert refused.problems, (column.key, odd)
                assert not [each for each in refused.problems if not each.path], (column.key, odd, refused.problems)
            else:
                assert saved.created + saved.changed + saved.unchanged == 1, (column.key, odd)
