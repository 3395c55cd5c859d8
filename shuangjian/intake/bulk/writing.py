"""Writes many checked returns: versions, item tables, states, filings and events, set-based and in this transaction."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.intake import standing
from shuangjian.intake.events import new_event
from shuangjian.intake.filings import correct_filings
from shuangjian.intake.models import Filing, ReturnEvent, ReturnVersion, WeeklyReturn
from shuangjian.intake.payloads import canonical
from shuangjian.intake.sections import FiledWeek, all_sections
from shuangjian.intake.steps import label_of
from shuangjian.intake.sufficiency import Filed, note_sufficiency, sufficient_for
from shuangjian.journal.services import Asked, Done, record_many, request_evaluations

_BATCH = 1000

# The payload goes as the very text that was hashed: made once here, read once by the server.
_INSERT_VERSIONS = """
INSERT INTO intake_returnversion
  (weekly_return_id, number, payload, sha256, door, submitted_by, submitted_at, note, is_correction)
SELECT v.weekly_return_id, v.number, v.payload, v.sha256, %(door)s, %(by)s, %(now)s, %(note)s, v.is_correction
FROM unnest(%(returns)s::bigint[], %(numbers)s::int[], %(payloads)s::jsonb[], %(digests)s::text[],
  %(corrections)s::boolean[]) AS v (weekly_return_id, number, payload, sha256, is_correction)
"""
_SAVE_DRAFTS = """
UPDATE intake_weeklyreturn r
SET draft = d.payload, draft_saved_at = %(now)s, draft_saved_by = %(by)s, revision = r.revision + 1,
  changed_at = %(now)s
