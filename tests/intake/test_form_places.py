"""Where a finding-to-be leads: to the cell of what the rule speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from shuangjian.bureau.models import Institution
from tests import make
from tests.intake.test_form_later_fields import submit
from tests.intake.test_form_pages import FRIDAY, fields, url

DAY = [day.isoformat() for day in make.WEEK.days]
CLASS = "2026-03-01"


@pytest.fixture(autouse=True)
def friday() -> Iterator[None]:
    with time_machine.travel(FRIDAY, tick=False):
        yield


@pytest.fixture
def school(db: None) -> Institution:
    make.calendar()
    return make.school(classes=(CLASS,))


def service(**by_day: dict[str, Any]) -> list[dict[str, Any]]:
    """Lawful service each day, with what differs on ``d0`` to ``d4``."""
    return [
        {"stage": "primary", "day": day, **make.SERVICE, **by_day.get(f"d{at}", {})} for at, day in enumerate(DAY[:5])
    ]


def lesson(at: int, arrival: str = "08:00") -> dict[str, Any]:
    return {"stage": "primary", "day": DAY[at], "first_lesson": "08:20", "arrival": arrival}


CASES: list[tuple[str, dict[str, Any], str]] = [
    ("HW-04", {"homework": [make.item(CLASS, DAY[3], 20, published_on=DAY[4])]}, f"hw-{CLASS}-pd-4"),
    (
        "HW-08",
        {"homework": [make.item(CLASS, DAY[1], 20), make.item(CLASS, DAY[1], 20, "数学", done_at_school=0.5)]},
        f"hw-{CLASS}-1-share",
    ),
    (
        "HW-09",
        {"homework": [make.item(CLASS, DAY[1], 20), make.item(CLASS, DAY[1], 9, "数学", marked_by="peer")]},
        f"hw-{CLASS}-1-marked",
    ),
    ("HW-10", {"homework": [make.item(CLASS, DAY[1], 20, asks_parents=True)]}, f"hw-{CLASS}-0-parents"),
    ("HW-10", {"homework": [make.item(CLASS, DAY[1], 20, marked_by="parent")]}, f"hw-{CLASS}-0-marked"),
    (
        "SC-03",
        {"school_day": [lesson(0), lesson(1), lesson(2, "07:10"), lesson(3, "07:30"), lesson(4)]},
        "sd-primary-arrival-3",
    ),
    ("AS-03", {"after_school": service(d2={"late_wanted": 9})}, "as-primary-places-3"),
    ("AS-04", {"after_school": service(d1={"content": ["new_lesson"]})}, "as-primary-content-2"),
    ("AS-10", {"after_school": service(d1={"served": 39}, d3={"served": 12})}, "as-primary-served-4"),
    ("AS-11", {"after_school": service(d4={"content": ["noon_break"]})}, "as-primary-content-5"),
    ("AS-12", {"after_school": service(d2={"flexible_leaving": False})}, "as-primary-leaving-3"),
]


@pytest.mark.parametrize(("rule", "replaced", "cell"), CASES)
def test_a_finding_leads_to_its_own_cell(
    client: Client, school: Institution, rule: str, replaced: dict[str, Any], cell: str
) -> None:
    submit(school, **replaced)
    client.force_login(make.user("school", school))
    page = client.post(url(school), fields(client, school) | {"act": "preview"}).content.decode()
    found = page.split(f"{rule} ", 1)[1].split("</ul>", 1)[0]
    assert re.findall(r'href="#([^"]+)"', found) == [cell]
    assert f'id="{cell}"' in page
