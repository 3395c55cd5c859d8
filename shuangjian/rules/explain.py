"""The explanation card of a finding: the rule, the unit's own numbers, the standard, the conclusion, the way out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from shuangjian.bureau.models import UnitDay
from shuangjian.core.choices import Severity, Stage
from shuangjian.core.units import FLAG, SHARE, TIME_OF_DAY, clock_text, share_text
from shuangjian.core.weeks import Week
from shuangjian.evidence.kinds import kind_label
from shuangjian.rules.clauses import all_clauses
from shuangjian.rules.declare import Period, Rule, Source, find_rule
from shuangjian.rules.engine import current_overrides
from shuangjian.rules.models import Finding
from shuangjian.rules.observed import is_seen_by_people
from shuangjian.rules.parameter_files import Dated
from shuangjian.rules.parameters import Parameter, frozen

_KINDS = {"class": "班级", "stage": "学段", "return": "周报", "self": "本单位", "observation": "核查情况"}
_LAST_PRIMARY_GRADE = 6
_CONFIRMED_WAY_OUT = "情况属实的，整改后由镇街、教育指导中心或区教育局核实办结。"
_TO_BE_DECIDED = "系统按标准值比对得出“疑似问题”；是否属实由镇街或区教育局核查认定。"
_DECIDED_BEFORE = "情况由人核查认定为查实，系统据此列为“疑似问题”；认定有误的，由区教育局撤回认定。"
_FACTS = {
    "total_minutes": "本周书面作业合计（分钟）",
    "school_days": "本周上课日数",
    "class_hours": "要求学时数",
    "minutes_per_class_hour": "每学时分钟数",
    "stated_minutes": "填写了校内完成占比的书面作业（分钟）",
    "done_minutes": "在校内完成的书面作业（分钟）",
    "items": "涉及作业项数",
    "late_wanted": "18:30后需留校人数",
    "late_places": "18:30后托管名额",
    "content": "涉及服务内容",
    "short_days": "没有全覆盖的上课日数",
    "days": "没有实行弹性离校的上课日数",
    "kind": "事项",
    "about": "涉及对象",
    "confirmed_on": "查实日期",
}
_VALUES: dict[str, dict[str, str]] = {}


def register_words(
    *, kinds: Mapping[str, str], facts: Mapping[str, str], values: Mapping[str, Mapping[str, str]]
) -> None:
    """Called when a domain gets ready: what its cards call the kinds of ``about`` (course → 课程), the facts of its
    findings, and the codes that stand as a fact's value (fact → code → words). All in Chinese."""
    for known, given in ((_KINDS, kinds), (_FACTS, facts)):
        for key, word in given.items():
            if known.setdefault(key, word) != word:
                raise RuntimeError(f"{key} is called {known[key]} already: choose another key than for {word}.")
    for fact, words in values.items():
        _VALUES.setdefault(fact, {}).update(words)


def words_of(fact: str, code: str) -> str:
    """The Chinese words of a code that a fact, or what a standard is given by, has; the code itself without any."""
    return _VALUES.get(fact, {}).get(code, code)


@dataclass(frozen=True)
class Card:
    """What a person needs to understand one finding; every text is Chinese and ready to show."""

    rule_code: str
    rule_title: str
    sentence: str
    about_text: str
    occurred_text: str
    observed_text: str
    limit_text: str
    clause_id: str
    clause_text: str
    reference: str
    effective_from: dt.date | None
    conclusion: str
    how_to_clear: str
    decided_by: str
    other_reading: str
    facts: list[tuple[str, str]]
    severity: int
    stale: bool

    def as_dict(self) -> dict[str, Any]:
        """The card for JSON; facts as a list of {label, value}."""
        content = asdict(self)
        content["facts"] = [{"label": label, "value": value} for label, value in self.facts]
        return content


