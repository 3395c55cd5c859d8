"""What people find out about a school's after-school service, with the rule that judges each; registered in apps.py."""

from __future__ import annotations

import datetime as dt

from shuangjian.bureau.models import Institution
from shuangjian.core.choices import Severity
from shuangjian.evidence.choices import Topic
from shuangjian.evidence.kinds import ObservationKind, register_kind
from shuangjian.rules.engine import current_overrides
from shuangjian.rules.parameters import frozen, load_parameter

_SCHOOLS = frozenset({Institution.Kind.SCHOOL.value})
_SERVICE = frozenset({Topic.AFTER_SCHOOL.value})

COLLECTIVE_TUITION = "collective_tuition"
PROVIDER_MISCONDUCT = "provider_misconduct"
PROVIDER_EXIT_WORKDAYS = load_parameter(__file__, "provider_exit_workdays")


def _workdays_to_exit(confirmed_on: dt.date) -> int | None:
    with frozen(current_overrides()):
        workdays = PROVIDER_EXIT_WORKDAYS.on(confirmed_on)
    return None if workdays is None else int(workdays)


KINDS = (
    ObservationKind(COLLECTIVE_TUITION, "讲新课或集体补课", "AS-04", Severity.VIOLATION, _SCHOOLS, _SERVICE),
    ObservationKind(
        PROVIDER_MISCONDUCT, "第三方违规", "AS-07", Severity.VIOLATION, _SCHOOLS, _SERVICE, _workdays_to_exit
    ),
)


def register_kinds() -> None:
    """Make them known to evidence."""
    for kind in KINDS:
        register_kind(kind)
