"""Make a fictional district with planted violations."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from schools.fiction.world import make_world
from shuangjian.core import clock
from shuangjian.core.errors import Refused


class Command(BaseCommand):
    """``make_world --schools N --weeks N --seed S``: the same seed and day give the same world."""

    help = "Fill an empty portal with fictional schools (示范一小 …), their weekly returns and planted violations."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--schools", type=int, default=30)
        parser.add_argument("--weeks", type=int, default=8)
        parser.add_argument("--seed", type=int, default=2026)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            world = make_world(
                schools=options["schools"], weeks=options["weeks"], seed=options["seed"], now=clock.now()
            )
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        planted = "，".join(f"{rule} {count}" for rule, count in sorted(world.planted.items()))
        self.stdout.write(
            f"演示数据：{world.schools} 所示范学校，{world.weeks[0].key} 至 {world.weeks[-1].key}，"
            f"{world.returns} 份周报；植入：{planted}"
        )
