"""Judge now, in this process, what the worker would judge: by rule, institution and dates."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from shuangjian.bureau.models import Institution, Term, Town
from shuangjian.core import clock
from shuangjian.rules import drain, engine
from shuangjian.rules.declare import Rule, all_rules, find_rule
from shuangjian.rules.periods import BEGINNING, Span


class Command(BaseCommand):
    """``evaluate``: town by town, one transaction each; prints a receipt a scope."""

    help = "Judge rules over institutions and dates now, and print what was added, changed and cleared."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--rule", action="append", help="rule code such as HW-02; may be repeated; all when left out"
        )
        parser.add_argument("--institution", help="code of one institution; the whole district when left out")
        parser.add_argument("--since", help="first day, YYYY-MM-DD; the running term when left out")
        parser.add_argument("--until", help="last day, YYYY-MM-DD; today when left out")
        parser.add_argument("--parked", action="store_true", help="first give parked requests three more attempts")

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        rules = _rules(options["rule"])
        span = _span(options["since"], options["until"], now.date())
        if options["parked"]:
            self.stdout.write(f"重新排队的待评估请求：{drain.release_parked()}")
        for label, ids in _scopes(options["institution"]):
            receipt = engine.evaluate(rules, ids, span, now=now, cause="命令 evaluate", scope=label)
            self.stdout.write(
                f"{label}：新增 {receipt.added}，变化 {receipt.changed}，消除 {receipt.cleared}，"
                f"数据不足保留 {receipt.stale}，现有 {receipt.violations}"
            )


def _rules(codes: list[str] | None) -> list[Rule]:
    if not codes:
        return all_rules()
    rules = []
    for code in codes:
        rule = find_rule(code)
        if rule is None:
            raise CommandError(f"没有规则 {code}。现有：{'、'.join(r.code for r in all_rules())}")
        rules.append(rule)
    return rules


def _span(since: str | None, until: str | None, today: dt.date) -> Span:
    term = Term.objects.filter(starts_on__lte=today).order_by("-starts_on").first()
    first = _date(since) if since else term.starts_on if term else BEGINNING
    last = _date(until) if until else today
    if last < first:
        raise CommandError(f"--until {last} 早于 --since {first}，请改正。")
    return Span(first, last)


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"“{text}”不是日期，应写作 2026-11-02。") from None


def _scopes(code: str | None) -> list[tuple[str, list[int]]]:
    """One scope a town, because locks and commits go town by town; or the one institution."""
    if code:
        ids = list(Institution.objects.filter(code=code).values_list("pk", flat=True))
        if not ids:
            raise CommandError(f"没有代码为 {code} 的单位。")
        return [(code, ids)]
    scopes = []
    for name, scope in [*((town.name, Q(town=town)) for town in Town.objects.all()), ("镇街待核实", Q(town=None))]:
        ids = list(Institution.objects.filter(scope).order_by("pk").values_list("pk", flat=True))
        if ids:
            scopes.append((name, ids))
    return scopes
