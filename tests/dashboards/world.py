"""The named cast of the page tests: two towns under two centres, three schools, a week with findings, and everyone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from shuangjian.accounts.models import User
from shuangjian.alerts.models import Alert
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.intake.filings import correct_filings
from shuangjian.rules.declare import all_rules
from shuangjian.rules.engine import evaluate
from shuangjian.rules.models import Finding
from shuangjian.rules.periods import Span
from tests import make

WEEK = Week.parse("2026-W45")
#: The morning after the week's returns fell due.
NOW = clock.at(dt.date(2026, 11, 10), 10 * 60)
TUESDAY = "2026-11-03"


@dataclass(frozen=True)
class World:
    """``school`` filed with too much homework, ``silent`` (same town) filed nothing, ``other`` is lawful elsewhere."""

    school: Institution
    silent: Institution
    other: Institution
    people: dict[str, User]
    alert: Alert
    finding: Finding


def build() -> World:
    make.calendar()
    east, west = make.town("440113007", "演示东街"), make.town("440113008", "演示西街")
    first, second = make.centre("ZX01", "演示一中心"), make.centre("ZX02", "演示二中心")
    here = {"town": east, "centre": first, "went_live_on": WEEK.monday}
    school = make.school("示范一小", classes=["2026-01-01", "2026-03-01"], **here)
    silent = make.school("示范二小", classes=["2026-03-01"], **here)
    other = make.school("示范三小", town=west, centre=second, classes=["2026-03-01"], went_live_on=WEEK.monday)
    make.submitted(
        school,
        WEEK,
        homework=[make.item("2026-03-01", TUESDAY, 75), make.item("2026-01-01", TUESDAY, 10)],
    )
    make.submitted(other, WEEK)
    judge([school, silent, other])
    people = {
        "bureau": make.user("bureau", username="bureau"),
        "centre": make.user("centre", first, username="centre"),
        "other centre": make.user("centre", second, username="other-centre"),
        "town": make.user("town", east, username="town"),
        "other town": make.user("town", west, username="other-town"),
        "school": make.user("school", school, username="school"),
        "other school": make.user("school", other, username="other-school"),
        "sysadmin": make.user("sysadmin", username="sysadmin"),
        "org": make.user("org", make.training_org(town=east, centre=first), username="org"),
        "dept": make.user("dept", make.department("SC"), username="dept"),
    }
    finding = Finding.objects.get(rule="HW-02", institution=school)
    alert = Alert.objects.get(rule="HW-02", institution=school)
    return World(school, silent, other, people, alert, finding)


def judge(institutions: list[Institution], week: Week = WEEK, now: dt.datetime = NOW) -> None:
    """Make the week's filings and evaluate every rule, as outbox and beat would."""
    ids = [institution.pk for institution in institutions]
    correct_filings(ids, [week], today=now.date())
    evaluate(all_rules(), ids, Span(week.monday, week.sunday), now=now, cause="测试")
