"""What people found and confirmed at schools, as findings: the pieces that rules marked O share.

A clue, what is being checked and what was refuted count for nothing. What was put right is no finding any more, of
whatever period: its clearing keeps the day, and an act counts as a repetition (IN-02) whether it was put right or not.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, JSONObject

from shuangjian.bureau.models import Institution
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.evidence.choices import State
from shuangjian.evidence.models import Observation
from shuangjian.rules.declare import Source, code, rule
from shuangjian.rules.expressions import begins
from shuangjian.rules.periods import BEGINNING
from shuangjian.rules.violations import violations

Observations = ScopedQuerySet[Observation]
SCHOOLS = (Institution.Kind.SCHOOL.value,)
STAGES = ("primary", "junior")
BY_PEOPLE = "由人核查认定；线索、核查中和未查实的都不计。"
CLEARED = "整改后由复查人登记整改完成，即自动消除；认定有误的，由区教育局撤回认定。"
#: Declares a rule over what people confirmed at schools of compulsory education.
observed_rule = partial(rule, about=Observation, source=Source.REGISTER, unit="是否", stages=STAGES, kinds=SCHOOLS)

_ABOUT = code("observation", "number")
_FACTS = JSONObject(kind="kind", about="about", confirmed_on=Cast("confirmed_on", TextField()))


def is_seen_by_people(about: str) -> bool:
    """Whether what a finding is about is an observation: no return says it, so that no correction of one clears it."""
    return about.startswith(f"{_ABOUT.kind}:")


def confirmed_at_schools(rows: Observations, kind: str, stages: tuple[str, ...] = STAGES) -> Observations:
    """Confirmed at a school that has one of the stages, and not put right."""
    at_schools = Q(institution__kind__in=SCHOOLS, institution__stages__overlap=list(stages))
    return rows.filter(at_schools, kind=kind, state=State.CONFIRMED, rectified_on__isnull=True)


def acts(rows: Observations) -> QuerySet[Any]:
    """A finding on the day of each act (D and T rules); what was done before the guideline is none."""
    return _found(rows.filter(occurred_on__gte=BEGINNING), "occurred_on")


def state_since(rows: QuerySet[Any], day: str | Combinable) -> QuerySet[Any]:
    """A standing finding of each, from ``day`` on (S rules)."""
    return _found(rows, begins(day))


def _found(rows: QuerySet[Any], on: str | Combinable) -> QuerySet[Any]:
    return violations(
        rows, institution="institution", about=_ABOUT, on=on, observed=Value(1), limit=Value(0), facts=_FACTS
    )
