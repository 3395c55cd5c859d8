"""Findings and periods in words short enough for a row of a list; the whole explanation is rules.explain."""

from __future__ import annotations

from dataclasses import dataclass

from shuangjian.core.templatetags.ui import cn_date, quantity, week_label
from shuangjian.rules.declare import Period, find_rule
from shuangjian.rules.explain import about_text
from shuangjian.rules.models import Finding

_FLAG = "是否"

#: What ``finding_words`` reads of a finding.
WORDED_FIELDS = ("rule", "about", "occurred_on", "observed", "limit")


def about_words(about: str) -> str:
    """五年级（1）班, 小学; "" for the unit itself and its returns, which the row names anyway."""
    return "" if about.startswith(("self", "return:")) else about_text(about)


def finding_words(finding: Finding, *, names_rule: bool = True) -> str:
    """三年级（2）班 11-18 书面作业当日总时长超限：112 分钟（标准 60 分钟）; the rule's title is left out on demand."""
    rule = find_rule(finding.rule)
    if rule is None:
        return f"{finding.rule} {about_words(finding.about)}".strip()
    day = f"{finding.occurred_on:%m-%d}" if rule.period is Period.DAY else ""
    where = " ".join(part for part in (about_words(finding.about), day) if part)
    if rule.unit == _FLAG:
        return f"{where} {rule.comparison}".strip()
    figures = f"{quantity(finding.observed, rule.unit)}（标准 {quantity(finding.limit, rule.unit)}）"
    return f"{where} {rule.title if names_rule else ''}".strip() + f"：{figures}"


@dataclass(frozen=True)
class FindingLine:
    """A finding as one row of a list."""

    finding: Finding
    title: str
    about: str
    when: str
    observed: str
    limit: str

    @classmethod
    def of(cls, finding: Finding) -> FindingLine:
        rule = find_rule(finding.rule)
        unit = rule.unit if rule else ""
        is_flag = unit == _FLAG
        return cls(
            finding=finding,
            title=rule.title if rule else finding.rule,
            about=about_words(finding.about) or "本单位",
            when=occasion(finding),
            observed=(rule.comparison if rule else "") if is_flag else quantity(finding.observed, unit),
            limit="" if is_flag else quantity(finding.limit, unit),
        )


def occasion(finding: Finding) -> str:
    """The day of a daily rule, the week of a weekly one, else the day on which the state began."""
    rule = find_rule(finding.rule)
    return week_label(finding.period) if rule and rule.period is Period.WEEK else cn_date(finding.occurred_on)


def period_words(period: str) -> str:
    """2026-W45 → 2026年第45周（…）, standing → 持续状态; months and terms as they are."""
    return "持续状态" if period == "standing" else week_label(period)
