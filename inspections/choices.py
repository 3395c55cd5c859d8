"""The words of inspections: what is inspected, how an item was judged, how far a visit has come, what it led to."""

from __future__ import annotations

from django.db import models

from shuangjian.bureau.models import Institution


class Target(models.TextChoices):
    """检查对象类型: which checklist a visit takes."""

    SCHOOL = "school", "学校"
    SUBJECT_ORG = "subject_org", "学科类培训机构"
    NON_SUBJECT_ORG = "non_subject_org", "非学科类培训机构"
    SUSPECTED_SITE = "suspected_site", "疑似无证点"


class PhotoRule(models.TextChoices):
    OPTIONAL = "optional", "可拍照"
    ON_FAILURE = "on_failure", "不符合时必须拍照"
    ALWAYS = "always", "必须拍照"


class ProblemKind(models.TextChoices):
    """问题类别 as the district counts them in its notices (forms.md §2)."""

    CONDUCT = "conduct", "规范办学"
    SAFETY = "safety", "安全管理"
    FIRE = "fire", "消防安全"


class ChecklistState(models.TextChoices):
    DRAFT = "draft", "草稿"
    PUBLISHED = "published", "使用中"
    RETIRED = "retired", "已停用"


class VisitKind(models.TextChoices):
    PLANNED = "planned", "计划检查"
    UNANNOUNCED = "unannounced", "突击检查（四不两直）"
    FOLLOW_UP = "follow_up", "回头看"


class VisitState(models.TextChoices):
    """待检查 → 检查中 → 待审核 → 已归档 or 已退回; a filed visit that is corrected is 检查中 again, one version up."""

    PLANNED = "planned", "待检查"
    UNDER_WAY = "under_way", "检查中"
    HANDED_IN = "handed_in", "待审核"
    RETURNED = "returned", "已退回"
    FILED = "filed", "已归档"
    CANCELLED = "cancelled", "已取消"


#: States in which the inspectors still write.
WRITABLE = (VisitState.UNDER_WAY, VisitState.RETURNED)
#: States in which an inspector's scope holds the institution.
OPEN_STATES = (VisitState.PLANNED, VisitState.UNDER_WAY, VisitState.HANDED_IN, VisitState.RETURNED)


class Verdict(models.TextChoices):
    OK = "ok", "符合"
    FAILED = "failed", "不符合"
    NOT_APPLICABLE = "na", "不适用"


class Decision(models.TextChoices):
    """What a failed item becomes when the visit is filed."""

    CLUE = "clue", "线索"
    CONFIRMED = "confirmed", "查实"


class ResultCode(models.TextChoices):
    """检查结果 of the whole visit."""

    NO_PROBLEM = "no_problem", "未发现问题"
    CORRECTED = "corrected", "发现问题，当场改正"
    ORDERED = "ordered", "发现问题，责令限期整改"
    STOPPED = "stopped", "责令停止办学"
    PENDING = "pending", "发现问题，待后续处理"
    CLOSED_DOOR = "closed_door", "关门停业，未能进入"
    REFUSED = "refused", "拒绝或不配合检查"


def target_of(institution: Institution) -> Target | None:
    """Which checklist an institution takes; None for public bodies. Subject teaching is what its category says."""
    if institution.kind == Institution.Kind.SCHOOL:
        return Target.SCHOOL
    if institution.kind == Institution.Kind.SUSPECTED_SITE:
        return Target.SUSPECTED_SITE
    if institution.kind == Institution.Kind.TRAINING_ORG:
        return Target.SUBJECT_ORG if institution.category == "subject" else Target.NON_SUBJECT_ORG
    return None
