"""How many queries a page costs, pinned: the same for three units and for thirty."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shuangjian.bureau.calendar import rebuild_unit_days
from tests import make
from tests.dashboards.world import WEEK, World, judge

Visit = Callable[[str], Client]

#: (person, address, queries) where the page is made; test_kept_pages.py has those of one that is answered again.
#: A number that rises is a finding; one that falls is to be lowered here.
PINNED = [
    ("bureau", "/", 25),
    ("town", "/", 26),
    ("school", "/", 21),
    ("bureau", "/units/", 15),
    ("bureau", "/units/{code}/", 20),
    ("bureau", "/filings/?state=all", 12),
    ("bureau", "/filings/?by=centre&state=all", 12),
    ("bureau", "/filings/export/?state=all", 5),
    ("bureau", "/filings/export/?rows=areas", 7),
    ("bureau", "/filings/{code}/", 7),
    ("bureau", "/returns/review/?week=2026-W45&state=all", 9),
    ("town", "/returns/review/?week=2026-W45&state=all", 9),
    ("bureau", "/alerts/", 8),
    ("bureau", "/alerts/{alert}/", 10),
    ("bureau", "/rectifications/", 7),
    ("school", "/rectifications/", 7),
    ("bureau", "/findings/{finding}/", 8),
    ("bureau", "/rules/", 4),
    ("bureau", "/rules/HW-02/", 4),
    ("bureau", "/clauses/", 4),
    ("bureau", "/search/?q=示范", 7),
    ("bureau", "/runs/", 9),
    ("town", "/runs/", 7),
    ("sysadmin", "/accounts/", 6),
    ("sysadmin", "/runs/", 9),
]


def address(pattern: str, world: World) -> str:
    return pattern.format(code=world.school.code, alert=world.alert.pk, finding=world.finding.pk)


def queries(client: Client, url: str) -> int:
    client.get(url)  # fills what a process reads once
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize(("person", "pattern", "pinned"), PINNED)
def test_a_page_costs_as_many_queries_as_are_pinned_here(
    visit: Visit, world: World, person: str, pattern: str, pinned: int
) -> None:
    assert queries(visit(person), address(pattern, world)) == pinned


def test_thirty_units_cost_no_more_queries_than_three(visit: Visit, world: World) -> None:
    pages = [(person, address(pattern, world)) for person, pattern, _ in PINNED if person != "sysadmin"]
    before = {page: queries(visit(page[0]), page[1]) for page in pages}
    east, first = world.school.town, world.school.centre
    more = [
        make.school(
            f"示范{number}小",
            code=f"44011318{number:03d}",
            town=east,
            centre=first,
            rebuild=False,
            went_live_on=WEEK.monday,
        )
        for number in range(27)
    ]
    rebuild_unit_days(cause="测试", actor=make.Somebody(), institution_ids=[unit.pk for unit in more])
    judge(more)
    after = {page: queries(visit(page[0]), page[1]) for page in pages}
    assert after == before
