"""One unit: what is to be done, how its weeks went, and every open finding with its ground. Constant query counts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.urls import NoReverseMatch, reverse

from shuangjian.accounts.models import DISTRICT_NAME, RoleKind, User
from shuangjian.alerts.models import Alert
from shuangjian.bureau.models import Institution
from shuangjian.core.choices import FilingState, Outcome
from shuangjian.core.templatetags.ui import cn_date, cn_datetime
from shuangjian.core.weeks import Week
from shuangjian.dashboards.navigation import unit_label
from shuangjian.dashboards.selectors.alerts import AlertLine, overdue_first
from shuangjian.dashboards.selectors.jurisdiction import alerts_of, findings_of
from shuangjian.dashboards.selectors.units import findings_of_week
from shuangjian.dashboards.selectors.weeks import short_label, weeks_until
from shuangjian.dashboards.selectors.wording import WORDED_FIELDS, FindingLine, finding_words
from shuangjian.intake.attention import attention_of_weeks
from shuangjian.intake.models import Filing, WeeklyReturn
from shuangjian.rules.clauses import all_clauses
from shuangjian.rules.declare import Rule, find_rule
from shuangjian.rules.models import Finding
from shuangjian.rules.outcomes import UnitOutcome

_NOT_FILED = "RP-01"
_MOST_FINDINGS = 200
_MOST_ALERTS = 50
_MOST_LINES = 3
_LOOK = "查看依据"
_READ = "查看周报"


@dataclass(frozen=True)
class Matter:
    """One thing to do: what is wrong, why, by which clause, what ends it, by when."""

    title: str
    why: list[str]
    url: str
    action: str
    severity: int | None = None
    outcome: str = ""
    clause: str = ""
    remedy: str = ""
    due: str = ""
    is_late: bool = False
    opens_beside: bool = False


@dataclass(frozen=True)
class WeekLine:
    """One of the last weeks: was the return there, and what came of it. ``state`` None: none was owed."""

    week: Week
    state: FilingState | None
    result: UnitOutcome | None
    filed_at: dt.datetime | None
    versions: int
    return_url: str

    @property
    def is_standing(self) -> bool:
        """Whether nothing is left to file for the week."""
        return self.state is None or self.state in (FilingState.ON_TIME, FilingState.LATE)

    @property
    def lacks_data(self) -> bool:
        """数据不足 that counts: before the due instant a return that is not there yet is no lack."""
        return bool(self.result and self.result.has_insufficient_data and self.state != FilingState.PENDING)

    @property
    def shown_outcome(self) -> Outcome | None:
        """None where no return was owed, or where none is due yet and nothing else is known."""
        if self.result is None or (self.state == FilingState.PENDING and not self.result.findings):
            return None
        return self.result.outcome

    @property
    def filing_label(self) -> str:
        """Words for a week without a filing."""
        return "" if self.state else "无须报送"


@dataclass(frozen=True)
class RuleLine:
    """One rule that applied in the week, its outcome, and its open findings."""

    rule: Rule
    outcome: Outcome
    findings: list[FindingLine]


def unit_page(user: User, unit: Institution, week: Week, now: dt.datetime) -> dict[str, Any]:
    """Everything that the unit's page shows, for whoever may see the unit."""
    lines = week_lines(unit, week, now)
    result = lines[-1].result
    own_alerts = alerts_of(user).unclosed().filter(institution=unit).select_related(None)
    alerts = list(overdue_first(own_alerts, now.date()))
    unfiled = list(Filing.objects.unfiled().filter(institution=unit, week__gte=_oldest_asked(now)).order_by("week"))
    matters = open_matters(user, unit, alerts, unfiled, now)
    return {
        "unit": unit,
        "week": week,
        "week_name": short_label(week),
        "result": result,
        "severities": sorted((result.severities if result else {}).items(), reverse=True),
        "matters": matters,
        "alert_lines": [AlertLine.of(alert) for alert in alerts[:_MOST_ALERTS]],
        "alerts_total": len(alerts),
        "alerts_url": reverse("alerts")
        + ("" if user.role_kind == RoleKind.SCHOOL else f"?{urlencode({'q': unit.name})}"),
        "lines": lines[::-1],
        "rule_lines": rule_lines(user, unit, week, result),
        "may_file": user.role_kind == RoleKind.SCHOOL,
        "next_return_name": short_label(Week(unfiled[0].week)) if unfiled else "",
        "next_return_url": return_url(unit, Week(unfiled[0].week)) if unfiled else "",
        "returns_url": _reverse("returns", unit.code),
        "classes_url": _reverse("classes", unit.code),
        "scope_trail": unit_trail(user, unit),
        "heading": _heading(user, unit, week, lines[-1], matters),
    }


