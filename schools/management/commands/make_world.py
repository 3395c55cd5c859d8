"""Make a fictional district with planted violations, and the key that tells what must be found in it."""

from __future__ import annotations

import datetime as dt
import os
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from schools.fiction.directory import FULL_SIZE
from schools.fiction.world import Tuning, World, make_world
from shuangjian.core import clock
from shuangjian.core.errors import Refused
from shuangjian.core.weeks import Week


class Command(BaseCommand):
    """``make_world --schools N [--orgs N] --weeks N --seed S [--answer-key FILE]``: same arguments, same world."""

    help = "Fill an empty portal with fictional schools (示范一小 …), their weekly returns and planted violations."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--schools", type=int, default=240, help="fictional schools, 1 to 999; by default 240")
        parser.add_argument("--orgs", type=int, help="training institutions; by default one for two schools")
        parser.add_argument("--weeks", type=int, default=8, help="teaching weeks before the present one; by default 8")
        parser.add_argument("--seed", type=int, default=2026, help="same seed, same world; by default 2026")
        parser.add_argument(
            "--now", default="", help="the story's present in Shanghai, such as 2027-01-26T09:00; by default now"
        )
        breach = f"share of class-days in breach, 0 to 1; by default {Tuning.breach}"
        parser.add_argument("--breach", type=float, default=Tuning.breach, help=breach)
        size = f"classes per class of the real directory; by default {FULL_SIZE}"
        parser.add_argument("--size", type=float, default=FULL_SIZE, help=size)
        parser.add_argument("--answer-key", type=Path, help="write every finding that must stand open to this CSV file")
        parser.add_argument("--no-evaluate", action="store_true", help="leave the judging to the drain")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        key = _writable(options["answer_key"])

        def tell(week: Week, world: World) -> None:
            seconds = time.monotonic() - began
            self.stdout.write(f"{week.key}：累计 {world.returns} 份周报，{world.items} 项作业，用时 {seconds:.0f} 秒")
            self.stdout.flush()

        try:
            world = make_world(
                schools=options["schools"],
                weeks=options["weeks"],
                seed=options["seed"],
                now=_instant(options["now"]),
                tuning=Tuning(breach=options["breach"], size=options["size"]),
                orgs=max(options["schools"], 0) // 2 if options["orgs"] is None else options["orgs"],
                is_evaluated=not options["no_evaluate"],
                progress=tell,
            )
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        if key is not None:
            world.key.write(key)
        self.stdout.write(_told(world))


def _writable(path: Path | None) -> Path | None:
    """The path, once it is known that a file can be written there: a district takes minutes, and has no second key."""
    if path is None:
        return None
    if path.is_dir():
        raise CommandError(f"--answer-key “{path}”是目录，请写明文件名，如 {path / 'answers.csv'}。")
    folder = path.parent
    if not folder.is_dir():
        raise CommandError(f"--answer-key 的目录“{folder}”不存在，请先建立。")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise CommandError(f"--answer-key “{path}”不能写入，请换一个位置。")
    return path


def _instant(text: str) -> dt.datetime:
    """The Shanghai time that the text writes; now where it is empty."""
    try:
        instant = dt.datetime.fromisoformat(text) if text else clock.now()
    except ValueError as error:
        raise CommandError(f"--now “{text}”不是时间，应写作 2027-01-26T09:00。") from error
    return instant.replace(tzinfo=clock.LOCAL) if instant.tzinfo is None else clock.local(instant)


def _told(world: World) -> str:
    planted = "，".join(f"{rule} {count}" for rule, count in sorted(world.planted.items()))
    share = world.breached / world.class_days if world.class_days else 0
    return (
        f"演示数据：{world.schools} 所示范学校，{world.orgs} 家示范机构，{world.classes} 个班，"
        f"{world.weeks[0].key} 至 {world.weeks[-1].key}，"
        f"{world.returns} 份周报，{world.items} 项作业；{share:.1%} 的班级日有植入的问题；"
        f"应有疑似问题 {len(world.key.answers)} 条：{planted}"
    )
