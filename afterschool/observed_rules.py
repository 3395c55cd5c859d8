"""AS-07: a provider at fault that the school lets go on. Only what a person has confirmed counts. Guideline 二(三)3."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import DateField, F, QuerySet, Value
from django.db.models.functions import Cast, Coalesce

from afterschool import observation_kinds as kinds
from shuangjian.core.choices import Severity
from shuangjian.core.clock import local
from shuangjian.rules.declare import Period
from shuangjian.rules.expressions import WorkdaysAfter
from shuangjian.rules.observed import BY_PEOPLE, Observations, confirmed_at_schools, observed_rule, state_since


@observed_rule(
    code="AS-07",
    title="第三方违规未退出",
    clauses=["2.3.3"],
    period=Period.STANDING,
    parameters=[kinds.PROVIDER_EXIT_WORKDAYS],
    severity=Severity.VIOLATION,
    departments=["JY", "ZJ"],
    comparison="查实第三方机构违规，超过期限没有取消其入校资质",
    remedy="取消该机构的入校资质；由复查人登记整改完成，即自动消除；认定有误的，由区教育局撤回认定。",
    note=f"{BY_PEOPLE}服务水平低下、在校招揽生源、不按规定提供服务或扰乱秩序的，学校应取消其入校资质；"
    "查实当日为第 0 天，期限最后一天仍为按时。",
)
def provider_not_sent_away(observations: Observations, now: dt.datetime) -> QuerySet[Any]:
    """查实参与课后服务的第三方机构违规，学校在期限内没有取消其入校资质。"""
    days = kinds.PROVIDER_EXIT_WORKDAYS.at("confirmed_on")
    at_fault = confirmed_at_schools(observations, kinds.PROVIDER_MISCONDUCT).annotate(
        last_day=Coalesce("due_on", WorkdaysAfter("confirmed_on", days))
    )
    late = at_fault.filter(last_day__lt=local(now).date())
    return state_since(late, Cast(F("last_day") + Value(dt.timedelta(days=1)), DateField()))
