"""What the bureau decides about rules: overrides, modes, exemptions. Each asks for a new judgement."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction

from shuangjian.bureau.models import Institution
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.core.units import SHARE, TIME_OF_DAY
from shuangjian.core.weeks import Week
from shuangjian.journal.models import Run
from shuangjian.journal.runs import open_run
from shuangjian.journal.services import record, request_evaluation
from shuangjian.rules.declare import Rule, all_rules, find_rule, rules_using
from shuangjian.rules.models import Exemption, ParameterOverride, RuleMode
from shuangjian.rules.parameters import Parameter, all_parameters
from shuangjian.rules.registries import followers


@transaction.atomic
def propose_override(
    *,
    parameter: str,
    key: str,
    value: Decimal,
    effective_from: dt.date,
    reason: str,
    reference: str,
    actor: Any,
    now: dt.datetime,
) -> ParameterOverride:
    """Propose another value for a number that the guideline leaves open; it counts only once approved.

    ``key`` is the grade band or stage ("" for a plain parameter). A value that the guideline itself fixes is refused.
    """
    known = _open_parameter(parameter, key)
    _only_bureau(actor)
    if known.file.unit == TIME_OF_DAY and not 0 <= value < 24 * 60:
        raise InvalidInput([Problem("value", "时刻应为 0–1439 之间的分钟数（如 08:20 为 500）。")])
    if known.file.unit == SHARE and not 0 <= value <= 1:
        raise InvalidInput([Problem("value", f"比例应为 0–1 之间的数（如 90% 为 0.9），现为 {value}。")])
    if value < 0:
        raise InvalidInput([Problem("value", f"标准值不能为负，现为 {value}。")])
    _check_date(known, key, effective_from)
    override = ParameterOverride(
        parameter=parameter,
        key=key,
        value=value,
        effective_from=effective_from,
        reason=_text(reason, "reason", "调整理由"),
        reference=_text(reference, "reference", "依据文件", longest=200),
        proposed_by=actor,
        proposed_at=now,
    )
    override.full_clean(exclude=["approved_by", "approved_at", "key"])
    override.save(force_insert=True)
    _note("propose_override", actor, override, now)
    return override


@transaction.atomic
def approve_override(override_id: int, *, actor: Any, now: dt.datetime) -> ParameterOverride:
    """Approve a proposal; another person than the proposer. What lies on or after its date is judged again."""
    _only_bureau(actor)
    override = ParameterOverride.objects.select_for_update().get(pk=override_id)
    if override.approved_at is not None:
        raise Conflict("这项调整已经批准。")
    if override.proposed_by_id == actor.pk:
        raise Refused("提出人与批准人须为两个人，请另一位区教育局人员批准。", code="two_people", status=403)
    override.approved_by, override.approved_at = actor, now
    override.save(update_fields=["approved_by", "approved_at"])
    _note("approve_override", actor, override, now)
    rules = [rule.code for rule in rules_using(override.parameter)]
    if rules and override.effective_from <= now.date():
        for follow in followers():
            follow(override.parameter, override.effective_from, now.date())
        known = _open_parameter(override.parameter, override.key)
        cause = f"标准值调整：{known.file.description}，自 {override.effective_from} 起"
        _judge_again(Run.Kind.STANDARD, cause, rules, (override.effective_from, now.date()), actor)
    return override


@transaction.atomic
def set_rule_mode(
    *,
    rule: str,
    mode: str,
    effective_from: dt.date,
    reason: str,
    actor: Any,
    now: dt.datetime,
    institution: Institution | None = None,
) -> RuleMode:
    """关闭, 试运行 or 正式 from a date on, for one unit or for all; the days concerned are judged again."""
    _only_bureau(actor)
    known = _rule(rule)
    setting = RuleMode.objects.filter(rule=known.code, institution=institution, effective_from=effective_from).first()
    setting = setting or RuleMode(rule=known.code, institution=institution, effective_from=effective_from)
    setting.mode, setting.reason = mode, _text(reason, "reason", "理由")
    setting.full_clean(exclude=["institution"] if institution is None else [], validate_unique=False)
    setting.save()
    record(
        "set_rule_mode",
        actor=actor,
        institution_id=institution.pk if institution else None,
        target=f"rule:{known.code}",
        detail={"mode": mode, "from": str(effective_from), "reason": setting.reason},
    )
    if effective_from <= now.date():
        cause = f"规则模式：{known.code} {setting.get_mode_display()}"
        _judge_again(Run.Kind.MODE, cause, [known.code], (effective_from, now.date()), actor, institution)
    return setting


@transaction.atomic
def grant_exemption(
    *,
    rule: str,
    institution: Institution,
    starts_on: dt.date,
    ends_on: dt.date,
    reason: str,
    actor: Any,
    now: dt.datetime,
) -> Exemption:
    """豁免 a unit from a soft rule (一般) on these days; to be approved by the end of the first week it covers."""
    _only_bureau(actor)
    known = _rule(rule)
    if not known.is_soft:
        raise Refused(f"{known.code} 不是弹性规则（条款没有“一般”二字），不能豁免。", code="not_soft")
    if ends_on < starts_on:
        raise InvalidInput([Problem("ends_on", "结束日期早于开始日期，请改正。")])
    if now.date() > Week.of(starts_on).sunday:
        raise InvalidInput([Problem("starts_on", f"豁免须在所涉周结束前批准，{Week.of(starts_on).key} 已经结束。")])
    exemption = Exemption.objects.create(
        rule=known.code,
        institution=institution,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=_text(reason, "reason", "豁免理由"),
        approved_by=actor,
        approved_at=now,
    )
    record(
        "grant_exemption",
        actor=actor,
        institution_id=institution.pk,
        target=f"rule:{known.code}",
        detail={"starts_on": str(starts_on), "ends_on": str(ends_on), "reason": exemption.reason},
    )
    dates = (starts_on, ends_on)
    _judge_again(Run.Kind.EXEMPTION, f"豁免：{known.code}", [known.code], dates, actor, institution)
    return exemption


def _judge_again(
    kind: str,
    cause: str,
    rules: list[str],
    dates: tuple[dt.date, dt.date],
    actor: Any,
    institution: Institution | None = None,
) -> None:
    """Ask for one institution or the district under a run of its own, whose receipt tells what the decision did."""
    asked: dict[str, Any] = {"since": dates[0], "until": dates[1], "rules": rules, "cause": cause}
    run = open_run(kind=kind, actor=actor, is_district=institution is None, **asked)
    request_evaluation(institution_id=institution.pk if institution else None, run=run, **asked)


def _only_bureau(actor: Any) -> None:
    if getattr(actor, "role_kind", "") != "bureau":
        raise Refused("只有区教育局可以作出这项决定。", code="role", status=403)


def _rule(code: str) -> Rule:
    rule = find_rule(code)
    if rule is None:
        raise InvalidInput([Problem("rule", f"没有规则 {code}。现有：{'、'.join(r.code for r in all_rules())}")])
    return rule


def _open_parameter(name: str, key: str) -> Parameter:
    known = next((parameter for parameter in all_parameters() if parameter.name == name), None)
    if known is None:
        raise InvalidInput([Problem("parameter", f"没有标准值 {name}。")])
    if key not in known.file.values:
        raise InvalidInput(
            [Problem("key", f"{name} 没有“{key}”这一档，可用：{'、'.join(known.file.values) or '（空）'}。")]
        )
    if not known.file.is_open:
        raise Refused(f"{known.file.description}由指引条款规定，不能调整。", code="fixed_by_law")
    return known


def _check_date(known: Parameter, key: str, effective_from: dt.date) -> None:
    """Not before the standard itself began, and once a day: two values for one day would leave it to chance."""
    begins = min(entry.effective_from for entry in known.file.values[key])
    if effective_from < begins:
        message = f"这项标准自 {begins} 起施行，调整不能早于这一天，现为 {effective_from}。"
        raise InvalidInput([Problem("effective_from", message)])
    same_day = ParameterOverride.objects.filter(parameter=known.name, key=key, effective_from=effective_from).first()
    if same_day is not None:
        state = "待批准" if same_day.approved_at is None else "已批准"
        message = f"这一档自 {effective_from} 起已有一项{state}的调整，请改用其他施行日期。"
        raise InvalidInput([Problem("effective_from", message)])


def _note(act: str, actor: Any, override: ParameterOverride, now: dt.datetime) -> None:
    record(
        act,
        actor=actor,
        target=f"parameter:{override.parameter}",
        detail={
            "key": override.key,
            "value": str(override.value),
            "from": str(override.effective_from),
            "at": str(now),
        },
    )


def _text(text: str, path: str, label: str, *, longest: int = 400) -> str:
    text = text.strip()
    if not 1 <= len(text) <= longest:
        raise InvalidInput([Problem(path, f"请填写{label}（1–{longest} 字）。", "required")])
    return text
