"""The words of the training registers: what an institution teaches, whom, how, and where its money goes."""

from __future__ import annotations

from django.db import models


class Category(models.TextChoices):
    """培训类别; Institution.category of a training institution is one of these."""

    SUBJECT = "subject", "学科类"
    SPORTS = "sports", "体育类"
    ARTS = "arts", "文化艺术类"
    SCIENCE = "science", "科技类"
    PRACTICE = "practice", "其他综合实践类"


class CourseStage(models.TextChoices):
    """培训对象学段. COMPULSORY: within compulsory education, which stage is not known."""

    PRESCHOOL = "preschool", "学龄前"
    PRIMARY = "primary", "小学"
    JUNIOR = "junior", "初中"
    COMPULSORY = "compulsory", "义务教育（学段不明）"
    SENIOR = "senior", "高中"


#: Stages of compulsory education, an unknown one among them.
COMPULSORY_STAGES = (CourseStage.PRIMARY, CourseStage.JUNIOR, CourseStage.COMPULSORY)


class Mode(models.TextChoices):
    OFFLINE = "offline", "线下"
    ONLINE = "online", "线上"


class OrgStatus(models.TextChoices):
    ACTIVE = "active", "正常"
    SUSPENDED = "suspended", "暂停"
    CONVERTED = "converted", "转型"
    CLOSED = "closed", "注销"


class LicenceKind(models.TextChoices):
    SCHOOL_RUNNING = "school_running", "办学许可证"
    PERMIT = "permit", "主管部门许可"


class RegistrationKind(models.TextChoices):
    BUSINESS = "business", "营业执照"
    NONPROFIT_UNIT = "nonprofit_unit", "民办非企业单位登记"
    PUBLIC_UNIT = "public_unit", "事业单位登记"


class LicenceState(models.TextChoices):
    """证照状态: a school-running licence (证) and a registration (照), each valid or not."""

    NEITHER = "neither", "无证无照"
    REGISTRATION_ONLY = "registration_only", "有照无证"
    LICENCE_ONLY = "licence_only", "有证无照"
    BOTH = "both", "有证有照"


class Channel(models.TextChoices):
    """收费渠道: into the custody account, or past it."""

    CUSTODY = "custody", "监管账户"
    DIRECT = "direct", "其他渠道"


class LedgerKind(models.TextChoices):
    """What moves the custody account's balance: payments and top-ups add, releases and refunds take."""

    PAYMENT = "payment", "收款入账"
    RELEASE = "release", "课消划拨"
    REFUND = "refund", "退费支出"


class StaffRole(models.TextChoices):
    TEACHER = "teacher", "教学"
    RESEARCH = "research", "教研"
    ADMIN = "admin", "管理"
    SUPPORT = "support", "后勤安全"


class Identified(models.TextChoices):
    """学科鉴别 result; empty while nobody has decided."""

    SUBJECT = "subject", "学科类"
    NON_SUBJECT = "non_subject", "非学科类"
