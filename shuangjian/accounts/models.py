"""Who may sign in and which programs may call: accounts of named persons, API tokens, and counted login failures.

A person has exactly one role at exactly one unit; several people of a unit have several accounts.
"""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from shuangjian.accounts.inspectors import institutions_to_inspect
from shuangjian.accounts.logins import LOGIN_PATTERN, normalised
from shuangjian.bureau.models import Department, GuidanceCentre, Institution, Town
from shuangjian.core import clock
from shuangjian.core.querysets import lookup

DISTRICT_NAME = "番禺区"
BUREAU_NAME = "番禺区教育局"
_NOTHING = Q(pk__in=[])


class RoleKind(models.TextChoices):
    """角色. Each names the kind of unit of its person; sysadmin keeps accounts and sees no business data.

    A teacher fills in the homework of the classes named in the account, and sees nothing else of the school. A training
    institution sees and files its own. A department sees what the rules that name it found, and the training registers
    where it is one of REGISTER_DEPARTMENTS; never a weekly return. An inspector of the bureau, a town or a department
    sees the institutions of the open visits on which the inspector is.
    """

    BUREAU = "bureau", "区教育局"
    CENTRE = "centre", "教育指导中心"
    TOWN = "town", "镇街"
    SCHOOL = "school", "学校填报员"
    TEACHER = "teacher", "任课教师"
    ORG = "org", "培训机构"
    DEPARTMENT = "dept", "责任单位"
    INSPECTOR = "inspector", "检查员"
    SYSADMIN = "sysadmin", "系统管理员"


#: Roles of one institution's own people, with the kind of institution that each belongs to.
KIND_OF_ROLE: dict[str, str] = {
    RoleKind.SCHOOL: Institution.Kind.SCHOOL,
    RoleKind.TEACHER: Institution.Kind.SCHOOL,
    RoleKind.ORG: Institution.Kind.TRAINING_ORG,
}
#: Departments that licence, register or inspect training institutions: 民政, 市场监管, 科技, 文旅体, 消防.
REGISTER_DEPARTMENTS = frozenset({"MZ", "SC", "KG", "WL", "XF"})
#: Kinds of institution whose registers those departments see.
REGISTER_KINDS = (Institution.Kind.TRAINING_ORG, Institution.Kind.SUSPECTED_SITE)
#: Listed as 责任单位 too, but with a role of their own: the bureau, and the towns together.
_HAS_OWN_ROLE = {"JY": RoleKind.BUREAU, "ZJ": RoleKind.TOWN}


class AccountState(models.TextChoices):
    """What the unit above sees of an account; a sign like those of core.choices."""

    NORMAL = "normal", "正常"
    FRESH = "fresh", "待首次登录"
    LAPSED = "lapsed", "一次性密码已过期"
    INACTIVE = "inactive", "已停用"

    @property
    def css_class(self) -> str:
        return _STATE_SIGNS[self.value][0]

    @property
    def icon(self) -> str:
        return _STATE_SIGNS[self.value][1]


_STATE_SIGNS: dict[str, tuple[str, str]] = {
    "normal": ("compliant", "check-circle-fill"),
    "fresh": ("notice", "clock"),
    "lapsed": ("warning", "clock-history"),
    "inactive": ("neutral", "slash-circle"),
}
_UNIT_COLUMNS = ("centre", "town", "institution", "department")


def _exactly(field: str | None, among: tuple[str, ...]) -> Q:
    return Q(**{f"{name}__isnull": name != field for name in among})