FROM unnest(%(returns)s::bigint[], %(payloads)s::jsonb[]) AS d (id, payload)
WHERE r.id = d.id
"""


class Content:
    """A checked payload as canonical JSON, made once; of the whole and of any of its parts."""

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self._by_key = {key: canonical({key: payload[key]})[1:-1] for key in sorted(payload)}
        self.digest = hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def text(self) -> str:
        """The whole payload: what ``canonical`` gives."""
        return self.part(self._by_key)

    def part(self, keys: Iterable[str]) -> str:
        """The payload with these keys only."""
        return f"{{{','.join(self._by_key[key] for key in sorted(keys))}}}"


@dataclass(frozen=True)
class Step:
    """A return that is to hold ``content``; its row is as it was before."""

    weekly_return: WeeklyReturn
    institution: Institution
    week: Week
    content: Content


@dataclass(frozen=True)
class _Submitted:
    weekly_return: WeeklyReturn
    institution_id: int
    week: Week
    number: int
    digest: str
    before: str


@dataclass
class Writer:
    """Writes batches of steps as ``submit_return`` and ``save_draft`` would one by one; ``finish`` ends the work.

    The caller holds the units' locks in its transaction.
    """

    actor: Any
    now: dt.datetime
    note: str
    door: str = ReturnVersion.Door.FILE
    _submitted: list[_Submitted] = field(default_factory=list)
    _sufficient_for: dict[Filed, list[str]] = field(default_factory=dict)
    _drafted: list[tuple[int, Week]] = field(default_factory=list)

    def submit(self, steps: Sequence[Step]) -> None:
        """New versions that stand from now on: the sections' tables hold them, drafts are gone."""
        if not steps:
            return
        done = [self._as_submitted(step) for step in steps]
        with connection.cursor() as cursor:
            cursor.execute(
                _INSERT_VERSIONS,
                {
                    "returns": [each.weekly_return.pk for each in done],
                    "numbers": [each.number for each in done],
                    "payloads": [step.content.text for step in steps],
                    "digests": [each.digest for each in done],
                    "corrections": [standing.is_correction(each.weekly_return) for each in done],
                    "door": self.door,
                    "by": label_of(self.actor),
                    "now": self.now,
                    "note": self.note,
                },
            )
        for section in all_sections():
            section.replace(
                [FiledWeek(step.institution.pk, step.week, step.content.part(section.identity)) for step in steps]
            )
        found = sufficient_for([(step.institution.pk, step.week.monday) for step in steps])
        self._sufficient_for |= found
        self._submitted += done

    def save_drafts(self, steps: Sequence[Step]) -> None:
        """The content is the units' draft; what stands submitted stays judged."""
        if not steps:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                _SAVE_DRAFTS,
                {
                    "returns": [step.weekly_return.pk for step in steps],
                    "payloads": [step.content.text for step in steps],
                    "by": label_of(self.actor),
                    "now": self.now,
                },
            )
        self._drafted += [(step.institution.pk, step.week) for step in steps]

    def discard_drafts(self, returns: Sequence[WeeklyReturn]) -> None:
        """What stands was filed again: a draft beside it says nothing any more."""
        WeeklyReturn.objects.filter(pk__in=[each.pk for each in returns]).update(
            draft=None, revision=F("revision") + 1, changed_at=self.now
        )

    def finish(self) -> None:
        """States, filings, events, journal and requests of all that was written."""
        self._move_states()
        note_sufficiency(self._sufficient_for)
        self._note_filings()
        ReturnEvent.objects.bulk_create([self._event(each) for each in self._submitted], batch_size=_BATCH)
        done = (
            Done(
                each.institution_id,
                f"weekly-return:{each.week.key}",
                standing.submit_detail(each.number, each.digest, self.door, each.before, self.note),
            )
            for each in self._submitted
        )
        record_many("submit_return", done, actor=self.actor)
        drafts = (Done(unit, f"weekly-return:{week.key}") for unit, week in self._drafted)
        record_many("save_draft", drafts, actor=self.actor)
        request_evaluations(
            Asked(
                each.institution_id, each.week.monday, each.week.sunday, standing.submit_cause(each.week, each.number)
            )
            for each in self._submitted
        )

    def _as_submitted(self, step: Step) -> _Submitted:
        current = step.weekly_return.current_version
        return _Submitted(
            step.weekly_return,
            step.institution.pk,
            step.week,
            1 if current is None else current.number + 1,
            step.content.digest,
            step.weekly_return.state,
        )

    def _move_states(self) -> None:
        newest = ReturnVersion.objects.filter(weekly_return=OuterRef("pk")).order_by("-number").values("pk")[:1]
        for batch in _batches([each.weekly_return.pk for each in self._submitted]):
            WeeklyReturn.objects.filter(pk__in=batch).update(
                state=WeeklyReturn.State.SUBMITTED,
                current_version=Subquery(newest),
                first_submitted_at=Coalesce("first_submitted_at", self.now),
                is_complete=True,
                draft=None,
                remark="",
                reopened_until=None,
                revision=F("revision") + 1,
                changed_at=self.now,
            )

    def _note_filings(self) -> None:
        """As ``filings.note_submitted``: a week that never asked for a filing gets one now."""
        by_week: dict[Week, list[int]] = {}
        for each in self._submitted:
            by_week.setdefault(each.week, []).append(each.institution_id)
        returns = WeeklyReturn.objects.filter(institution=OuterRef("institution"), week=OuterRef("week"))
        for week, units in sorted(by_week.items()):
            filings = Filing.objects.filter(week=week.monday, institution__in=units)
            filings.update(is_filed=True, first_submitted_at=Subquery(returns.values("first_submitted_at")))
            missing = set(units) - set(filings.values_list("institution_id", flat=True))
            if missing:
                correct_filings(sorted(missing), [week], today=max(clock.today(), week.monday))

    def _event(self, each: _Submitted) -> ReturnEvent:
        each.weekly_return.state = WeeklyReturn.State.SUBMITTED
        return new_event(
            each.weekly_return,
            standing.submit_act(each.before),
            from_state=each.before,
            actor=self.actor,
            now=self.now,
            note=self.note,
            version=each.number,
        )


def _batches(keys: Sequence[int]) -> Iterable[Sequence[int]]:
    return (keys[start : start + _BATCH] for start in range(0, len(keys), _BATCH))
