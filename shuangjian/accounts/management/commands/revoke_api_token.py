"""End an API token at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from shuangjian.accounts.models import ApiToken
from shuangjian.accounts.tokens import revoke_api_token
from shuangjian.core import clock


class Command(BaseCommand):
    """``revoke_api_token NUMBER``; without a number it lists the tokens that still work."""

    help = "Revoke the API token with this number at once; without a number, list the tokens that still work."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", nargs="?", type=int, help="number of the token, as create_api_token printed it")

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        tokens = ApiToken.objects.select_related("town", "institution")
        if options["number"] is None:
            for live in tokens.filter(revoked_at=None, expires_at__gt=now):
                self.stdout.write(_described(live))
            return
        token = tokens.filter(pk=options["number"]).first()
        if token is None:
            raise CommandError(f"没有编号为 {options['number']} 的令牌。不带编号运行本命令可列出有效令牌。")
        if not revoke_api_token(token, actor=None, now=now):
            raise CommandError(f"令牌 {token.pk} 已于 {_minute(token.revoked_at)} 吊销。")
        self.stdout.write(f"已吊销：令牌 {token.pk}“{token.name}”（{token.unit_name}），立即失效。")


def _described(token: ApiToken) -> str:
    power = "读写" if token.can_write else "只读"
    used = _minute(token.last_used_at) or "从未"
    return (
        f"{token.pk}  {token.name}  {token.unit_name}  {power}  有效期至 {_minute(token.expires_at)}  最近使用 {used}"
    )


def _minute(instant: dt.datetime | None) -> str:
    return clock.local(instant).strftime("%Y-%m-%d %H:%M") if instant else ""