def explain(finding: Finding) -> Card:
    """The card of a finding, from what was frozen with it; one query for the bureau's overrides."""
    days = _calendar_of_week(finding)
    with frozen(current_overrides()):
        explained = card(
            rule_code=finding.rule,
            about=finding.about,
            occurred_on=finding.occurred_on,
            observed=finding.observed,
            limit=finding.limit,
            facts=finding.facts,
            severity=finding.severity,
            stale=finding.is_stale,
            decides_on=_first_school_day(finding, days),
        )
    if _rests_on_provisional_calendar(finding, days):
        explained.facts.append(("校历", "暂定；正式校历公布后重新判断"))
    return explained


def _calendar_of_week(finding: Finding) -> list[UnitDay]:
    """The unit's calendar of the finding's week, every stage; one query, none for rules about registers."""
    rule = find_rule(finding.rule)
    if rule is None or rule.source is not Source.RETURN or is_seen_by_people(finding.about):
        return []
    week = Week.of(finding.occurred_on).monday
    return list(UnitDay.objects.filter(institution_id=finding.institution_id, week=week))


def _rests_on_provisional_calendar(finding: Finding, days: Iterable[UnitDay]) -> bool:
    """Whether a school day of the finding's week is one only until the official calendar says so."""
    rule = find_rule(finding.rule)
    if rule is not None and rule.period is Period.DAY:
        return any(day.is_provisional for day in days if day.date == finding.occurred_on)
    return any(day.is_provisional for day in days if day.is_school_day)


def _first_school_day(finding: Finding, days: Iterable[UnitDay]) -> dt.date | None:
    """The day whose standards decide about a week, as the engine takes it; None for days and without a school day."""
    rule = find_rule(finding.rule)
    if rule is None or rule.period is not Period.WEEK:
        return None
    about = _by(finding.about)
    if isinstance(about, int):
        about = Stage.PRIMARY if about <= _LAST_PRIMARY_GRADE else Stage.JUNIOR
    return next((day.week_first_on for day in days if day.stage == about and day.week_first_on), None)


def card(
    *,
    rule_code: str,
    about: str,
    occurred_on: dt.date,
    observed: Decimal,
    limit: Decimal,
    facts: dict[str, Any],
    severity: int,
    stale: bool = False,
    decides_on: dt.date | None = None,
) -> Card:
    """The card of one violation, saved or foreseen. Parameters answer as in the surrounding ``frozen`` block.

    ``decides_on``: the first school day of a week; without it the first day of the week that has a standard.
    """
    rule = find_rule(rule_code)
    if rule is None:
        raise LookupError(f"规则 {rule_code} 已不再使用，无法解释。")
    standards = _standards(rule, about, occurred_on, decides_on, facts)
    clause = all_clauses()[rule.clauses[0]]
    return Card(
        rule_code=rule.code,
        rule_title=rule.title,
        sentence=rule.sentence,
        about_text=about_text(about),
        occurred_text=occurred_text(rule, occurred_on),
        observed_text=quantity(rule, observed),
        limit_text=quantity(rule, limit),
        clause_id=clause.id,
        clause_text=clause.text,
        reference="；".join(entry.reference_text for _, entry in standards) or f"《指引》{clause.id}",
        effective_from=max((entry.effective_from for _, entry in standards), default=None),
        conclusion=conclusion(rule, observed, limit),
        how_to_clear=_way_out(rule),
        decided_by=_DECIDED_BEFORE if is_seen_by_people(about) else _TO_BE_DECIDED,
        other_reading=_other_reading(parameter for parameter, _ in standards),
        facts=[(_FACTS.get(key, key), _fact(key, value)) for key, value in sorted(facts.items()) if value != ""],
        severity=severity,
        stale=stale,
    )


def conclusion(rule: Rule, observed: Decimal, limit: Decimal) -> str:
    """The comparison in words: 各科书面作业合计高于标准：75 分钟，标准 60 分钟."""
    if rule.unit == FLAG:
        return f"{rule.comparison}，{Severity(rule.severity).label}级疑似问题。"
    return f"{rule.comparison} {quantity(rule, limit)}：本单位为 {quantity(rule, observed)}，属疑似问题。"