class UserQuerySet(models.QuerySet["User"]):
    """Accounts, and whose they are to look after."""

    def with_units(self) -> UserQuerySet:
        """Each account together with its unit."""
        return self.select_related(*_UNIT_COLUMNS)

    def administered_by(self, person: User | None) -> UserQuerySet:
        """Accounts that ``person`` may reset: those of the units below (for the bureau also its own), never one's own.

        System administrators look after every account, the bureau after all but system administrators; guidance
        centres and towns after the schools and training institutions of their jurisdiction, a town also after its
        inspectors, a school after its teachers; nobody else after any.
        """
        if person is None or not person.may_act or person.must_change_password:
            return self.none()
        others = self.exclude(pk=person.pk)
        if person.role_kind == RoleKind.SYSADMIN:
            return others
        if person.role_kind == RoleKind.BUREAU:
            return others.exclude(role_kind=RoleKind.SYSADMIN)
        if person.role_kind in (RoleKind.CENTRE, RoleKind.TOWN):
            below = Q(person.jurisdiction("institution"), role_kind__in=KIND_OF_ROLE)
            if person.role_kind == RoleKind.TOWN:
                below |= Q(role_kind=RoleKind.INSPECTOR, town=person.town_id, town__isnull=False)
            return others.filter(below)
        if person.role_kind == RoleKind.SCHOOL:
            return others.filter(person.jurisdiction("institution"), role_kind=RoleKind.TEACHER)
        return self.none()


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Finds accounts by login, however the login is typed."""

    def get_by_natural_key(self, username: str | None) -> User:
        """The account with this login; User.DoesNotExist when there is none."""
        return self.get(username=normalised(username or ""))


class User(AbstractBaseUser):
    """账号: one named person or post with one role at one unit. Never deleted: the journal points at it."""

    username = models.CharField(
        max_length=40,
        unique=True,
        validators=[
            RegexValidator(LOGIN_PATTERN, "登录名为 3–40 个字符：小写字母、数字、点、横线、下划线，以字母或数字开头。")
        ],
        error_messages={"unique": "该登录名已被使用，请换一个。"},
        verbose_name="登录名",
    )
    name = models.CharField(max_length=40, verbose_name="姓名/岗位")
    role_kind = models.CharField(max_length=10, choices=RoleKind.choices, verbose_name="角色")
    centre = models.ForeignKey(
        GuidanceCentre, null=True, blank=True, on_delete=models.PROTECT, verbose_name="教育指导中心"
    )
    town = models.ForeignKey(Town, null=True, blank=True, on_delete=models.PROTECT, verbose_name="镇街")
    institution = models.ForeignKey(Institution, null=True, blank=True, on_delete=models.PROTECT, verbose_name="单位")
    department = models.ForeignKey(Department, null=True, blank=True, on_delete=models.PROTECT, verbose_name="责任单位")
    classes = ArrayField(
        models.CharField(max_length=10), default=list, blank=True, verbose_name="任教班级", help_text="class codes"
    )
    is_active = models.BooleanField(default=True, verbose_name="启用")
    must_change_password = models.BooleanField(default=False, verbose_name="须修改密码")
    temporary_until = models.DateTimeField(null=True, blank=True, verbose_name="一次性密码有效至")
    created_at = models.DateTimeField(auto_now_add=True, verbose_name="建立时间")

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name", "role_kind"]
    INSTITUTION = "institution"

    objects = UserManager()

    class Meta:
        verbose_name = "账号"
        ordering = ["role_kind", "username"]
        constraints = [
            models.CheckConstraint(condition=Q(username__regex=LOGIN_PATTERN), name="user_login_normalised"),
            models.CheckConstraint(
                condition=Q(role_kind__in=["bureau", "sysadmin"]) & _exactly(None, _UNIT_COLUMNS)
                | Q(role_kind="centre") & _exactly("centre", _UNIT_COLUMNS)
                | Q(role_kind="town") & _exactly("town", _UNIT_COLUMNS)
                | Q(role_kind__in=["school", "teacher", "org"]) & _exactly("institution", _UNIT_COLUMNS)
                | Q(role_kind="dept") & _exactly("department", _UNIT_COLUMNS)
                | Q(role_kind="inspector", centre__isnull=True, institution__isnull=True)
                & (Q(town__isnull=True) | Q(department__isnull=True)),
                name="user_role_has_its_unit",
                violation_error_message=(
                    "角色与单位不符：指导中心、镇街、学校、培训机构、责任单位账号各须指定对应的一个单位；"
                    "检查员指定镇街或责任单位之一，区教育局的检查员不指定；其他角色不指定。"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.unit_name}）"

    def clean(self) -> None:
        """Each role of an institution belongs to its kind of institution; only teachers have classes; the bureau and
        the towns, which are departments too, have roles of their own."""
        kind = KIND_OF_ROLE.get(self.role_kind)
        if self.institution is not None and kind is not None and self.institution.kind != kind:
            word = Institution.Kind(kind).label
            raise ValidationError(
                {"institution": f"“{self.institution.name}”不是{word}，不能建立{self.role_label}账号。"}
            )
        own_role = _HAS_OWN_ROLE.get(self.department.code) if self.department is not None else None
        if self.department is not None and own_role is not None:
            raise ValidationError({"department": self._refused_department(own_role)})
        if (self.role_kind == RoleKind.TEACHER) != bool(self.classes):
            raise ValidationError({"classes": "任课教师账号须指定任教班级，其他角色不指定。"})

    def _refused_department(self, own_role: RoleKind) -> str:
        name = self.department.name if self.department is not None else ""
        if self.role_kind != RoleKind.INSPECTOR:
            return f"“{name}”不建立责任单位账号，请用角色 {own_role}（{own_role.label}）。"
        where = "留空" if own_role == RoleKind.BUREAU else "填所在镇街的代码"
        return f"“{name}”的检查员不按责任单位建立：unit_code 请{where}。"

    @property
    def role_label(self) -> str:
        """The role in Chinese."""
        return str(RoleKind(self.role_kind).label)

    @property
    def unit(self) -> GuidanceCentre | Town | Institution | Department | None:
        """The person's unit; None for the bureau and for system administrators."""
        return self.centre or self.town or self.institution or self.department

    @property
    def unit_name(self) -> str:
        """Name of the person's unit."""
        if self.unit is not None:
            return self.unit.name
        return "系统管理" if self.role_kind == RoleKind.SYSADMIN else BUREAU_NAME

    @property
    def audit_label(self) -> str:
        """Who acted, as the journal keeps it: readable after the person's name or unit has changed."""
        return f"{self.username} {self.name}（{self.unit_name}）"[:150]

    def has_expired_slip(self, now: dt.datetime) -> bool:
        """Whether the one-time password is past its time, so that it lets nobody in any more."""
        return self.temporary_until is not None and self.temporary_until <= now

    def state(self, now: dt.datetime) -> AccountState:
        """Where the account stands: shut, waiting for its first login, too late for it, or in use."""
        if not self.is_active:
            return AccountState.INACTIVE
        if self.has_expired_slip(now):
            return AccountState.LAPSED
        return AccountState.FRESH if self.must_change_password else AccountState.NORMAL

    @property
    def may_act(self) -> bool:
        """Whether the account counts at all: enabled, and not on a one-time password that has run out."""
        return self.is_active and not self.has_expired_slip(clock.now())

    @property
    def may_write(self) -> bool:
        """Whether the person may change business data inside the jurisdiction; not before the first change."""
        return self.may_act and not self.must_change_password and self.role_kind != RoleKind.SYSADMIN

    @property
    def department_code(self) -> str:
        """Code of the department that the person acts for; "" for every other role and an account that is shut.

        An inspector of a department sees by visits and not by the rules that name it.
        """
        if self.role_kind != RoleKind.DEPARTMENT or self.department is None or not self.may_act:
            return ""
        return self.department.code

    @property
    def sees_registers(self) -> bool:
        """Whether the registers of training institutions are open to the role at all (jurisdiction tells which)."""
        if self.role_kind == RoleKind.DEPARTMENT:
            return self.department_code in REGISTER_DEPARTMENTS
        return self.role_kind in (RoleKind.BUREAU, RoleKind.CENTRE, RoleKind.TOWN, RoleKind.ORG)

    def jurisdiction(self, path: str) -> Q:
        """管辖范围: the condition on a model whose institution is reached by ``path`` ("" for Institution itself).

        An institution whose town is unconfirmed (NULL) is in no town's jurisdiction; bureau and centre see it. Of a
        department it is the training registers, or nothing: what rules found is opened to it by those models
        themselves (rules.scoping), so that a model which says nothing of departments shows them no school's data.
        """
        if not self.may_act:
            return _NOTHING
        if self.role_kind == RoleKind.BUREAU:
            return Q()
        if self.role_kind == RoleKind.CENTRE and self.centre_id is not None:
            return Q(**{lookup(path, "centre"): self.centre_id})
        if self.role_kind == RoleKind.TOWN and self.town_id is not None:
            return Q(**{lookup(path, "town"): self.town_id})
        if self.role_kind in (RoleKind.SCHOOL, RoleKind.ORG) and self.institution_id is not None:
            return Q(**{lookup(path, "pk"): self.institution_id})
        if self.department_code in REGISTER_DEPARTMENTS:
            return Q(**{lookup(path, "kind__in"): REGISTER_KINDS})
        if self.role_kind == RoleKind.INSPECTOR:
            return Q(**{lookup(path, "pk__in"): institutions_to_inspect(self)})
        return _NOTHING


