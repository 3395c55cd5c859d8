"""What bin/demo runs after migrating: reference data, schools, and accounts to sign in with."""

from __future__ import annotations

from argparse import ArgumentParser
from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from schools.fiction.world import Tuning, make_world
from schools.models import SchoolClass
from schools.reference import load_directory
from shuangjian.accounts.models import User
from shuangjian.bureau.models import Department, GuidanceCentre, Institution, Town
from shuangjian.bureau.reference import load_reference
from shuangjian.core import clock
from shuangjian.core.errors import Refused
from shuangjian.core.fiction import act_all
from shuangjian.rules.drain import drain

# Known to everyone who can read this file, and therefore only for a portal on one's own machine.
DEMO_PASSWORD = "shifan-demo-2026"  # noqa: S105

# Schools of a third of the usual size start within seconds; every page of the demonstration has something to show.
_SMALL = Tuning(breach=0.05, size=0.45, eventfulness=1.5)


class Command(BaseCommand):
    """Idempotent: what is there is left alone."""

    help = "Prepare bin/demo's database: a fictional world, or with --empty the real directory without returns."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--empty", action="store_true", help="real school directory, no returns")

    def handle(self, *args: Any, **options: Any) -> None:
        accounts = self._prepare(options)
        if not options["empty"]:
            # Photos are kept outside a transaction; a demonstration whose scenes were cut short shows fewer of them.
            act_all({account.username: account for account in accounts}, clock.now())
            drain(clock.now)
        self.stdout.write("\n登录账号（密码均为 " + DEMO_PASSWORD + "，仅用于本机演示）：")
        for account in accounts:
            self.stdout.write(f"  {account.username:<10} {account.role_label}　{account.unit_name}")
        if options["empty"]:
            self.stdout.write("  学校、镇街账号：manage.py create_accounts CSV（unit_code,role,login,name）")
        self.stdout.write("接口令牌：manage.py create_api_token --scope district --write --name 试用")

    @transaction.atomic
    def _prepare(self, options: dict[str, Any]) -> list[User]:
        load_reference(actor=None)
        try:
            if options["empty"]:
                self._load_real_directory()
            else:
                self._fill_fictional_world()
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        return _accounts(with_schools=not options["empty"])

    def _load_real_directory(self) -> None:
        if Institution.objects.filter(is_fictional=True).exists():
            raise CommandError("此库中已有演示数据，不能再导入真实学校名录；请换一个空库。")
        result = load_directory(actor=None)
        self.stdout.write(f"真实学校名录（番禺区教育局 2026 年招生计划）：{result}")

    def _fill_fictional_world(self) -> None:
        if Institution.objects.filter(is_fictional=True).exists():
            return
        world = make_world(schools=30, weeks=8, seed=2026, now=clock.now(), tuning=_SMALL, orgs=12)
        self.stdout.write(
            f"演示数据：{world.schools} 所示范学校，{world.orgs} 家示范机构，"
            f"{len(world.weeks)} 周，{world.returns} 份周报。"
        )


def _accounts(*, with_schools: bool) -> list[User]:
    accounts = [
        _account("jiaoyuju", "bureau", "区教育局 演示"),
        _account("jiaoyuju2", "bureau", "区教育局复核 演示"),  # what one proposes another reviews
        _account("guanli", "sysadmin", "系统管理员 演示"),
    ]
    if with_schools:
        schools = Institution.objects.filter(is_fictional=True, kind=Institution.Kind.SCHOOL, closed_on__isnull=True)
        nine_year = schools.filter(stages__len=2).order_by("code").first()
        first = schools.order_by("code").first()
        accounts += [
            _account("zhongxin", "centre", "指导中心 演示", centre=GuidanceCentre.objects.order_by("code").first()),
            _account("zhenjie", "town", "镇街 演示", town=Town.objects.order_by("code").first()),
            _account("jiancha1", "inspector", "检查员甲 演示", town=Town.objects.order_by("code").first()),
            _account("jiancha2", "inspector", "检查员乙 演示", town=Town.objects.order_by("code").first()),
            _account("jiancha3", "inspector", "区局检查员 演示"),
            _account("xuexiao", "school", "填报员 演示", institution=first),
            _account("xuexiao2", "school", "填报员 演示", institution=nine_year),
            _account("shijianju", "dept", "市场监管 演示", department=Department.objects.filter(code="SC").first()),
        ]
        orgs = Institution.objects.filter(is_fictional=True, kind=Institution.Kind.TRAINING_ORG, closed_on__isnull=True)
        org = orgs.order_by("pinyin", "code").first()
        if org:
            accounts.append(_account("jigou", "org", "机构 演示", institution=org))
        classes = (
            list(SchoolClass.objects.filter(school_id=first.pk, grade=3).order_by("-school_year", "number")[:2])
            if first
            else []
        )
        if first and classes:
            codes = [each.code for each in classes]
            accounts.append(_account("laoshi", "teacher", "任课教师 演示", institution=first, classes=codes))
    return accounts


def _account(username: str, role: str, name: str, **unit: Any) -> User:
    account = User.objects.filter(username=username).first()
    if account is None:
        account = User(username=username, name=name, role_kind=role, **unit)
        account.password = _hash()
        account.full_clean()
        account.save()
    return account


@cache
def _hash() -> str:
    """Made once for all accounts: it is slow by intent, and the password no secret."""
    return make_password(DEMO_PASSWORD)
