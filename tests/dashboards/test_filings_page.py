"""填报情况: the jurisdiction's line, towns, units, one unit's term, the trend, and the CSV, each within its scope."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

import pytest
from django.test import Client

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.csv_file import safe_cell
from shuangjian.intake import services
from shuangjian.intake.models import WeeklyReturn
from tests import make
from tests.dashboards.test_pages import heading, page
from tests.dashboards.world import NOW, WEEK, World, judge

Visit = Callable[[str], Client]
UNIT_ROW = re.compile(r"data-drawer>(示范\w+)</a>")
LATE = clock.at(NOW.date(), 9 * 60)


def units(html: str) -> list[str]:
    return UNIT_ROW.findall(html)


def area_rows(html: str) -> dict[str, list[str]]:
    """Numbers of the table of towns (centres), by name; the sum under 合计."""
    table = html.split('id="areas-title"')[1].split("</table>")[0]
    rows = {}
    for row in re.findall(r"<tr.*?</tr>", table.split("</thead>")[1], re.DOTALL):
        name = re.sub(r"<[^>]+>", "", re.search(r"<th.*?</th>", row, re.DOTALL)[0]).strip()  # type: ignore[index]
        rows[name] = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)]
    return rows


def exported(client: Client, query: str = "") -> list[list[str]]:
    answer = client.get(f"/filings/export/{query}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_the_district_line_and_each_town_say_what_is_owed_filed_on_time_complete_and_missing(
    visit: Visit, world: World
) -> None:
    make.exception(WEEK.days[5], "school", institution=world.other)  # its return lacks the Saturday now
    shown = page(visit("bureau"), "/filings/")
    assert area_rows(shown) == {
        # 应报 已报 按时 迟报 完整 未报 未到期 报送率 按时率 完整率
        "演示东街": ["2", "1", "1", "0", "1", "1", "0", "50%", "50%", "50%"],
        "演示西街": ["1", "1", "1", "0", "0", "0", "0", "100%", "100%", "0%"],
        "合计": ["3", "2", "2", "0", "1", "1", "0", "66%", "66%", "33%"],
    }
    assert units(page(visit("bureau"), "/filings/?state=incomplete")) == ["示范三小"]


def test_what_came_in_time_is_offered_under_that_word_and_not_as_all_that_came(visit: Visit) -> None:
    shown = page(visit("bureau"), "/filings/?state=all")
    assert '>按时<span class="sj-chip__count">' in shown
    assert '>已报<span class="sj-chip__count">' not in shown


def test_the_bureau_may_add_up_by_guidance_centre(visit: Visit) -> None:
    rows = area_rows(page(visit("bureau"), "/filings/?by=centre"))
    assert {name: row[:2] for name, row in rows.items()} == {
        "演示一中心": ["2", "1"],
        "演示二中心": ["1", "1"],
        "合计": ["3", "2"],
    }
    assert units(page(visit("bureau"), "/filings/?by=centre&centre=ZX02&state=all")) == ["示范三小"]
    assert "按教育指导中心" not in page(visit("centre"), "/filings/")


def test_a_town_opens_its_units_with_their_state_and_their_return(visit: Visit, world: World) -> None:
    shown = page(visit("bureau"), "/filings/?town=440113007&state=all")
    assert units(shown) == ["示范二小", "示范一小"]
    assert "演示东街的学校" in shown
    assert f'href="/units/{world.school.code}/returns/{WEEK.key}/"' in shown
    assert f'href="/units/{world.silent.code}/returns/{WEEK.key}/"' not in shown
    assert units(page(visit("bureau"), "/filings/?state=all&q=三小")) == ["示范三小"]


def test_units_whose_town_is_not_confirmed_stand_in_a_row_of_their_own(visit: Visit, world: World) -> None:
    Institution.objects.filter(pk=world.other.pk).update(town=None, town_candidates="演示东街或演示西街")
    shown = page(visit("bureau"), "/filings/")
    assert area_rows(shown)["镇街待核实"][:2] == ["1", "1"]
    assert units(page(visit("bureau"), "/filings/?town=none&state=all")) == ["示范三小"]


@pytest.mark.parametrize(
    ("person", "seen"),
    [
        ("bureau", {"示范一小", "示范二小", "示范三小"}),
        ("centre", {"示范一小", "示范二小"}),
        ("town", {"示范一小", "示范二小"}),
        ("other town", {"示范三小"}),
        ("other centre", {"示范三小"}),
        ("school", {"示范一小"}),
    ],
)
def test_everybody_sees_and_exports_the_own_scope_whatever_the_address_asks(
    visit: Visit, world: World, person: str, seen: set[str]
) -> None:
    for query in ("?state=all", "?state=all&by=centre", "?state=all&town=", "?state=all&centre="):
        assert set(units(page(visit(person), f"/filings/{query}"))) == seen
        assert {row[2] for row in exported(visit(person), query)[1:]} == seen
    for query in ("?state=all&town=440113008", "?state=all&centre=ZX02"):
        assert set(units(page(visit(person), f"/filings/{query}"))) <= seen
        assert {row[2] for row in exported(visit(person), query)[1:]} <= seen
    total = exported(visit(person), "?rows=areas")[-1]
    assert total[:3] == [WEEK.key, "合计", str(len(seen))]


def test_a_town_officer_is_shown_no_table_of_towns(visit: Visit) -> None:
    assert "areas-title" not in page(visit("town"), "/filings/")


def test_the_csv_obeys_the_filter_of_the_page(visit: Visit, world: World) -> None:
    head, row = exported(visit("bureau"), "?state=missing")
    assert dict(zip(head, row, strict=True)) == {
        "周次": WEEK.key,
        "学校代码": world.silent.code,
        "学校": "示范二小",
        "镇街": "演示东街",
        "教育指导中心": "演示一中心",
        "状态": "未报",
        "是否完整": "",
        "上课日数": "5",
        "截止时间": "2026-11-09 18:00",
        "首次提交": "",
        "近8周未报次数": "1",
        "近8周迟报次数": "0",
    }
    assert [row[2] for row in exported(visit("bureau"), "?state=on_time&town=440113008")[1:]] == ["示范三小"]
    assert [row[1:5] for row in exported(visit("bureau"), "?rows=areas")[1:]] == [
        ["演示东街", "2", "1", "1"],
        ["演示西街", "1", "1", "1"],
        ["合计", "3", "2", "2"],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝", "\t=", "\n=", " +"])
def test_no_cell_of_a_csv_is_a_formula(visit: Visit, world: World, start: str) -> None:
    Institution.objects.filter(pk=world.silent.pk).update(name=f"{start}1+示范")
    (row,) = exported(visit("bureau"), "?state=missing")[1:]
    assert row[2] == f"'{start}1+示范"
    assert (safe_cell("示范=1"), safe_cell(-1), safe_cell(None)) == ("示范=1", -1, None)


def test_a_return_filed_late_is_late_in_every_place(visit: Visit, world: World) -> None:
    make.submitted(world.silent, WEEK, now=LATE)
    assert area_rows(page(visit("bureau"), "/filings/"))["演示东街"][:6] == ["2", "2", "1", "1", "2", "0"]
    assert units(page(visit("bureau"), "/filings/?state=late")) == ["示范二小"]
    assert "其中 1 周迟报" in heading(page(visit("town"), f"/filings/{world.silent.code}/"))


def test_the_trend_holds_the_weeks_that_are_due_and_no_other(visit: Visit, world: World) -> None:
    assert "chart-filing-trend" not in page(visit("bureau"), "/filings/")  # one week draws no line
    everyone = [world.school, world.silent, world.other]
    Institution.objects.update(went_live_on="2026-10-26")
    judge(everyone, WEEK.plus(-1))
    judge(everyone, WEEK.plus(1))
    shown = page(visit("bureau"), "/filings/")
    chart = shown.split('data-chart="chart-filing-trend"')[1]
    assert re.findall(r'<th scope="row">(第\d+周)', chart) == ["第44周", "第45周"]
    assert "本学期按时率最低的是第44周：0%" in chart
    assert re.findall(r'<td class="sj-num">(\d+)', chart) == ["0", "0", "0", "66", "66", "66"]


def test_a_unit_has_its_weeks_of_the_term_newest_first_and_those_that_owed_nothing(visit: Visit, world: World) -> None:
    shown = page(visit("town"), f"/filings/{world.silent.code}/")
    assert heading(shown) == "示范二小本学期应报 2 周，1 周未报"
    labels = re.findall(r"2026年第(\d+)周", shown.split("<tbody>")[1])
    assert labels == [str(number) for number in range(46, 35, -1)]
    assert shown.count("无须报送") == 9
    own = page(visit("school"), f"/filings/{world.school.code}/")
    assert heading(own) == "示范一小本学期应报 2 周，没有未报和迟报"
    assert "查看或更正" in own


def test_a_withdrawn_return_is_told_apart_from_one_that_never_came(visit: Visit, world: World) -> None:
    services.withdraw_return(world.school, WEEK, actor=make.Somebody(), now=NOW, reason="填错")
    assert "1 周已撤回" in heading(page(visit("town"), f"/filings/{world.school.code}/"))
    assert units(page(visit("town"), "/filings/?state=withdrawn")) == ["示范一小"]
    assert WeeklyReturn.objects.get(institution=world.school).state == "withdrawn"


def test_a_school_closed_since_still_counts_in_the_weeks_it_owed(visit: Visit, world: World) -> None:
    Institution.objects.filter(pk=world.silent.pk).update(status="closed", closed_on=NOW.date())
    shown = page(visit("bureau"), "/filings/")
    assert area_rows(shown)["合计"][:2] == ["3", "2"]
    assert units(shown) == ["示范二小"]
    closed = page(visit("bureau"), f"/filings/{world.silent.code}/")
    assert f'href="/units/{world.silent.code}/?week' not in closed


def test_the_list_of_another_unit_is_not_there(visit: Visit, world: World) -> None:
    for person in ("other town", "other centre", "other school"):
        assert visit(person).get(f"/filings/{world.school.code}/").status_code == 404
    assert visit("sysadmin").get("/filings/export/").status_code == 403


@pytest.mark.parametrize("query", ["?state=%00&by=%00&centre=%00", "?rows=%00&week=%00", "?by=x&state=x&page=0&q=%00"])
def test_no_address_however_odd_leads_to_an_error(visit: Visit, query: str) -> None:
    assert visit("bureau").get(f"/filings/{query}").status_code == 200
    assert visit("bureau").get(f"/filings/export/{query}").status_code == 200