def quantity(rule: Rule, value: Decimal) -> str:
    """A number in the rule's unit: 08:20, 75 分钟, 60.2 分钟, 85%; a flag is 是 or 否."""
    if rule.unit == TIME_OF_DAY:
        return clock_text(value)
    if rule.unit == SHARE:
        return share_text(value)
    if rule.unit == FLAG:
        return "是" if value else "否"
    return f"{_plain(value)} {rule.unit}"


def about_text(about: str) -> str:
    """``class:2026-05-01`` in words: 五年级（1）班."""
    kind, _, name = about.partition(":")
    if kind == "class":
        _, grade, number = name.split("-")
        return f"{'一二三四五六七八九'[int(grade) - 1]}年级（{int(number)}）班"
    if kind == "stage":
        return Stage(name).label
    if kind == "return":
        return f"{Week.parse(name).label}周报"
    return f"{_KINDS.get(kind, kind)} {name}".strip()


def occurred_text(rule: Rule, day: dt.date) -> str:
    """The day; the week or month for rules about those; the day since when, for rules about a state."""
    if rule.period is Period.WEEK:
        return Week.of(day).label
    if rule.period is Period.MONTH:
        return f"{day.year}年{day.month}月"
    if rule.period is Period.STANDING:
        return f"{day} 起"
    return f"{day}（周{'一二三四五六日'[day.weekday()]}）"


def _standards(
    rule: Rule, about: str, day: dt.date, decides_on: dt.date | None, facts: Mapping[str, Any]
) -> list[tuple[Parameter, Dated]]:
    """The dated entries behind the limit, one a parameter, as they were in force for this grade or stage, or for what
    the finding's facts say of what the standard is given by."""
    days = [decides_on or day]
    if decides_on is None and rule.period is Period.WEEK:
        monday = Week.of(day).monday
        days = [monday + dt.timedelta(days=n) for n in range(7)]
    found = []
    for parameter in rule.parameters:
        by = parameter.file.by
        key = parameter.key_for(facts.get(by) or _by(about)) if by else ""
        if key is None:
            continue
        entries = (parameter.entry_on(each, key=key) for each in days)
        entry = next((each for each in entries if each is not None), None)
        if entry is not None:
            found.append((parameter, entry))
    return found


def _way_out(rule: Rule) -> str:
    """The rule's remedy, and what becomes of a finding that is true: no correction clears what has happened."""
    return f"{rule.remedy}{_CONFIRMED_WAY_OUT}" if rule.source is Source.RETURN else rule.remedy


def _by(about: str) -> int | str:
    kind, _, name = about.partition(":")
    return int(name.split("-")[1]) if kind == "class" else name


def _other_reading(parameters: Iterable[Parameter]) -> str:
    """What the guideline leaves open in this standard, and the readings that were possible."""
    texts = []
    for parameter in parameters:
        if parameter.file.is_open:
            readings = "；".join(f"{r['label']}（{r['document']}）" for r in parameter.file.readings)
            other = f" 另一种读法：{readings}。" if readings else ""
            texts.append(f"指引未规定“{parameter.file.description}”，{parameter.file.note}{other}")
    return " ".join(texts)


def _fact(key: str, value: Any) -> str:
    if value is None:
        return "无"
    if isinstance(value, bool):
        return "是" if value else "否"
    if key == "kind":
        return kind_label(str(value))
    if key == "rule" and (rule := find_rule(str(value))):
        return f"{rule.code} {rule.title}"
    return _VALUES.get(key, {}).get(str(value)) or _plain(value)


def _plain(value: Any) -> str:
    return f"{Decimal(str(value)).normalize():f}" if isinstance(value, Decimal | int | float) else str(value)
