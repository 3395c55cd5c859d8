"""The register of training institutions: who they are, by what licence, in what state. Everything is dated."""

from __future__ import annotations

import pghistory
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeBoundary, RangeOperators
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Func, Q

from shuangjian.bureau.models import Institution
from shuangjian.core.querysets import ScopedQuerySet
from training_orgs.choices import (
    Category,
    CourseStage,
    LicenceKind,
    LicenceState,
    OrgStatus,
    RegistrationKind,
)


class DateRange(Func):
    """daterange(from, until) with both days included; an open end is NULL."""

    function = "daterange"
    output_field = DateRangeField()


def no_overlap(name: str, *same: str) -> ExclusionConstraint:
    """Of rows that are alike in ``same``, no two may hold on one day (columns valid_from, valid_until)."""
    return ExclusionConstraint(
        name=name,
        expressions=[
            *((field, RangeOperators.EQUAL) for field in same),
            (DateRange("valid_from", "valid_until", RangeBoundary(True, True)), RangeOperators.OVERLAPS),
        ],
        violation_error_message="同一时间段内已有一条记录，请先结束上一条或改正起止日期。",
    )


@pghistory.track()
class Brand(models.Model):
    """品牌: what ties several sites of one operator together."""

    name = models.CharField(max_length=60, unique=True, verbose_name="品牌名称")

    class Meta:
        verbose_name = "品牌"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class TrainingOrg(models.Model):
    """校外培训机构 or 疑似无证点. Name, town, category and status stand on its Institution as of today; what held
    on another day is in its profiles."""

    institution = models.OneToOneField(
        Institution, primary_key=True, on_delete=models.CASCADE, related_name="training_org"
    )
    uscc = models.CharField(max_length=18, unique=True, null=True, blank=True, verbose_name="统一社会信用代码")
    brand = models.ForeignKey(
        Brand, null=True, blank=True, on_delete=models.PROTECT, related_name="orgs", verbose_name="品牌"
    )
    legal_person = models.CharField(max_length=40, blank=True, verbose_name="法定代表人/举办者")
    phone = models.CharField(max_length=30, blank=True, verbose_name="联系电话")

    INSTITUTION = "institution"
    OCCURRED_ON = ""
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "校外培训机构"

    def __str__(self) -> str:
        return self.institution.name


@pghistory.track()
class OrgProfile(models.Model):
    """What an institution was from one day to another: names, category, place, size. ``valid_until`` NULL: to now."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="org_profiles")
    valid_from = models.DateField(verbose_name="起")
    valid_until = models.DateField(null=True, blank=True, verbose_name="止")
    registered_name = models.CharField(max_length=80, blank=True, verbose_name="登记名称")
    sign_name = models.CharField(max_length=80, blank=True, verbose_name="招牌名称")
    category = models.CharField(max_length=8, choices=Category.choices, verbose_name="培训类别")
    department = models.CharField(max_length=4, blank=True, verbose_name="主管部门", help_text="Department.code")
    address = models.CharField(max_length=120, verbose_name="地址")
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True, verbose_name="纬度")
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True, verbose_name="经度")
    area_m2 = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True, verbose_name="面积（平方米）")
    capacity = models.PositiveIntegerField(null=True, blank=True, verbose_name="同时容纳人数")
    is_online_only = models.BooleanField(default=False, verbose_name="仅线上")

    INSTITUTION = "institution"
    OCCURRED_ON = ""
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "机构档案"
        ordering = ["institution", "valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_from__lte=F("valid_until")), name="org_profile_range"
            ),
            no_overlap("org_profile_once", "institution"),
        ]

    def __str__(self) -> str:
        return f"{self.sign_name or self.registered_name} {self.valid_from}"


@pghistory.track()
class Registration(models.Model):
    """法人登记（照）: business licence, private non-enterprise unit or public institution."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="registrations")
    kind = models.CharField(max_length=16, choices=RegistrationKind.choices, verbose_name="登记类型")
    number = models.CharField(max_length=30, verbose_name="登记号")
    registered_name = models.CharField(max_length=80, blank=True, verbose_name="登记名称")
    is_nonprofit = models.BooleanField(verbose_name="非营利")
    scope = models.CharField(max_length=400, blank=True, verbose_name="经营/业务范围")
    training_scope_on = models.DateField(null=True, blank=True, verbose_name="登记培训业务的日期")
    issued_on = models.DateField(verbose_name="登记日期")
    expires_on = models.DateField(
        null=True, blank=True, verbose_name="有效期至", help_text="last valid day; NULL: open"
    )
    ended_on = models.DateField(null=True, blank=True, verbose_name="注销日期", help_text="first day without")

    INSTITUTION = "institution"
    OCCURRED_ON = ""
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "法人登记"
        ordering = ["institution", "issued_on"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "kind", "number", "issued_on"], name="registration_once"),
            models.CheckConstraint(
                condition=Q(expires_on__isnull=True) | Q(expires_on__gte=F("issued_on")),
                name="registration_range",
                violation_error_message="有效期至早于登记日期，请改正。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"


@pghistory.track()
class Licence(models.Model):
    """办学许可证, or the permit of the competent department for what is not a subject (证)."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="licences")
    kind = models.CharField(max_length=16, choices=LicenceKind.choices, verbose_name="许可类型")
    number = models.CharField(max_length=30, verbose_name="许可证号")
    department = models.CharField(max_length=4, verbose_name="发证部门", help_text="Department.code")
    categories = ArrayField(models.CharField(max_length=8, choices=Category.choices), verbose_name="许可类别")
    stages = ArrayField(
        models.CharField(max_length=10, choices=CourseStage.choices), default=list, blank=True, verbose_name="许可学段"
    )
    address = models.CharField(max_length=120, blank=True, verbose_name="许可地址")
    issued_on = models.DateField(verbose_name="发证日期")
    expires_on = models.DateField(verbose_name="有效期至", help_text="last valid day")
    ended_on = models.DateField(null=True, blank=True, verbose_name="注销/吊销日期", help_text="first day without")
    ended_reason = models.CharField(max_length=80, blank=True, verbose_name="注销/吊销原因")

    INSTITUTION = "institution"
    OCCURRED_ON = ""
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "办学许可"
        ordering = ["institution", "issued_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "number", "issued_on"],
                name="licence_once",
                violation_error_message="这个许可证号和发证日期已登记，请核对。",
            ),
            models.CheckConstraint(
                condition=Q(expires_on__gte=F("issued_on")),
                name="licence_range",
                violation_error_message="有效期至早于发证日期，请改正。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"


@pghistory.track()
class AnnualCheck(models.Model):
    """年检 of one calendar year."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="annual_checks")
    year = models.PositiveSmallIntegerField(verbose_name="年度")
    is_passed = models.BooleanField(verbose_name="合格")
    checked_on = models.DateField(verbose_name="结论日期")
    decision_no = models.CharField(max_length=40, blank=True, verbose_name="文号")

    INSTITUTION = "institution"
    OCCURRED_ON = ""
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "年检"
        ordering = ["institution", "year"]
        constraints = [models.UniqueConstraint(fields=["institution", "year", "checked_on"], name="annual_check_once")]

    def __str__(self) -> str:
        return f"{self.year} {'合格' if self.is_passed else '不合格'}"


@pghistory.track()
class SafetyCheck(models.Model):
    """场所安全 or 消防 check of the premises."""

    class Kind(models.TextChoices):
        PREMISES = "premises", "场所安全"
        FIRE = "fire", "消防安全"

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="safety_checks")
    kind = models.CharField(max_length=8, choices=Kind.choices, verbose_name="核查类型")
    checked_on = models.DateField(verbose_name="核查日期")
    is_passed = models.BooleanField(verbose_name="通过")
    checker = models.CharField(max_length=60, blank=True, verbose_name="核查单位")
    note = models.CharField(max_length=200, blank=True, verbose_name="说明")

    INSTITUTION = "institution"
    OCCURRED_ON = ""
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "安全核查"
        ordering = ["institution", "kind", "checked_on"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "kind", "checked_on"], name="safety_check_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.checked_on}"


