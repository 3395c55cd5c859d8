"""What people find out about a school's after-school service, with the rule that judges each; registered in apps.py."""

from __future__ import annotations

from shuangjian.bureau.models import Institution
from shuangjian.core.choices import Severity
from shuangjian.evidence.choices import Topic
from shuangjian.evidence.kinds import ObservationKind, register_kind

_SCHOOLS = frozenset({Institution.Kind.SCHOOL.value})
_SERVICE = frozenset({Topic.AFTER_SCHOOL.value})

COLLECTIVE_TUITION = "collective_tuition"
PROVIDER_MISCONDUCT = "provider_misconduct"

KINDS = (
    ObservationKind(COLLECTIVE_TUITION, "讲新课或集体补课", "AS-04", Severity.VIOLATION, _SCHOOLS, _SERVICE),
    ObservationKind(PROVIDER_MISCONDUCT, "第三方违规", "AS-07", Severity.VIOLATION, _SCHOOLS, _SERVICE),
)


def register_kinds() -> None:
    """Make them known to evidence."""
    for kind in KINDS:
        register_kind(kind)
