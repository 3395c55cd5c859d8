"""What people find out about a school's teaching and its teachers, with the rule that judges each; registered in
apps.py."""

from __future__ import annotations

from shuangjian.bureau.models import Institution
from shuangjian.core.choices import Severity
from shuangjian.evidence.choices import Topic
from shuangjian.evidence.kinds import ObservationKind, register_kind

_SCHOOLS = frozenset({Institution.Kind.SCHOOL.value})

TEACHING_AHEAD = "teaching_ahead"
EXAM_BEYOND = "exam_beyond"
ADMISSION_TARGET = "admission_target"
PAID_TUITION = "paid_tuition"

KINDS = (
    ObservationKind(TEACHING_AHEAD, "非零起点教学", "SC-06", Severity.VIOLATION, _SCHOOLS),
    ObservationKind(EXAM_BEYOND, "考题超标", "SC-09", Severity.VIOLATION, _SCHOOLS),
    ObservationKind(ADMISSION_TARGET, "下达升学指标", "SC-12", Severity.CRITICAL, _SCHOOLS),
    ObservationKind(
        PAID_TUITION,
        "教师有偿补课",
        "SC-13",
        Severity.CRITICAL,
        _SCHOOLS,
        frozenset({Topic.TEACHER_TUITION.value}),
    ),
)


def register_kinds() -> None:
    """Make them known to evidence."""
    for kind in KINDS:
        register_kind(kind)
