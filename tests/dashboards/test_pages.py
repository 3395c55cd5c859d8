"""What each page says, to whom, and that nobody sees beyond the jurisdiction."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from shuangjian.alerts.models import Alert
from shuangjian.bureau.models import Department
from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.dashboards.selectors import unit_page
from shuangjian.intake.models import WeeklyReturn
from shuangjian.rules.declare import all_rules
from shuangjian.rules.models import Finding
from tests import make
from tests.dashboards.world import NOW, WEEK, World, judge

Visit = Callable[[str], Client]


def _if(name: str, label: str) -> list[str]:
    """The label of an entry, where this portal has the page of that name."""
    try:
        reverse(name)
    except NoReverseMatch:
        return []
    return [label]


def heading(html: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", html, re.DOTALL)
    assert found is not None
    return found[1].strip()


def page(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return answer.content.decode()


@pytest.mark.parametrize(
    ("person", "answer"),
    [
        ("bureau", "第45周 2 所学校需要关注"),
        ("centre", "第45周 2 所学校需要关注"),
        ("other centre", "第45周 没有学校需要关注"),
        ("town", "第45周 2 所学校需要关注"),
        ("other town", "第45周 没有学校需要关注"),
        ("school", "本周 3 件事要办"),
        ("other school", "本周 1 件事要办"),
    ],
)
def test_home_answers_its_question_in_the_title_by_role(visit: Visit, person: str, answer: str) -> None:
    assert heading(page(visit(person), "/")) == answer


def test_a_system_administrator_is_sent_from_home_to_the_accounts(visit: Visit) -> None:
    assert visit("sysadmin").get("/").headers["Location"] == "/accounts/"


def test_whoever_is_not_signed_in_goes_to_the_login_page(visit: Visit) -> None:
    assert visit("nobody").get("/alerts/").headers["Location"].startswith("/login/")


@pytest.mark.parametrize("url", ["/", "/units/", "/filings/?state=all", "/alerts/", "/search/?q=示范"])
def test_no_page_names_a_unit_outside_the_jurisdiction(visit: Visit, url: str) -> None:
    for person in ("other town", "other centre", "other school"):
        shown = page(visit(person), url)
        assert "示范一小" not in shown, person
        assert "示范二小" not in shown, person


def test_what_lies_outside_the_jurisdiction_is_not_there(visit: Visit, world: World) -> None:
    urls = [f"/units/{world.school.code}/", f"/alerts/{world.alert.pk}/", f"/findings/{world.finding.pk}/"]
    for person in ("other town", "other centre", "other school"):
        assert [visit(person).get(url).status_code for url in urls] == [404, 404, 404], person


def test_the_school_reads_what_is_wrong_by_which_clause_what_clears_it_and_by_when(visit: Visit) -> None:
    shown = page(visit("school"), "/")
    assert "第45周：三年级（1）班 11-03：75 分钟（标准 60 分钟）" in shown
    assert "《指引》2.1.1 减少作业总量" in shown
    assert "压减每天的书面作业" in shown
    assert "整改期限 2026-11-1" in shown


def test_a_unit_that_filed_nothing_is_short_of_data_and_never_compliant(visit: Visit, world: World) -> None:
    shown = page(visit("town"), f"/units/?outcome=no_data&q={world.silent.name}")
    assert "示范二小" in shown
    assert "数据不足" in shown
    assert "示范二小" not in page(visit("town"), "/units/?outcome=compliant")


def test_before_the_due_instant_a_missing_return_is_no_reason_to_worry(visit: Visit, world: World) -> None:
    week = Week.of(NOW.date())
    judge([world.school, world.silent, world.other], week)
    shown = page(visit("town"), f"/?week={week.key}")
    assert heading(shown) == "第46周 周报未到期，暂无学校需要关注"
    assert "2 所待报" in shown
    listed = f"/units/?week={week.key}"
    assert heading(page(visit("town"), listed)) == "第46周 周报未到期，暂无学校需要关注"
    make.submitted(world.school, week, homework=[make.item("2026-03-01", "2026-11-10", 10)])
    judge([world.school, world.silent, world.other], week)
    assert heading(page(visit("town"), listed)) == "第46周 2 所学校都不需要关注，其中 1 所尚未报送"
    assert heading(page(visit("town"), "/units/?week=2026-W44")) == "第44周 没有应报任务"


def test_a_week_typed_wrongly_shows_the_default_week(visit: Visit) -> None:
    for asked in ("2026-W99", "0001-W01", "9999-W50", "x"):
        assert heading(page(visit("bureau"), f"/?week={asked}")).startswith("第45周")


def test_a_return_that_was_sent_back_stands_first_with_its_reason(visit: Visit, world: World) -> None:
    WeeklyReturn.objects.filter(institution=world.school).update(state="returned", remark="周二作业与公示不一致")
    shown = page(visit("school"), "/")
    assert heading(shown) == "本周 4 件事要办"
    assert "退回原因：周二作业与公示不一致" in shown
    assert "1 所被退回待重报" in page(visit("town"), "/filings/")


def test_a_correction_that_was_granted_is_a_thing_to_do_until_its_time_is_over(visit: Visit, world: World) -> None:
    until = NOW + dt.timedelta(days=2)
    WeeklyReturn.objects.filter(institution=world.school).update(state="locked", locked_at=NOW, reopened_until=until)
    shown = page(visit("school"), "/")
    assert "第45周周报已同意更正，请按期提交更正" in shown
    assert "2026-11-12（周四）10:00 前" in shown
    WeeklyReturn.objects.update(reopened_until=NOW - dt.timedelta(seconds=1))
    assert "同意更正" not in page(visit("school"), "/")


def test_the_list_of_units_is_searched_filtered_sorted_and_worst_first(visit: Visit) -> None:
    def names(query: str) -> list[str]:
        return re.findall(r"data-drawer>(示范\w+)</a>", page(visit("bureau"), f"/units/{query}"))

    assert names("") == ["示范一小", "示范二小", "示范三小"]
    assert names("?q=三小") == ["示范三小"]
    assert names("?town=440113008") == ["示范三小"]
    assert names("?outcome=suspected_violation") == ["示范一小"]
    assert names("?filing=missing") == ["示范二小"]
    assert names("?sort=findings") == ["示范三小", "示范二小", "示范一小"]


def test_who_has_not_filed_is_listed_with_how_often_before(visit: Visit) -> None:
    shown = page(visit("bureau"), "/filings/")
    assert heading(shown) == "第45周 还有 1 所学校没有报送"
    assert "示范二小" in shown
    assert "示范三小" not in shown
    assert "1 次" in shown


def test_alerts_are_filtered_by_state_severity_rule_and_town(visit: Visit) -> None:
    def rules(query: str) -> set[str]:
        return set(re.findall(r'sj-row__sub">(\w\w-\d\d)', page(visit("bureau"), f"/alerts/{query}")))

    assert rules("") == {"HW-01", "HW-02", "RP-01"}
    assert rules("?severity=3") == {"HW-01"}
    assert rules("?rule=RP-01") == {"RP-01"}
    assert rules("?town=440113008") == set()
    assert rules("?state=closed") == set()
    assert rules("?due=overdue") == set()
    assert rules("?q=一小") == {"HW-01", "HW-02"}
    assert rules("?severity=x&state=x") == {"HW-01", "HW-02", "RP-01"}


def test_an_overdue_alert_goes_before_a_worse_one_that_is_not(visit: Visit, world: World) -> None:
    type(world.alert).objects.filter(pk=world.alert.pk).update(due_on="2026-11-09")
    shown = page(visit("bureau"), "/alerts/")
    assert "其中 1 条逾期" in heading(shown)
    assert re.findall(r'sj-row__sub">(\w\w-\d\d)', shown)[0] == "HW-02"


def test_an_alert_explains_itself_in_six_steps_and_tells_its_history(visit: Visit, world: World) -> None:
    shown = page(visit("school"), f"/alerts/{world.alert.pk}/")
    for step in ("规则", "本单位数据", "标准值", "结论", "如何消除", "由谁认定"):
        assert f'sj-step__name">{step}<' in shown
    assert "产生" in shown
    assert "75 分钟" in shown


def test_a_unit_with_many_alerts_shows_the_most_pressing_and_leads_to_all_of_them(
    visit: Visit, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    total = Alert.objects.unclosed().filter(institution=world.school).count()
    assert total > 1
    url = f"/units/{world.school.code}/"
    assert "查看全部" not in page(visit("bureau"), url)
    monkeypatch.setattr(unit_page, "_MOST_ALERTS", 1)
    shown = page(visit("bureau"), url)
    assert f"{total} 条预警未办结" in shown
    assert shown.count('id="alert-state-') == 1
    everything = re.search(r'href="(/alerts/[^"]*)">查看全部', shown)
    assert everything is not None
    assert page(visit("bureau"), everything[1]).count('id="alert-state-') == total


def test_a_finding_has_the_same_card_and_leads_to_its_alert(visit: Visit, world: World) -> None:
    shown = page(visit("town"), f"/findings/{world.finding.pk}/")
    assert "属疑似问题" in shown
    assert f'href="/alerts/{world.alert.pk}/"' in shown


def test_a_trial_run_is_seen_by_the_bureau_alone(visit: Visit, world: World) -> None:
    type(world.alert).objects.filter(pk=world.alert.pk).update(is_trial=True)
    Finding.objects.filter(pk=world.finding.pk).update(is_trial=True)
    for url in (f"/alerts/{world.alert.pk}/", f"/findings/{world.finding.pk}/"):
        assert visit("bureau").get(url).status_code == 200
        assert visit("town").get(url).status_code == 404


def test_the_rulebook_shows_standards_with_their_date_source_and_other_reading(visit: Visit) -> None:
    Department.objects.create(code="JY", name="区教育局", clause="3.2.5", order=1)
    Department.objects.create(code="ZJ", name="各镇街", clause="3.2.21", order=2)
    book = page(visit("school"), "/rules/")
    assert "AS-02 每天不足2学时 †" in book
    rule = page(visit("school"), "/rules/AS-02/")
    for text in ("40 分钟", "2021-09-01", "另一种读法", "120 分钟", "区教育局、各镇街", "判断示例"):
        assert text in rule
    assert visit("school").get("/rules/XX-99/").status_code == 404


def test_every_clause_has_its_fate_and_the_rules_that_watch_it(visit: Visit) -> None:
    shown = page(visit("town"), "/clauses/")
    judged = {clause for rule in all_rules() for clause in rule.clauses}
    assert heading(shown) == f"《指引》53 条，{len(judged)} 条已有机器规则比对"
    assert 'href="/rules/HW-02/"' in shown
    assert "2.1.1" not in page(visit("town"), "/clauses/?fate=N")


def test_search_finds_units_alerts_rules_and_clauses_and_shows_markup_as_text(visit: Visit) -> None:
    shown = page(visit("bureau"), "/search/?q=作业")
    assert "未办结预警" in shown
    assert "HW-02 书面作业当日总时长超限" in shown
    assert "减少作业总量" in shown
    assert "&lt;script&gt;" in page(visit("bureau"), "/search/?q=<script>")


def test_the_navigation_holds_at_most_seven_entries_and_those_of_the_role(visit: Visit) -> None:
    def labels(person: str, url: str = "/") -> list[str]:
        return re.findall(r'aria-hidden="true"></i><span>([^<]+)</span>\s*</a>', page(visit(person), url))

    assert labels("bureau") == ["总览", "学校", "培训机构", *_if("visits", "检查"), "投诉线索", "预警", "规则与校历"]
    mend = _if("rectifications", "整改")
    assert labels("school") == ["本校", "周报", "预警", *mend, "核查情况", "班级", "规则与校历"]
    assert labels("sysadmin", "/accounts/") == ["账号", "比对记录"]


def test_only_invented_data_is_called_invented(visit: Visit, world: World) -> None:
    assert "演示数据" in page(visit("bureau"), "/rules/")
    type(world.school).objects.update(is_fictional=False)
    assert "演示数据" not in page(visit("bureau"), "/rules/")


def test_a_page_that_is_not_there_says_so_with_the_request_id(visit: Visit) -> None:
    answer = visit("bureau").get("/units/none/", headers={"X-Request-Id": "abcdef123456"})
    assert answer.status_code == 404
    assert "abcdef123456" in answer.content.decode()


def test_no_name_of_a_unit_becomes_markup(visit: Visit, world: World) -> None:
    type(world.school).objects.filter(pk=world.school.pk).update(name="<b>示范</b>")
    for url in ("/", "/units/", f"/units/{world.school.code}/", "/alerts/", f"/alerts/{world.alert.pk}/"):
        assert "<b>示范" not in page(visit("bureau"), url)


def test_a_late_return_counts_as_late_and_not_as_missing(visit: Visit, world: World) -> None:
    make.submitted(world.silent, WEEK, now=clock.at(NOW.date(), 9 * 60))
    judge([world.silent])
    shown = page(visit("town"), "/filings/?state=late")
    assert "示范二小" in shown
    assert "迟报 1 所" in shown


@pytest.mark.parametrize(
    "url",
    [
        "/?week=%00",
        "/units/?q=%00&town=%00&outcome=%00&sort=%00&page=x",
        "/filings/?state=%00&town=%00&page=-1",
        "/alerts/?q=%00&rule=%00&town=%00&severity=%C2%B2&page=999999999999",
        "/search/?q=%00%25",
        "/clauses/?fate=%00",
    ],
)
def test_no_address_however_odd_leads_to_an_error_page(visit: Visit, url: str) -> None:
    assert visit("bureau").get(url).status_code == 200


@pytest.mark.parametrize("url", ["/units/%00/", "/rules/%00/", "/units/a%20b/", "/alerts/99999999999999999999/"])
def test_a_name_that_cannot_be_is_not_found(visit: Visit, url: str) -> None:
    assert visit("bureau").get(url).status_code == 404


def test_a_finding_of_a_rule_that_is_gone_is_kept_as_history(visit: Visit, world: World) -> None:
    Finding.objects.filter(pk=world.finding.pk).update(rule="HW-99")
    type(world.alert).objects.filter(pk=world.alert.pk).update(rule="HW-99")
    assert "这条规则已不再使用" in page(visit("bureau"), f"/findings/{world.finding.pk}/")
    for url in (f"/alerts/{world.alert.pk}/", "/alerts/", f"/units/{world.school.code}/", "/"):
        page(visit("bureau"), url)
    page(visit("school"), "/")
