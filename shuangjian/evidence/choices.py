"""The words of evidence: where it came from, how far it is proven, by which channel a complaint arrived."""

from __future__ import annotations

from django.db import models


class State(models.TextChoices):
    """Only 查实 counts as a violation; a clue alone never shows as one."""

    CLUE = "clue", "线索"
    CHECKING = "checking", "核查中"
    CONFIRMED = "confirmed", "查实"
    REFUTED = "refuted", "未查实"


class Source(models.TextChoices):
    AUDIT = "audit", "审核"
    VISIT = "visit", "检查"
    COMPLAINT = "complaint", "投诉"
    SURVEY = "survey", "调查"
    EXPERT = "expert", "专家鉴别"


class ComplaintChannel(models.TextChoices):
    """受理渠道. Reply limits differ by channel: see parameters/reply_workdays.yaml."""

    MAYOR_HOTLINE = "12345", "12345 政务热线"
    MARKET_HOTLINE = "12315", "12315 消费者热线"
    EDUCATION_HOTLINE = "12391", "12391 教育热线"
    WALK_IN = "walk_in", "来访来信"
    PATROL = "patrol", "巡查发现"
    TRANSFER = "transfer", "其他部门转办"


class Topic(models.TextChoices):
    """投诉事项."""

    REFUND = "refund", "退费纠纷"
    PREPAYMENT = "prepayment", "预收费"
    CLOSED_DOWN = "closed_down", "关门停业"
    UNLICENSED = "unlicensed", "无证办学"
    TIME = "time", "违规时段培训"
    ADVERTISING = "advertising", "违规广告"
    PRIVACY = "privacy", "泄露信息或营销骚扰"
    STAFF = "staff", "师资问题"
    CONTENT = "content", "培训内容"
    SAFETY = "safety", "场所安全"
    HOMEWORK = "homework", "学校作业"
    AFTER_SCHOOL = "after_school", "课后服务"
    TEACHER_TUITION = "teacher_tuition", "在职教师有偿补课"
    OTHER = "other", "其他"


class ComplaintState(models.TextChoices):
    CLUE = "clue", "线索"
    CHECKING = "checking", "核查中"
    CONFIRMED = "confirmed", "查实"
    REFUTED = "refuted", "未查实"
    CLOSED = "closed", "已办结"
