"""TO-17: what parents prepay lies in the custody account or is covered by a reserve, and the sums agree."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from shuangjian.core.choices import Severity
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.rules.declare import Period, Source, rule
from shuangjian.rules.periods import BEGINNING
from shuangjian.rules.violations import violations
from training_orgs.models import CustodyGap
from training_orgs.rules.charges import DEPARTMENTS
from training_orgs.rules.in_force import OPERATORS


@rule(
    code="TO-17",
    title="预收费未监管",
    clauses=["2.4.2.3"],
    about=CustodyGap,
    period=Period.DAY,
    source=Source.REGISTER,
    unit="元",
    severity=Severity.VIOLATION,
    departments=DEPARTMENTS,
    kinds=OPERATORS,
    comparison="未消课余额超过风险保证金，或监管账户余额不等于",
    at_the_limit="恰好等于标准值合规",
    remedy="预收费全部进入资金监管账户，或补足风险保证金；账目不符的，核对并补录收费、课消、退费和账户流水，对平后自动消除。",
    note="不经监管账户的收费：当日全部订单的未消课余额（收费减课消减退费）不得超过当日有效的"
    "风险保证金，没有保证金按 0 计；"
    "监管账户：当日余额应等于累计收费减课消减退费，差一分也记。",
)
def money_outside_custody(gaps: ScopedQuerySet[CustodyGap]) -> QuerySet[Any]:
    """收费未进监管账户且风险保证金不足，或监管账户余额与收费、课消、退费的差额不符。"""
    return violations(
        gaps.filter(day__gte=BEGINNING),
        institution="institution",
        about="about",
        on="day",
        observed="observed",
        limit="limit",
    )