def unit_trail(user: User, unit: Institution) -> list[dict[str, str]]:
    """区 › 镇街 › 单位; a link only where the reader's jurisdiction reaches."""
    if user.role_kind == RoleKind.SCHOOL:
        town = {"label": unit.town.name, "url": ""} if unit.town else None
        return [step for step in ({"label": DISTRICT_NAME, "url": ""}, town, {"label": unit.name, "url": ""}) if step]
    if user.role_kind == RoleKind.INSPECTOR:  # no list of schools is open to an inspector
        return [{"label": "检查", "url": reverse("home")}, {"label": unit.name, "url": ""}]
    home = {"label": DISTRICT_NAME if user.role_kind == RoleKind.BUREAU else unit_label(user), "url": reverse("home")}
    steps = [home]
    if unit.town and user.role_kind != RoleKind.TOWN:
        steps.append({"label": unit.town.name, "url": f"{reverse('units')}?town={unit.town.code}"})
    return [*steps, {"label": unit.name, "url": ""}]


def week_lines(unit: Institution, week: Week, now: dt.datetime) -> list[WeekLine]:
    """The eight weeks that end with ``week``, oldest first."""
    weeks = weeks_until(week)
    mondays = [each.monday for each in weeks]
    filings = {filing.week: filing for filing in Filing.objects.filter(institution=unit, week__in=mondays)}
    filed = WeeklyReturn.objects.filter(institution=unit, week__in=mondays).order_by()
    versions = dict(filed.values("week").annotate(numbers=Count("versions")).values_list("week", "numbers"))
    standings, lines = attention_of_weeks([unit.pk], weeks, now=now), []
    for each in weeks:
        filing, is_known = filings.get(each.monday), each.monday in filings or each.monday in versions
        standing = standings[each][unit.pk]
        lines.append(
            WeekLine(
                week=each,
                state=standing.filing,
                result=standing.outcome if is_known else None,
                filed_at=filing.first_submitted_at if filing else None,
                versions=versions.get(each.monday, 0),
                return_url=return_url(unit, each) if is_known else "",
            )
        )
    return lines


def open_matters(
    user: User, unit: Institution, alerts: list[Alert], unfiled: list[Filing], now: dt.datetime
) -> list[Matter]:
    """What the unit has to do now, worst first: returns to mend or missing, alerts, then the one due next."""
    to_mend = WeeklyReturn.objects.filter(
        Q(state=WeeklyReturn.State.RETURNED) | Q(state=WeeklyReturn.State.LOCKED, reopened_until__gte=now),
        institution=unit,
    ).only("institution_id", "week", "state", "remark", "reopened_until")
    may_file = user.role_kind == RoleKind.SCHOOL
    alerted = {alert.period for alert in alerts if alert.rule == _NOT_FILED}
    missing = [each for each in unfiled if each.due_at < now and Week(each.week).key not in alerted]
    upcoming = [each for each in unfiled if each.due_at >= now]
    worst = _worst_by_alert(user, unit)
    return [
        *(_to_mend(unit, each, may_file) for each in to_mend.order_by("week")),
        *(_missing(unit, each, may_file) for each in missing),
        *(_rule_matter(unit, inside, worst, now, may_file) for inside in _by_rule(alerts)),
        *(_upcoming(unit, each, may_file) for each in upcoming),
    ]


def rule_lines(user: User, unit: Institution, week: Week, result: UnitOutcome | None) -> list[RuleLine]:
    """Every rule that applied in the week, those with findings first; one query."""
    findings = (
        findings_of(user)
        .open()
        .undismissed()
        .filter(findings_of_week(week), institution=unit)
        .select_related(None)
        .only("severity", "is_stale", "is_exempt", "period", *WORDED_FIELDS)
    )
    by_rule: dict[str, list[FindingLine]] = {}
    for finding in findings.order_by("-severity", "occurred_on", "about")[:_MOST_FINDINGS]:
        by_rule.setdefault(finding.rule, []).append(FindingLine.of(finding))
    order = list(Outcome)
    lines = []
    for code, outcome in (result.by_rule if result else {}).items():
        rule = find_rule(code)
        if rule is not None and outcome != Outcome.NOT_APPLICABLE:
            lines.append(RuleLine(rule, Outcome(outcome), by_rule.get(code, [])))
    return sorted(lines, key=lambda line: (order.index(line.outcome), line.rule.code))


def return_url(unit: Institution, week: Week) -> str:
    """Where the return of that week is filled in and read."""
    return _reverse("return", unit.code, week.key)


def _alerts_url(user: User, unit: Institution) -> str:
    """All unclosed alerts of the unit: a school has no others."""
    search = "" if user.role_kind == RoleKind.SCHOOL else f"?{urlencode({'q': unit.name})}"
    return reverse("alerts") + search


def _reverse(name: str, *arguments: str) -> str:
    """The address, or "" where this portal is run without the app that has the page."""
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""


def _oldest_asked(now: dt.datetime) -> dt.date:
    """Monday of the oldest week whose missing return is still something to do: half a year back, one term."""
    return Week.of(now.date()).plus(-26).monday


def _worst_by_alert(user: User, unit: Institution) -> dict[tuple[str, str], Finding]:
    worst = (
        findings_of(user)
        .open()
        .undismissed()
        .filter(institution=unit)
        .order_by("rule", "period", "-severity", "-observed", "id")
        .distinct("rule", "period")
        .select_related(None)
        .only("period", *WORDED_FIELDS)
    )
    return {(finding.rule, finding.period): finding for finding in worst}


