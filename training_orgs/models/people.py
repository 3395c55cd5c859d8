"""Staff of training institutions and the list of in-service teachers, as salted hashes only."""

from __future__ import annotations

import pghistory
from django.db import models
from django.db.models import F, Q

from shuangjian.bureau.models import Institution
from shuangjian.core.querysets import ScopedQuerySet
from training_orgs.choices import StaffRole


@pghistory.track()
class Staff(models.Model):
    """从业人员. The identity number is never stored: only its keyed hash and its last four characters."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="org_staff")
    number = models.CharField(max_length=20, verbose_name="工号")
    name = models.CharField(max_length=40, verbose_name="姓名")
    identity_hash = models.CharField(max_length=64, blank=True, db_index=True, verbose_name="身份标识")
    identity_tail = models.CharField(max_length=4, blank=True, verbose_name="证件号后四位")
    role = models.CharField(max_length=8, choices=StaffRole.choices, verbose_name="岗位")
    is_full_time = models.BooleanField(default=True, verbose_name="专职")
    employed_on = models.DateField(verbose_name="入职日期")
    left_on = models.DateField(null=True, blank=True, verbose_name="离职日期", help_text="last day of employment")

    INSTITUTION = "institution"
    OCCURRED_ON = ""
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "从业人员"
        ordering = ["institution", "number"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "number"], name="staff_number_once"),
            models.CheckConstraint(
                condition=Q(left_on__isnull=True) | Q(left_on__gte=F("employed_on")),
                name="staff_range",
                violation_error_message="离职日期早于入职日期，请改正。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


@pghistory.track()
class Qualification(models.Model):
    """教师资格证 as a staff member presents it. ``holder_name`` is the name printed on it: another's counts as none,
    as does one that a person has found lent (``is_lent``)."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="qualifications")
    number = models.CharField(max_length=30, db_index=True, verbose_name="资格证号")
    holder_name = models.CharField(max_length=40, verbose_name="证上姓名")
    subject = models.CharField(max_length=20, blank=True, verbose_name="任教学科")
    stage = models.CharField(max_length=20, blank=True, verbose_name="资格种类")
    valid_from = models.DateField(verbose_name="发证日期")
    valid_until = models.DateField(null=True, blank=True, verbose_name="有效期至")
    is_lent = models.BooleanField(default=False, verbose_name="经查实为出借")

    INSTITUTION = "staff__institution"
    OCCURRED_ON = ""
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "教师资格"
        ordering = ["staff", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["staff", "number"], name="qualification_once"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="qualification_range",
                violation_error_message="有效期至早于发证日期，请改正。",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class InServiceList(models.Model):
    """在职教师比对名单: one upload of hashes; the newest takes the place of those before."""

    label = models.CharField(max_length=60, verbose_name="名单名称")
    as_of = models.DateField(verbose_name="截至日期")
    uploaded_at = models.DateTimeField(verbose_name="上传时间")
    hashes = models.PositiveIntegerField(verbose_name="条数")

    class Meta:
        verbose_name = "在职教师比对名单"
        ordering = ["-uploaded_at"]

    def __str__(self) -> str:
        return self.label


class InServiceTeacher(models.Model):
    """One hash of the current list, with the days on which the person is in public service. Retired: it has an end."""

    source = models.ForeignKey(InServiceList, on_delete=models.CASCADE, related_name="teachers")
    identity_hash = models.CharField(max_length=64, unique=True)
    valid_from = models.DateField(null=True, help_text="NULL: unknown, long ago")
    valid_until = models.DateField(null=True, help_text="last day in service; NULL: still in service")

    class Meta:
        verbose_name = "在职教师"

    def __str__(self) -> str:
        return self.identity_hash[:8]
