"""The log of what was judged again, from its cause to its receipt: opened by services, filled by the drain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.db.models.functions import Coalesce

from shuangjian.journal.models import ClockTimestamp, EvaluationRequest, Run, RunPart, TransactionTimestamp

_State = RunPart.State
_opened: ContextVar[list[int] | None] = ContextVar("opened_runs", default=None)


@dataclass(frozen=True)
class Counts:
    """Findings of one evaluation: seen now, of these new (or opened again) and with other figures; and gone ones.

    ``touched`` are rows written although nothing that a reader sees changed: the same figures in a newer version of
    the return, or looked at again after they were stale.
    """

    violations: int = 0
    added: int = 0
    changed: int = 0
    cleared: int = 0
    stale: int = 0
    touched: int = 0

    @property
    def unchanged(self) -> int:
        """Findings that were open before and stay open with the same figures."""
        return self.violations - self.added - self.changed


KEEP_SWEEPS_DAYS = 400

#: Columns of RunPart, and keys of its ``by_rule``.
COUNTED = ("violations", "added", "cleared", "unchanged", "changed", "stale")


def open_run(
    *,
    kind: str,
    cause: str,
    actor: Any,
    since: dt.date,
    until: dt.date,
    rules: Iterable[str] | None = None,
    is_district: bool = False,
) -> Run:
    """Begin the log of one cause, in the transaction of the cause itself; ``actor`` None is the portal's own clock."""
    is_person = actor is not None and getattr(getattr(actor, "_meta", None), "label_lower", "") == "accounts.user"
    run = Run.objects.create(
        kind=kind,
        cause=cause[:200],
        asked_by=actor if is_person else None,
        asked_by_label="系统" if actor is None else str(actor) if is_person else actor.audit_label,
        is_district=is_district,
        rules=sorted(rules) if rules is not None else None,
        since=since,
        until=until,
        requested_at=ClockTimestamp(),
    )
    opened = _opened.get()
    if opened is not None:
        opened.append(run.pk)
    return run


def open_part(run: Run, *, town_id: int | None = None, institution_id: int | None = None, units: int = 1) -> None:
    """Expect one scope in the run; a scope that is expected already stays one part."""
    part = RunPart(run=run, town_id=town_id, institution_id=institution_id, units=units)
    RunPart.objects.bulk_create([part], ignore_conflicts=True)


@contextmanager
def collecting_runs() -> Iterator[list[int]]:
    """Within the block, the ids of runs opened by whatever service is called gather in the list: for the page that
    shows their receipts. The services need not hand them through."""
    opened: list[int] = []
    token = _opened.set(opened)
    try:
        yield opened
    finally:
        _opened.reset(token)


def running_district_run(*, since: dt.date, until: dt.date, rules: Sequence[str] | None) -> Run | None:
    """An unfinished run of the whole district over the very same rules and dates, whatever its cause."""
    same = Q(rules__isnull=True) if rules is None else Q(rules=sorted(rules))
    return Run.objects.running().filter(same, is_district=True, since=since, until=until).order_by("pk").first()


def divide(run_ids: Iterable[int], units_by_town: Mapping[int | None, int]) -> None:
    """The runs' parts are these towns (None: the institutions without one), each with so many units."""
    runs = list(Run.objects.select_for_update().filter(pk__in=set(run_ids)).order_by("pk"))
    parts = [RunPart(run=run, town_id=town, units=units) for run in runs for town, units in units_by_town.items()]
    RunPart.objects.bulk_create(parts, ignore_conflicts=True)
    _mark_started(runs)


def note_progress(
    requests: Sequence[EvaluationRequest], by_rule: Mapping[str, Counts], *, judged: int, is_last: bool
) -> None:
    """Add what one transaction judged to the part of every run behind these requests (all of one scope).

    A run that asked for some rules counts these alone, whatever else was judged with them.
    Called after the requests' own rows were written and as the transaction's last act: the runs' rows are locked from
    here to its end, in the order of their ids, so that the last two parts of a run cannot each take the other for
    unfinished. ``is_last``: nothing of the scope is left but what was put off.
    """
    ids = {run for request in requests for run in request.runs}
    if not ids:
        return
    runs = list(Run.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
    _mark_started(runs)
    is_shared = len(ids) > 1 or any(not request.runs for request in requests)
    first = requests[0]
    for run in runs:
        part = RunPart.objects.filter(run=run, town=first.town_id, institution=first.institution_id).first()
        if part is None:  # e.g. a town made after the run was divided
            continue
        asked = by_rule if run.rules is None else {rule: by_rule[rule] for rule in run.rules if rule in by_rule}
        _add(part, asked, judged)
        part.is_shared |= is_shared
        part.state, part.error = _state_after(part) if is_last else (_State.RUNNING, "")
        if part.state == _State.DONE:
            part.units = part.judged = max(part.judged, part.units)
        part.save()
        times: dict[str, Any] = {"started_at": Coalesce("started_at", TransactionTimestamp())}
        if part.state in (_State.DONE, _State.PARKED):
            times["finished_at"] = ClockTimestamp()
        RunPart.objects.filter(pk=part.pk).update(**times)
        _finish(run)


def reopen_parked() -> None:
    """Parts in which a rule had failed wait again, and so do their runs: the requests were released."""
    parts = RunPart.objects.filter(state=_State.PARKED)
    Run.objects.filter(parts__in=parts).update(finished_at=None)
    parts.update(state=_State.WAITING, finished_at=None, error="")


def forget_sweeps(now: dt.datetime) -> int:
    """Remove the nightly sweeps that ended more than a school year ago, with their parts: rows removed. Runs that
    somebody's act caused stay, as the act does."""
    old = now - dt.timedelta(days=KEEP_SWEEPS_DAYS)
    return Run.objects.filter(kind=Run.Kind.SWEEP, finished_at__lt=old).delete()[0]


def _mark_started(runs: Sequence[Run]) -> None:
    fresh = [run.pk for run in runs if run.started_at is None]
    if fresh:
        Run.objects.filter(pk__in=fresh).update(started_at=TransactionTimestamp())


def _add(part: RunPart, by_rule: Mapping[str, Counts], judged: int) -> None:
    """The run's row is locked, so that nobody else adds to its parts meanwhile."""
    part.judged += judged
    for rule, counts in by_rule.items():
        known = part.by_rule.setdefault(rule, dict.fromkeys(COUNTED, 0))
        for name in COUNTED:
            number = getattr(counts, name)
            known[name] += number
            setattr(part, name, getattr(part, name) + number)


def _state_after(part: RunPart) -> tuple[str, str]:
    """Where the part stands once nothing of it is in hand, and what failed: requests of rules that raised may have
    been left behind."""
    left = EvaluationRequest.objects.filter(
        runs__contains=[part.run_id], town=part.town_id, institution=part.institution_id, done_at__isnull=True
    ).exclude(scope=EvaluationRequest.Scope.DISTRICT)
    rows = list(left.values_list("parked_at", "error"))
    if not rows:
        return _State.DONE, ""
    if not all(parked_at for parked_at, _ in rows):
        return _State.RUNNING, ""
    return _State.PARKED, "\n".join(sorted({error for _, error in rows}))[:2000]


def _finish(run: Run) -> None:
    if not RunPart.objects.filter(run=run, state__in=[_State.WAITING, _State.RUNNING]).exists():
        Run.objects.filter(pk=run.pk).update(finished_at=ClockTimestamp())