@pghistory.track()
class CustodyAccount(models.Model):
    """资金监管账户. Only its last four digits are shown outside the bureau and the institution."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="custody_accounts")
    bank = models.CharField(max_length=60, verbose_name="监管银行")
    account_no = models.CharField(max_length=30, verbose_name="账号")
    valid_from = models.DateField(verbose_name="启用日期")
    valid_until = models.DateField(null=True, blank=True, verbose_name="停用日期")

    INSTITUTION = "institution"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "资金监管账户"
        ordering = ["institution", "valid_from"]
        constraints = [no_overlap("custody_account_once", "institution")]

    def __str__(self) -> str:
        return f"{self.bank} {self.account_no[-4:]}"


@pghistory.track()
class Reserve(models.Model):
    """风险保证金: yuan held from one day to another."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="reserves")
    amount = models.DecimalField(
        max_digits=14, decimal_places=2, validators=[MinValueValidator(0)], verbose_name="金额（元）"
    )
    valid_from = models.DateField(verbose_name="起")
    valid_until = models.DateField(null=True, blank=True, verbose_name="止")

    INSTITUTION = "institution"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "风险保证金"
        ordering = ["institution", "valid_from"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="reserve_not_negative"),
            no_overlap("reserve_once", "institution"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.valid_from}"


@pghistory.track()
class StatusChange(models.Model):
    """状态变更: from ``on`` on the institution is in this state."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="status_changes")
    status = models.CharField(max_length=10, choices=OrgStatus.choices, verbose_name="状态")
    on = models.DateField(verbose_name="日期")
    reason = models.CharField(max_length=200, blank=True, verbose_name="原因")
    decision_no = models.CharField(max_length=40, blank=True, verbose_name="文号")

    INSTITUTION = "institution"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "状态变更"
        ordering = ["institution", "on"]
        constraints = [models.UniqueConstraint(fields=["institution", "on"], name="status_change_once")]

    def __str__(self) -> str:
        return f"{self.on} {self.get_status_display()}"


@pghistory.track()
class SiteSighting(models.Model):
    """What somebody saw at a suspected site: people, classes, papers. Its photos are files of the institution."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="sightings")
    seen_on = models.DateField(verbose_name="发现日期")
    source = models.CharField(max_length=40, verbose_name="线索来源")
    place = models.CharField(max_length=120, verbose_name="地点")
    staff = models.PositiveSmallIntegerField(null=True, blank=True, verbose_name="从业人数")
    pupils = models.PositiveSmallIntegerField(null=True, blank=True, verbose_name="学生人数")
    licence_state = models.CharField(max_length=18, choices=LicenceState.choices, blank=True, verbose_name="证照状态")
    note = models.CharField(max_length=400, blank=True, verbose_name="情况")

    INSTITUTION = "institution"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "现场发现"
        ordering = ["institution", "seen_on"]

    def __str__(self) -> str:
        return f"{self.seen_on} {self.place}"
