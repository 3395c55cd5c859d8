"""Builders of list decisions for tests, through the services."""

from __future__ import annotations

import datetime as dt
from typing import Any

from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.lists import services
from shuangjian.lists.models import ListCriteria, ListDecision
from tests import make

TODAY = dt.date(2026, 11, 10)
NOW = clock.at(TODAY, 10 * 60)


def two() -> tuple[User, User]:
    """Two people of the bureau."""
    found = list(User.objects.filter(role_kind="bureau", username__startswith="bureau-list").order_by("username"))
    return (found[0], found[1]) if found else (person(1), person(2))


def person(number: int) -> User:
    return make.user("bureau", username=f"bureau-list-{number}")


def criteria(kind: str = "black", version: str = "2026-1", valid_from: dt.date = dt.date(2021, 9, 1)) -> ListCriteria:
    return ListCriteria.objects.get_or_create(
        kind=kind,
        version=version,
        defaults={"text": "示范标准", "valid_from": valid_from, "reference": "示范文件〔2026〕1号"},
    )[0]


def proposed(
    institution: Institution, kind: str = "black", on: dt.date = TODAY, act: str = "entry", **other: Any
) -> ListDecision:
    """A proposal of the first person; ``other`` replaces what the service is given."""
    number = ListDecision.objects.count() + 1
    given = {
        "criteria": criteria(kind),
        "decision_no": f"示范名单〔2026〕{number}号",
        "effective_on": on,
        "reason": "无证办学，经查实",
        "actor": two()[0],
        "now": NOW,
    } | other
    propose = services.propose_entry if act == "entry" else services.propose_exit
    return propose(institution, kind, **given)


def decided(institution: Institution, kind: str = "black", on: dt.date = TODAY, act: str = "entry") -> ListDecision:
    """A decision proposed by the first and approved by the second person."""
    decision = proposed(institution, kind, on, act)
    return services.review(decision.pk, approve=True, actor=two()[1], now=NOW)
