"""全面核对 of the district, each night or when the bureau asks: requests of the outbox, which commit town by town."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from shuangjian.bureau.models import Term
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.core.locks import lock_singleton
from shuangjian.journal.models import AuditEntry, Run, RunPart
from shuangjian.journal.runs import open_run, running_district_run
from shuangjian.journal.services import Scope, record, request_evaluation
from shuangjian.rules.declare import all_rules, find_rule
from shuangjian.rules.periods import BEGINNING

#: The nightly sweep runs once in 24 hours and takes minutes: after this long without one, nobody is sweeping.
LATEST_SWEEP = dt.timedelta(hours=26)
_OPENING_LOCK = 4
_DAYS_WITHOUT_TERM = 120


@transaction.atomic
def open_sweep(today: dt.date, *, cause: str = "每晚全面核对") -> Run:
    """Ask for every rule over the district, from the first day of the last term begun until today.

    An equal run that is not finished answers for this one: two clocks, or a clock that ticks twice, sweep once.
    """
    since = term_start(today)
    return _running(since, today, None) or _open(Run.Kind.SWEEP, cause, (since, today), None, None)


@transaction.atomic
def open_check(*, since: dt.date, until: dt.date, rules: Sequence[str] | None, actor: Any, now: dt.datetime) -> Run:
    """立即全面核对: judge these rules (None: all) over the district and these dates now; by the bureau alone.

    Refused while an equal run is not finished: it would find the very same.
    """
    if getattr(actor, "role_kind", "") != "bureau":
        raise Refused("只有区教育局可以发起全面核对。", code="role", status=403)
    codes = _known(rules)
    _check_dates(since, until, now.date())
    running = _running(since, until, codes)
    if running is not None:
        raise Conflict(f"同样的核对（{running.cause}）正在进行：{_progress(running)}。请等它完成，不必再次发起。")
    what = "全部规则" if codes is None else "、".join(codes)
    run = _open(Run.Kind.MANUAL, f"人工核对：{what}"[:200], (since, until), codes, actor)
    record(
        "open_check",
        actor=actor,
        target=f"run:{run.pk}",
        detail={"since": str(since), "until": str(until), "rules": codes},
    )
    return run


def term_start(today: dt.date) -> dt.date:
    """First day of the last term begun; some months back where no term is known."""
    begun = Term.objects.filter(starts_on__lte=today).order_by("-starts_on").values_list("starts_on", flat=True).first()
    return begun or today - dt.timedelta(days=_DAYS_WITHOUT_TERM)


def last_sweep() -> dt.datetime | None:
    """When the last nightly sweep came to its end; None before the first."""
    finished = Run.objects.filter(kind=Run.Kind.SWEEP, finished_at__isnull=False)
    return finished.order_by("-finished_at").values_list("finished_at", flat=True).first()


def missed_sweep(now: dt.datetime) -> dt.timedelta | None:
    """How long no nightly sweep has come to its end, where that is too long; None while all is well.

    Before the first sweep the time counts from the journal's first entry, with which this portal began.
    """
    last = last_sweep() or AuditEntry.objects.order_by("pk").values_list("at", flat=True).first()
    if last is None or now - last <= LATEST_SWEEP:
        return None
    return now - last


def _running(since: dt.date, until: dt.date, rules: Sequence[str] | None) -> Run | None:
    lock_singleton(_OPENING_LOCK)  # two clicks at once would each find nothing running
    return running_district_run(since=since, until=until, rules=rules)


def _open(kind: str, cause: str, dates: tuple[dt.date, dt.date], rules: Sequence[str] | None, actor: Any) -> Run:
    asked: dict[str, Any] = {"since": dates[0], "until": dates[1], "rules": rules, "cause": cause}
    run = open_run(kind=kind, actor=actor, is_district=True, **asked)
    request_evaluation(scope=Scope.DISTRICT, run=run, **asked)
    return run


def _known(rules: Sequence[str] | None) -> list[str] | None:
    if not rules:
        return None
    unknown = [code for code in rules if find_rule(code) is None]
    if unknown:
        known = "、".join(rule.code for rule in all_rules())
        raise InvalidInput([Problem("rules", f"没有规则 {'、'.join(unknown)}。现有：{known}")])
    return sorted(set(rules))


def _check_dates(since: dt.date, until: dt.date, today: dt.date) -> None:
    problems = []
    if since < BEGINNING:
        problems.append(Problem("since", f"指引自 {BEGINNING} 起判断，开始日期不能更早，现为 {since}。"))
    if until > today:
        problems.append(Problem("until", f"结束日期不能晚于今天（{today}），现为 {until}。"))
    if until < since:
        problems.append(Problem("until", f"结束日期 {until} 早于开始日期 {since}，请改正。"))
    if problems:
        raise InvalidInput(problems)


def _progress(run: Run) -> str:
    towns = run.parts.filter(town__isnull=False)
    done = towns.filter(state__in=[RunPart.State.DONE, RunPart.State.PARKED]).count()
    return f"{towns.count()} 个镇街中 {done} 个已完成" if towns.exists() else "等待开始"
