"""What people find at training institutions, with the rule that judges each; registered in apps.py."""

from __future__ import annotations

from shuangjian.bureau.models import Institution
from shuangjian.core.choices import Severity
from shuangjian.evidence.choices import Topic
from shuangjian.evidence.kinds import ObservationKind, register_kind

_UNITS = frozenset({Institution.Kind.TRAINING_ORG.value, Institution.Kind.SUSPECTED_SITE.value})

PRIVACY = "privacy"
ADVERTISING = "advertising"
CONTENT = "content"
FOREIGN_COURSE = "foreign_course"
ENROLMENT_LINK = "enrolment_link"
OPERATING = "operating"
CONTRACT = "contract"
#: Kinds of rule TO-33: they must be rectified by their due date.
TO_RECTIFY = ("safety", "epidemic", "unlawful_content", "price", CONTRACT, "competition")

_LABELS = {
    "safety": "安全隐患",
    "epidemic": "疫情防控问题",
    "unlawful_content": "违法违规内容",
    "price": "价格违规",
    CONTRACT: "合同违规",
    "competition": "不正当竞争",
}
_TOPICS: dict[str, frozenset[str]] = {
    "safety": frozenset({Topic.SAFETY}),
    "unlawful_content": frozenset({Topic.CONTENT}),
    "price": frozenset({Topic.PREPAYMENT}),
    CONTRACT: frozenset({Topic.REFUND, Topic.CLOSED_DOWN}),
}


def _kind(code: str, label: str, rule: str, severity: int, *topics: str) -> ObservationKind:
    return ObservationKind(code, label, rule, severity, units=_UNITS, topics=frozenset(topics))


KINDS = (
    _kind(PRIVACY, "泄露信息或营销轰炸", "TO-09", Severity.VIOLATION, Topic.PRIVACY),
    _kind(ADVERTISING, "违规广告", "TO-10", Severity.VIOLATION, Topic.ADVERTISING),
    _kind(OPERATING, "无证开展培训", "TO-25", Severity.CRITICAL, Topic.UNLICENSED),
    _kind(CONTENT, "超纲、提前或强化应试", "TO-30", Severity.VIOLATION, Topic.CONTENT),
    _kind(FOREIGN_COURSE, "境外课程", "TO-31", Severity.VIOLATION),
    _kind(ENROLMENT_LINK, "与招生挂钩", "TO-32", Severity.CRITICAL),
    *(_kind(code, _LABELS[code], "TO-33", Severity.VIOLATION, *_TOPICS.get(code, ())) for code in TO_RECTIFY),
)


def register_kinds() -> None:
    """Make them known to evidence."""
    for kind in KINDS:
        register_kind(kind)