class ApiToken(models.Model):
    """接口令牌: lets one program of the district, a town or an institution call the API. Only its hash is kept."""

    class Scope(models.TextChoices):
        DISTRICT = "district", "全区"
        TOWN = "town", "镇街"
        INSTITUTION = "institution", "单位"

    name = models.CharField(max_length=80, verbose_name="名称")
    sha256 = models.CharField(max_length=64, unique=True, editable=False)
    scope = models.CharField(max_length=12, choices=Scope.choices, verbose_name="范围")
    town = models.ForeignKey(Town, null=True, blank=True, on_delete=models.PROTECT, verbose_name="镇街")
    institution = models.ForeignKey(Institution, null=True, blank=True, on_delete=models.PROTECT, verbose_name="单位")
    can_write = models.BooleanField(default=False, verbose_name="可写")
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, verbose_name="建立者")
    created_at = models.DateTimeField(auto_now_add=True, verbose_name="建立时间")
    expires_at = models.DateTimeField(verbose_name="有效至")
    revoked_at = models.DateTimeField(null=True, blank=True, verbose_name="吊销时间")
    last_used_at = models.DateTimeField(null=True, blank=True, verbose_name="最近使用")

    role_kind = "token"
    is_authenticated = True
    is_anonymous = False

    class Meta:
        verbose_name = "接口令牌"
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scope="district") & _exactly(None, ("town", "institution"))
                | Q(scope="town") & _exactly("town", ("town", "institution"))
                | Q(scope="institution") & _exactly("institution", ("town", "institution")),
                name="api_token_scope_has_its_unit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.unit_name}）"

    @property
    def unit_name(self) -> str:
        """Name of the unit that the token stands for."""
        unit = self.town or self.institution
        return unit.name if unit is not None else DISTRICT_NAME

    @property
    def audit_label(self) -> str:
        """Which program acted, as the journal keeps it."""
        return f"令牌 {self.pk} {self.name}（{self.unit_name}）"[:150]

    def is_live(self, now: dt.datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and self.expires_at > now

    @property
    def power(self) -> str:
        """The role in which the program acts on alerts: a district's token as the bureau, an institution's as its
        school."""
        return _POWER_OF_SCOPE[self.scope]

    @property
    def may_write(self) -> bool:
        """Whether the program may change data inside the jurisdiction."""
        return self.can_write and self.is_live(clock.now())

    def jurisdiction(self, path: str) -> Q:
        """管辖范围 of the token itself, whoever created it; see User.jurisdiction."""
        if not self.is_live(clock.now()):
            return _NOTHING
        if self.scope == self.Scope.DISTRICT:
            return Q()
        if self.scope == self.Scope.TOWN and self.town_id is not None:
            return Q(**{lookup(path, "town"): self.town_id})
        if self.scope == self.Scope.INSTITUTION and self.institution_id is not None:
            return Q(**{lookup(path, "pk"): self.institution_id})
        return _NOTHING


_POWER_OF_SCOPE: dict[str, str] = {
    ApiToken.Scope.DISTRICT: RoleKind.BUREAU,
    ApiToken.Scope.TOWN: RoleKind.TOWN,
    ApiToken.Scope.INSTITUTION: RoleKind.SCHOOL,
}


class LoginFailure(models.Model):
    """登录失败计数: attempts to sign in that have not succeeded, for one login or one address.

    Kept in PostgreSQL, because a cache can be emptied. Written by accounts.lockout alone, in single statements.
    """

    key = models.CharField(max_length=80, unique=True)
    count = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    locked_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "登录失败计数"

    def __str__(self) -> str:
        return f"{self.key} {self.count}"
