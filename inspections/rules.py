"""IN-01, 02: what was to be put right and was not, and what was done again. The bureau's own process rules, about
schools and training institutions alike. Guideline 二(四)3(3) and 三(三)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import (
    CharField,
    Count,
    DateField,
    F,
    Func,
    IntegerField,
    JSONField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Cast, Coalesce, JSONObject

from shuangjian.alerts.rectification_models import Rectification
from shuangjian.bureau.models import Institution
from shuangjian.bureau.ties import with_its_ties
from shuangjian.core.choices import Severity
from shuangjian.core.clock import local
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.evidence.choices import State
from shuangjian.evidence.kinds import all_kinds, judged_by
from shuangjian.evidence.models import Observation
from shuangjian.rules.declare import Period, Source, code, rule
from shuangjian.rules.expressions import MonthsAfter, begins
from shuangjian.rules.parameters import load_parameter
from shuangjian.rules.violations import violations

REPEAT_MONTHS = load_parameter(__file__, "repeat_months")

#: Whatever can be visited: public bodies are no party to a visit.
UNITS = (Institution.Kind.SCHOOL.value, Institution.Kind.TRAINING_ORG.value, Institution.Kind.SUSPECTED_SITE.value)
#: The rule that itself judges whether its observations are put right in time.
JUDGES_ITS_OWN_DELAY = "TO-33"
#: From when a repetition counts: the day of 查实, until decisions on penalties are kept.
_COUNTS_FROM = F("confirmed_on")


@rule(
    code="IN-01",
    title="整改逾期",
    clauses=["2.4.3.3", "3.3"],
    about=Rectification,
    period=Period.STANDING,
    source=Source.REGISTER,
    unit="是否",
    severity=Severity.VIOLATION,
    departments=["JY", "ZJ"],
    kinds=UNITS,
    comparison="整改期限已过，没有提交整改情况",
    remedy="提交整改情况，即自动消除；要求或期限确需变更的，由下达整改的单位写明原因变更或撤销。",
    note="期限最后一天仍为按时；复查未通过退回的，期限不变；逾期后提交的，自提交起消除。"
    f"机构的安全、疫情防控、内容、价格、合同和竞争问题逾期未整改的，由 {JUDGES_ITS_OWN_DELAY} 判断，不重复计。"
    "本条为区教育局内部督办规则。",
)
def not_handed_in_by_its_day(items: ScopedQuerySet[Rectification], now: dt.datetime) -> QuerySet[Any]:
    """要求整改的事项，期限已过仍没有提交整改情况，或者复查未通过后没有再次提交。"""
    elsewhere = Q(observation__isnull=False, observation__kind__in=judged_by(JUDGES_ITS_OWN_DELAY))
    waiting = items.filter(state__in=Rectification.WAITING, due_on__lt=local(now).date(), institution__kind__in=UNITS)
    return violations(
        waiting.exclude(elsewhere),
        institution="institution",
        about=code("rectification", "number"),
        on=begins(Cast(F("due_on") + Value(dt.timedelta(days=1)), DateField())),
        observed=Value(1),
        limit=Value(0),
        facts=JSONObject(due_on=Cast("due_on", TextField()), rectification_state="state"),
    )


class _Of(Func):
    """What a table of constants says of each kind of observation, as text."""

    template = "(%(expressions)s)"
    arg_joiner = " ->> "
    output_field = CharField()

    def __init__(self, table: dict[str, Any], kind: str) -> None:
        super().__init__(Value(table, JSONField()), F(kind))


def _grave(rows: QuerySet[Observation]) -> QuerySet[Any]:
    """Confirmed, of severity 3 or 4, of a kind that a rule judges; annotated with ``judged_by``, that rule's code."""
    kinds = [kind for kind in all_kinds() if kind.rule]
    of_kind = Cast(_Of({kind.code: int(kind.severity) for kind in kinds}, "kind"), IntegerField())
    confirmed = rows.filter(state=State.CONFIRMED, kind__in=[kind.code for kind in kinds])
    return confirmed.annotate(
        judged_by=_Of({kind.code: kind.rule for kind in kinds}, "kind"), grade=Coalesce("severity", of_kind)
    ).filter(grade__gte=Severity.VIOLATION)


def _earlier() -> QuerySet[Any]:
    """Confirmations before the outer act, by the same rule, at its institution or a tied one, within the months."""
    before = _grave(Observation.objects.filter(institution__among=with_its_ties("institution_id")))
    return (
        before.annotate(counts_from=_COUNTS_FROM)
        .annotate(months=REPEAT_MONTHS.at("counts_from"))  # NULL before its first date: no day is within that
        .filter(
            counts_from__lt=OuterRef("occurred_on"),
            judged_by=OuterRef("judged_by"),
        )
        .alias(until=MonthsAfter("counts_from", "months"))
        .filter(until__gte=OuterRef("occurred_on"))
        .order_by()
    )


@rule(
    code="IN-02",
    title="两年内再犯",
    clauses=["2.4.3.3"],
    about=Observation,
    period=Period.STANDING,
    source=Source.REGISTER,
    unit="次",
    parameters=[REPEAT_MONTHS],
    severity=Severity.CRITICAL,
    departments=["JY", "SC"],
    kinds=UNITS,
    comparison="此前在期限内已查实违反同一条规则的次数多于",
    remedy="依法从重处理；任何一次认定有误的，由区教育局撤回认定，即自动消除。整改完成不改变再犯的认定。",
    note="两次都须查实且等级为 3 级或 4 级（没有写明等级的，按事项的等级）；同一单位，或者同一品牌的各个点；"
    "同一条规则的不同事项也算再犯；后一次须发生在前一次查实之后。本条为区教育局内部督办规则。",
)
def done_again(observations: ScopedQuerySet[Observation]) -> QuerySet[Any]:
    """查实之后两年内，同一单位或同一品牌的机构再次发生并查实违反同一条规则的问题。"""
    grouped = _earlier().values("judged_by")
    times = Subquery(grouped.annotate(times=Count("pk")).values("times"))
    last = Subquery(grouped.annotate(last=Max("counts_from")).values("last"))
    # Not Exists: PostgreSQL would make a join of it, and compare each act with every other of its rule.
    again = _grave(observations.filter(institution__kind__in=UNITS)).alias(last=last).filter(last__isnull=False)
    return violations(
        again,
        institution="institution",
        about=code("observation", "number"),
        on=begins("occurred_on"),
        observed=times,
        limit=Value(0),
        facts=JSONObject(kind="kind", about="about", rule="judged_by", last_confirmed_on=Cast(last, TextField())),
    )
