"""监测分析: its numbers are those of the other pages, fair, scoped, and honest where there is nothing to show."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shuangjian.accounts.models import User
from shuangjian.accounts.tokens import create_api_token
from shuangjian.bureau.calendar import rebuild_unit_days
from shuangjian.bureau.models import Institution, Term
from shuangjian.core import clock
from shuangjian.core.choices import FilingState
from shuangjian.core.weeks import Week
from shuangjian.dashboards.selectors import filings as filing_page
from shuangjian.dashboards.selectors import trends_filing, trends_heat, trends_ranking, trends_rules, units
from shuangjian.dashboards.selectors.trends_scope import Asked, Scope
from shuangjian.dashboards.selectors.trends_weeks import standings
from shuangjian.intake.filings import correct_filings
from shuangjian.rules.models import ParameterOverride
from tests import make
from tests.dashboards.world import NOW, WEEK, World, judge

Visit = Callable[[str], Client]
PAGES = ["/trends/", "/trends/heat/", "/trends/rules/", "/trends/filings/", "/trends/glance/"]
NEXT = WEEK.plus(1)
#: The week after the world's first has fallen due too.
LATER = clock.at(dt.date(2026, 11, 17), 10 * 60)


@pytest.fixture
def two_weeks(world: World) -> World:
    """A second week in which the school files lawfully, the silent one late, and the other not at all."""
    make.submitted(world.school, NEXT, homework=[make.item("2026-03-01", "2026-11-10", 20)])
    make.submitted(world.silent, NEXT, now=LATER, homework=[make.item("2026-03-01", "2026-11-11", 90)])
    judge([world.school, world.silent, world.other], NEXT, LATER)
    return world


def scope_of(user: User, now: dt.datetime = LATER, **asked: str) -> Scope:
    return Scope.of(user, now, Asked(**asked))


def text(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return answer.content.decode()


@pytest.mark.parametrize("person", ["bureau", "centre", "town", "other town"])
def test_a_unit_stands_in_the_term_as_on_the_home_and_on_its_own_page(two_weeks: World, person: str) -> None:
    user = two_weeks.people[person]
    for now in (NOW, LATER):  # on the earlier morning the second week is not due
        scope = scope_of(user, now)
        stood = standings(scope, scope.weeks)
        for week in (WEEK.plus(-1), WEEK, NEXT):
            for row in units.unit_rows(user, week, now):
                standing = stood[row.unit.pk, week.monday]
                assert standing.shown == row.shown_outcome, (now, week, row.unit)
                assert standing.needs_attention == row.needs_attention
                assert standing.lacks_data == row.lacks_data


@pytest.mark.parametrize("person", ["bureau", "centre", "town"])
def test_filing_counts_are_those_of_the_filings_page(two_weeks: World, person: str) -> None:
    user = two_weeks.people[person]
    trend = trends_filing.filing_trend(scope_of(user))
    for each in trend.due:
        lines = filing_page.filing_lines(user, each.week, LATER)
        areas = filing_page.area_lines(user, each.week, LATER, lines)
        assert each.counts == trends_filing.added(area.counts for area in areas)
        assert each.counts is not None
        assert each.counts.late == sum(line.state == FilingState.LATE for line in lines)
    assert [each.week for each in trend.due] == [WEEK, NEXT]
    assert trend.total == trends_filing.added(area.counts for area in trend.areas)


def test_findings_by_rule_are_those_of_the_units_pages(two_weeks: World) -> None:
    user = two_weeks.people["bureau"]
    trends = trends_rules.rule_trends(scope_of(user))
    on_pages = sum(row.open_findings for week in (WEEK, NEXT) for row in units.unit_rows(user, week, LATER))
    assert trends.total == on_pages > 0
    of_rule = {line.rule.code: list(line.counts) for line in trends.lines}
    assert of_rule["HW-02"] == [1, 1]
    assert [base.class_days for base in trends.bases] == [15, 15], "three classes had filed in either week"


def test_the_api_says_of_a_unit_what_its_cell_says(two_weeks: World) -> None:
    scope = scope_of(two_weeks.people["bureau"], NOW)
    _, token = create_api_token(name="测试", actor=None, expires_at=LATER)
    stood = standings(scope, scope.weeks)
    for unit in (two_weeks.school, two_weeks.silent, two_weeks.other):
        url = f"/api/v1/compliance/{unit.code}/?week={WEEK.key}"
        answer = Client().get(url, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200
        assert answer.json()["outcome"] == stood[unit.pk, WEEK.monday].cell.outcome


def test_a_ranking_divides_by_what_was_owed_and_by_the_class_days_filed(two_weeks: World) -> None:
    found = trends_ranking.ranking(scope_of(two_weeks.people["bureau"]), measure="share", span="term")
    lines = {line.name: line for line in found.lines}
    east, west = lines["演示东街"], lines["演示西街"]
    assert (east.owed, east.days, east.days_owed) == (4, 25, 30)
    assert (west.owed, west.days, west.lacking) == (2, 5, 0), "an unfiled week is 预警 by RP-01"
    assert east.attention == sum(
        row.needs_attention for week in (WEEK, NEXT) for row in units.unit_rows(two_weeks.people["town"], week, LATER)
    )
    assert east.share == round(east.attention * 100 / 4, 1)
    assert found.total.owed == east.owed + west.owed
    assert found.total.findings == east.findings + west.findings


def test_who_files_less_than_half_has_no_density_and_stands_first(world: World) -> None:
    silent = trends_ranking.ranking(scope_of(world.people["town"], NOW), measure="density", span="term")
    first = silent.lines[0]
    assert (first.name, first.density) == ("示范二小", None)
    chart = trends_ranking.ranking_chart(silent)
    assert chart is not None
    assert chart["rows"][0][:2] == ["示范二小", None]


def test_rates_have_two_decimals_and_what_is_there_is_never_nothing(
    visit: Visit, two_weeks: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = text(visit("bureau"), "/trends/rules/")
    rates = re.findall(r"([0-9.]+) 条<span", shown)
    assert rates
    assert all(re.fullmatch(r"[0-9]+[.][0-9]{2}", rate) for rate in rates)
    monkeypatch.setattr(
        trends_rules, "class_days", lambda ids, mondays: {(pk, day): 90_000 for pk in ids for day in mondays}
    )
    assert "不足 0.01 条" in text(visit("bureau"), "/trends/rules/")


def test_the_span_narrows_the_ranking_to_the_last_weeks(two_weeks: World) -> None:
    user = two_weeks.people["bureau"]
    last = trends_ranking.ranking(scope_of(user), measure="share", span="week")
    assert last.weeks == [NEXT]
    assert last.total.owed == 3
    assert last.total.attention == len(units.attention(units.unit_rows(user, NEXT, LATER)))


def test_missing_data_stand_first_in_the_grid_and_empty_weeks_stay_empty(world: World) -> None:
    correct_filings([world.silent.pk], [NEXT], today=NOW.date())
    grid = trends_heat.heat_grid(scope_of(world.people["bureau"], NOW, by="unit"), sort="nodata")
    cells = {line.name: dict(zip(grid.weeks, line.squares, strict=True)) for line in grid.lines}
    silent = cells["示范二小"]
    assert grid.lines[0].name == "示范二小"
    assert silent[WEEK].words == "预警，另有数据不足"
    assert silent[NEXT].words == "未到期"
    assert silent[WEEK.plus(-1)].words == "不应报", "it went live the week after"
    assert silent[NEXT.plus(1)].words == "未开始"
    assert silent[WEEK].url == f"/units/{world.silent.code}/?week={WEEK.key}"
    assert [level["value"] for level in trends_heat.LEVELS if level["sign"] == "nodata"] == [None]


def test_a_town_s_cell_counts_its_units_and_leads_to_them(two_weeks: World) -> None:
    grid = trends_heat.heat_grid(scope_of(two_weeks.people["bureau"]), sort="nodata")
    east = next(line for line in grid.lines if line.name == "演示东街")
    square = dict(zip(grid.weeks, east.squares, strict=True))[WEEK]
    assert square.value == 100
    assert square.words.startswith("2 所中 2 所需要关注")
    assert square.url == f"/units/?week={WEEK.key}&town=440113007"
    assert east.url == "/trends/heat/?town=440113007"


def test_a_rule_asked_for_narrows_every_figure_to_it(two_weeks: World) -> None:
    scope = scope_of(two_weeks.people["bureau"], rule="HW-02")
    stood = standings(scope, [WEEK, NEXT])
    assert {key[0] for key, standing in stood.items() if standing.is_worrying} == {
        two_weeks.school.pk,
        two_weeks.silent.pk,
    }
    assert [line.rule.code for line in trends_rules.rule_trends(scope).lines] == ["HW-02"]
    assert trends_ranking.ranking(scope, measure="density", span="term").total.findings == 2


def test_an_approved_standard_and_a_decided_day_are_marked_in_their_week(two_weeks: World) -> None:
    bureau, second = two_weeks.people["bureau"], make.user("bureau", username="second")
    values: dict[str, Any] = {
        "parameter": "homework.daily_minutes",
        "key": "3-6",
        "value": 50,
        "reason": "试行",
        "proposed_at": NOW,
    }
    ParameterOverride.objects.create(
        **values, effective_from="2026-11-10", proposed_by=bureau, approved_by=second, approved_at=NOW
    )
    ParameterOverride.objects.create(**values, effective_from="2026-11-03", proposed_by=bureau)
    make.exception(dt.date(2026, 11, 4), "closed", institution=two_weeks.other)
    for person, kinds in (("bureau", ["calendar", "standard"]), ("town", ["standard"])):
        trends = trends_rules.rule_trends(scope_of(two_weeks.people[person]))
        assert [change.kind for change in trends.changes] == kinds, person
    chart = trends_rules.rules_chart(trends_rules.rule_trends(scope_of(bureau)))
    assert chart is not None
    assert [(marker["x"], marker["kind"]) for marker in chart["markers"]] == [
        ("第45周", "calendar"),
        ("第46周", "standard"),
    ]
    other_rule = trends_rules.rule_trends(scope_of(bureau, rule="SC-01"))
    assert [change.kind for change in other_rule.changes] == ["calendar"], "SC-01 compares with another standard"


@pytest.mark.parametrize("url", PAGES)
def test_no_figure_names_a_unit_outside_the_jurisdiction(visit: Visit, url: str) -> None:
    for person in ("other town", "other centre"):
        shown = text(visit(person), f"{url}?by=unit")
        assert "示范一小" not in shown, person
        assert "示范二小" not in shown, person


@pytest.mark.parametrize("url", PAGES[:4])
def test_a_town_outside_the_jurisdiction_is_not_there(visit: Visit, url: str) -> None:
    assert visit("bureau").get(f"{url}?town=440113007").status_code == 200
    assert visit("other centre").get(f"{url}?town=440113007").status_code == 404
    assert visit("bureau").get(f"{url}?town=440113999").status_code == 404


@pytest.mark.parametrize("url", PAGES)
def test_addresses_typed_wrongly_show_the_page(visit: Visit, url: str) -> None:
    asked = "term=x&rule=%00&stage=x&by=x&measure=x&span=x&sort=x&page=x"
    assert visit("bureau").get(f"{url}?{asked}").status_code == 200


@pytest.mark.parametrize("url", PAGES)
def test_without_a_term_and_before_the_first_due_week_the_pages_say_so(visit: Visit, world: World, url: str) -> None:
    with time_machine.travel(clock.at(dt.date(2026, 9, 2), 9 * 60), tick=False):
        early = text(visit("bureau"), url)
    assert "还没有" in early
    assert "NaN" not in early
    Term.objects.all().delete()
    shown = text(visit("bureau"), url)
    assert "还没有开始的学期" in shown or url == "/trends/glance/"


def test_a_bureau_without_schools_is_told_so(visit: Visit, world: World) -> None:
    Institution.objects.update(status=Institution.Status.CLOSED)
    assert "管辖范围内还没有学校" in text(visit("bureau"), "/trends/")


#: (person, address, queries). A number that rises is a finding; one that falls is to be lowered here.
PINNED = [
    ("bureau", "/trends/", 20),
    ("bureau", "/trends/?by=unit&measure=density", 20),
    ("bureau", "/trends/heat/", 16),
    ("town", "/trends/heat/", 17),
    ("bureau", "/trends/rules/", 12),
    ("bureau", "/trends/filings/", 9),
    ("bureau", "/trends/glance/", 15),
]


def queries(client: Client, url: str) -> int:
    client.get(url)  # fills what a process reads once
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize(("person", "url", "pinned"), PINNED)
def test_a_page_costs_as_many_queries_as_are_pinned_here(
    visit: Visit, two_weeks: World, person: str, url: str, pinned: int
) -> None:
    assert queries(visit(person), url) == pinned


def test_thirty_units_cost_no_more_queries_than_three(visit: Visit, two_weeks: World) -> None:
    before = {page[:2]: queries(visit(page[0]), page[1]) for page in PINNED}
    here = {"town": two_weeks.school.town, "centre": two_weeks.school.centre, "went_live_on": WEEK.monday}
    more = [
        make.school(f"示范{number}小", code=f"44011318{number:03d}", classes=["2026-03-01"], rebuild=False, **here)
        for number in range(27)
    ]
    rebuild_unit_days(cause="测试", actor=make.Somebody(), institution_ids=[unit.pk for unit in more])
    for week in (WEEK, NEXT):
        judge(more, week, LATER)
    after = {page[:2]: queries(visit(page[0]), page[1]) for page in PINNED}
    assert after == before


def test_a_school_that_closed_in_the_term_keeps_the_weeks_until_then(visit: Visit, world: World) -> None:
    closing, bureau = NEXT.monday, world.people["bureau"]
    before = {
        "week": [row.unit.pk for row in units.unit_rows(bureau, WEEK, NOW)],
        "rules": trends_rules.rule_trends(scope_of(bureau, NOW)).total,
        "share": trends_ranking.ranking(scope_of(bureau, NOW), measure="share", span="week").total.share,
    }
    Institution.objects.filter(pk=world.school.pk).update(status=Institution.Status.CLOSED, closed_on=closing)
    rebuild_unit_days(cause="撤并", actor=None, institution_ids=[world.school.pk])
    judge([world.school, world.silent, world.other], NEXT, LATER)

    after = {
        "week": [row.unit.pk for row in units.unit_rows(bureau, WEEK, NOW)],
        "rules": trends_rules.rule_trends(scope_of(bureau, NOW)).total,
        "share": trends_ranking.ranking(scope_of(bureau, NOW), measure="share", span="week").total.share,
    }
    assert after == before
    assert world.school.pk not in {row.unit.pk for row in units.unit_rows(bureau, NEXT, LATER)}
    grid = trends_heat.heat_grid(scope_of(bureau, by="unit"), sort="name")
    line = next(line for line in grid.lines if line.name == world.school.name)
    shown = dict(zip((week.key for week in grid.weeks), (square.words for square in line.squares), strict=True))
    assert (shown[WEEK.key], shown[NEXT.key]) == ("疑似违规", "不应报")
    assert line.due == 1

    reader = visit("bureau")
    assert f"已于 {closing}（周一）撤销" in text(reader, f"/units/{world.school.code}/")
    assert f"/units/{world.school.code}/" in text(reader, f"/alerts/{world.alert.pk}/")
    assert "已撤销" in text(reader, f"/search/?q={world.school.name}")
    assert visit("other town").get(f"/units/{world.school.code}/").status_code == 404


def test_the_week_after_the_last_of_the_term_is_not_shown(two_weeks: World) -> None:
    scope = scope_of(two_weeks.people["bureau"], clock.at(dt.date(2027, 3, 1), 9 * 60))
    assert scope.term is not None
    assert scope.weeks[-1] == Week.parse("2027-W03")
    assert not scope.ahead
