"""Create an API token and print it once."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from shuangjian.accounts.tokens import create_api_token
from shuangjian.bureau.models import Institution, Town
from shuangjian.core import clock

_LONGEST_DAYS = 366


class Command(BaseCommand):
    """``create_api_token --scope district|town:<code>|institution:<code> [--write] [--days 90] --name N``."""

    help = "Create an API token for the district, a town or an institution. The token alone is on the last line, once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--scope", required=True, help="district, town:<code> or institution:<code>")
        parser.add_argument("--write", action="store_true", help="may change data, not only read it")
        parser.add_argument("--days", type=int, default=90, help="valid for so many days (default 90)")
        parser.add_argument("--name", required=True, help="which program will use it")

    def handle(self, *args: Any, **options: Any) -> None:
        days: int = options["days"]
        if not 1 <= days <= _LONGEST_DAYS:
            raise CommandError(f"--days 应为 1 至 {_LONGEST_DAYS}，现为 {days}。")
        town, institution = _unit(options["scope"])
        try:
            token, plain = create_api_token(
                name=options["name"].strip(),
                town=town,
                institution=institution,
                can_write=options["write"],
                expires_at=clock.now() + dt.timedelta(days=days),
                actor=None,
            )
        except ValidationError as error:
            raise CommandError(
                "；".join(f"--{field}：{'，'.join(said)}" for field, said in error.message_dict.items())
            ) from error
        power = "读写" if token.can_write else "只读"
        until = clock.local(token.expires_at).strftime("%Y-%m-%d %H:%M")
        self.stdout.write(
            f"令牌 {token.pk}“{token.name}”：{token.unit_name}，{power}，有效期至 {until}。以下令牌只显示这一次："
        )
        self.stdout.write(plain)


def _unit(scope: str) -> tuple[Town | None, Institution | None]:
    kind, _, code = scope.partition(":")
    if scope == "district":
        return None, None
    if kind == "town" and code:
        town = Town.objects.filter(code=code).first()
        if town is None:
            raise CommandError(f"没有代码为“{code}”的镇街，请核对代码，或先运行 import_towns。")
        return town, None
    if kind == "institution" and code:
        institution = Institution.objects.filter(code=code).first()
        if institution is None:
            raise CommandError(f"没有代码为“{code}”的单位，请核对代码，或先运行 import_schools。")
        return None, institution
    raise CommandError(f"--scope 应为 district、town:<代码> 或 institution:<代码>，现为“{scope}”。")
