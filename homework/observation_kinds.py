"""What people find out about a school's homework, with the rule that judges each; registered in apps.py."""

from __future__ import annotations

from shuangjian.bureau.models import Institution
from shuangjian.core.choices import Severity
from shuangjian.evidence.choices import Topic
from shuangjian.evidence.kinds import ObservationKind, register_kind

_SCHOOLS = frozenset({Institution.Kind.SCHOOL.value})
_HOMEWORK = frozenset({Topic.HOMEWORK.value})

DIFFICULTY = "homework_difficulty"
MECHANICAL = "homework_mechanical"

KINDS = (
    ObservationKind(DIFFICULTY, "作业难度超课标", "HW-05", Severity.VIOLATION, _SCHOOLS, _HOMEWORK),
    ObservationKind(MECHANICAL, "机械重复或惩罚性作业", "HW-06", Severity.VIOLATION, _SCHOOLS, _HOMEWORK),
)


def register_kinds() -> None:
    """Make them known to evidence."""
    for kind in KINDS:
        register_kind(kind)