def _by_rule(alerts: list[Alert]) -> list[list[Alert]]:
    """Alerts of one rule together, in the order of the first of each: one thing to mend, however many weeks."""
    grouped: dict[str, list[Alert]] = {}
    for alert in alerts:
        grouped.setdefault(alert.rule, []).append(alert)
    return list(grouped.values())


def _rule_matter(
    unit: Institution, alerts: list[Alert], worst: dict[tuple[str, str], Finding], now: dt.datetime, may_file: bool
) -> Matter:
    first, rule = alerts[0], find_rule(alerts[0].rule)
    due_on = min(alert.due_on for alert in alerts)
    is_late = due_on < now.date()
    url, action = (reverse("alert", args=[first.pk]), _LOOK) if len(alerts) == 1 else ("#alerts", "逐条查看")
    if first.rule == _NOT_FILED and may_file:
        oldest = min(alert.period for alert in alerts)
        url, action = return_url(unit, Week.parse(oldest)) or url, "去填报"
    lines = [_alert_words(alert, worst.get((alert.rule, alert.period))) for alert in alerts[:_MOST_LINES]]
    if len(alerts) > _MOST_LINES:
        lines.append(f"另有 {len(alerts) - _MOST_LINES} 个时期")
    return Matter(
        title=rule.title if rule else first.rule,
        why=lines,
        url=url,
        action=action,
        severity=max(alert.severity for alert in alerts),
        clause="；".join(clause_words(each) for each in rule.clauses) if rule else "",
        remedy=rule.remedy if rule else "",
        due=f"整改期限 {cn_date(due_on)}{'，已逾期' if is_late else ''}",
        is_late=is_late,
        opens_beside=action == _LOOK,
    )


def _alert_words(alert: Alert, worst: Finding | None) -> str:
    """第45周：三年级（1）班 11-03 75 分钟（标准 60 分钟），共 2 条."""
    period = f"{short_label(Week.parse(alert.period))}：" if "-W" in alert.period else ""
    if alert.closing_proposed_at:
        return f"{period}问题已消除，等待上级办结"
    count = f"，共 {alert.open_findings} 条" if alert.open_findings > 1 else ""
    return f"{period}{finding_words(worst, names_rule=False) if worst else '疑似问题'}{count}"


def clause_words(clause_id: str) -> str:
    """《指引》2.1.1 减少作业总量."""
    clause = all_clauses().get(clause_id)
    return f"《指引》{clause_id} {clause.title if clause else ''}".strip()


def _to_mend(unit: Institution, weekly_return: WeeklyReturn, may_file: bool) -> Matter:
    """A return sent back, or one whose correction the bureau granted after the lock."""
    week = Week(weekly_return.week)
    if weekly_return.state == WeeklyReturn.State.LOCKED:
        return Matter(
            title=f"{short_label(week)}周报已同意更正，请按期提交更正",
            why=["更正时写明改了什么、为什么；过期未提交的，恢复锁定。"],
            url=return_url(unit, week),
            action="去更正" if may_file else _READ,
            severity=1,
            due=f"{cn_datetime(weekly_return.reopened_until)} 前",
        )
    return Matter(
        title=f"{short_label(week)}周报被退回，请更正后重新提交",
        why=[f"退回原因：{weekly_return.remark}"] if weekly_return.remark else [],
        url=return_url(unit, week),
        action="去更正" if may_file else _READ,
        severity=2,
    )


def _missing(unit: Institution, filing: Filing, may_file: bool) -> Matter:
    week = Week(filing.week)
    return Matter(
        title=f"{short_label(week)}周报未报",
        why=[f"截止时间 {cn_datetime(filing.due_at)} 已过；未报期间该周按数据不足处理。"],
        url=return_url(unit, week),
        action="去填报" if may_file else _READ,
        outcome=Outcome.INSUFFICIENT_DATA,
        due="已逾期",
        is_late=True,
    )


def _upcoming(unit: Institution, filing: Filing, may_file: bool) -> Matter:
    week = Week(filing.week)
    return Matter(
        title=f"填报{week.label}周报",
        why=[f"该周 {filing.school_days} 个上课日"],
        url=return_url(unit, week),
        action="填报周报" if may_file else _READ,
        due=f"截止 {cn_datetime(filing.due_at)}",
    )


def _heading(user: User, unit: Institution, week: Week, line: WeekLine, matters: list[Matter]) -> str:
    if user.role_kind == RoleKind.SCHOOL:
        return f"本周 {len(matters)} 件事要办" if matters else "本周没有待办事项"
    return f"{unit.name}{short_label(week)}{_verdict(line)}"


def _verdict(line: WeekLine) -> str:
    if line.result is None:
        return "无须报送周报"
    lacks = line.result.has_insufficient_data
    if line.result.findings:
        return f"有 {line.result.findings} 条疑似问题" + ("，另有数据不足" if lacks else "")
    if line.state == FilingState.PENDING:
        return "周报未到期"
    return "数据不足" if lacks else str(line.result.outcome.label)
