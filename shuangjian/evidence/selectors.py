"""What the pages of complaints and observations show: lists with their filters, likely units, and what was done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Case, Count, ExpressionWrapper, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import StrIndex

from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution, Town
from shuangjian.evidence.choices import ComplaintChannel, ComplaintState, State, Topic
from shuangjian.evidence.kinds import all_kinds
from shuangjian.evidence.models import Complaint, Observation
from shuangjian.evidence.scope import complaints_of, observations_of
from shuangjian.journal.models import AuditEntry

OPEN, ALL, OVERDUE = "open", "all", "overdue"
Asked = Callable[[str], str]

_MOST_SUGGESTED = 5
#: Acts in the journal, as the history of a page says them.
ACT_WORDS = {
    "register_complaint": "登记",
    "link_complaint": "关联单位",
    "mark_duplicate_complaint": "标为重复",
    "start_check_complaint": "开始核查",
    "decide_complaint": "认定",
    "withdraw_complaint": "撤回认定",
    "close_complaint": "答复并办结",
    "record_observation": "登记",
    "confirm_observation": "认定查实",
    "refute_observation": "认定未查实",
    "rectify_observation": "登记整改完成",
    "change_observation": "更正",
    "withdraw_observation": "撤回认定",
}


def late_reply(today: dt.date) -> Q:
    """Complaints not closed whose last day to reply is past."""
    return ~Q(state=ComplaintState.CLOSED) & Q(reply_due_on__lt=today)


def late_rectification(today: dt.date) -> Q:
    """What was found true and is not rectified after its last day."""
    return Q(state=State.CONFIRMED, rectified_on__isnull=True, due_on__lt=today)


@dataclass(frozen=True)
class ComplaintFilter:
    """What the address asks of the list; unknown values ask for nothing."""

    state: str
    channel: str
    topic: str
    town: str
    due: str
    word: str

    @classmethod
    def of(cls, asked: Asked) -> ComplaintFilter:
        state = asked("state")
        return cls(
            state=state if state == ALL or state in ComplaintState.values else OPEN,
            channel=_known(asked("channel"), ComplaintChannel.values),
            topic=_known(asked("topic"), Topic.values),
            town=asked("town"),
            due=_known(asked("due"), [OVERDUE]),
            word=asked("q"),
        )

    def applied(self, rows: QuerySet[Complaint], today: dt.date) -> QuerySet[Complaint]:
        """Overdue first, then by the last day to reply; closed ones last."""
        if self.state == OPEN:
            rows = rows.exclude(state=ComplaintState.CLOSED)
        elif self.state != ALL:
            rows = rows.filter(state=self.state)
        for field, value in (("channel", self.channel), ("topic", self.topic)):
            rows = rows.filter(**{field: value}) if value else rows
        if self.town:
            rows = rows.filter(town__code=self.town)
        if self.due:
            rows = rows.filter(late_reply(today))
        if self.word:
            # Never by complainant: who may not see a name could find it out by searching.
            named = Q(institution__name__icontains=self.word) | Q(named__icontains=self.word)
            rows = rows.filter(named | Q(number=self.word) | Q(channel_no=self.word))
        is_closed = Case(When(state=ComplaintState.CLOSED, then=1), default=0, output_field=IntegerField())
        return rows.select_related("institution", "town", "duplicate_of").order_by(is_closed, "reply_due_on", "pk")


def complaint_totals(user: User, today: dt.date) -> dict[str, Any]:
    """Counts of all that the reader may see; two queries."""
    rows = complaints_of(user).order_by()
    states = {state: Count("pk", filter=Q(state=state)) for state in ComplaintState.values}
    counts = rows.aggregate(total=Count("pk"), overdue=Count("pk", filter=late_reply(today)), **states)
    towns = Town.objects.filter(pk__in=rows.filter(town__isnull=False).values("town"))
    return {**counts, "open": counts["total"] - counts[ComplaintState.CLOSED], "towns": list(towns)}


def complaint_filters(wanted: ComplaintFilter, totals: dict[str, Any]) -> list[dict[str, Any]]:
    """The filters under the heading, as includes/_filter_chips.html takes them."""
    towns = [{"value": town.code, "label": town.name} for town in totals["towns"]]
    filters = [
        _filter("期限", "due", wanted.due, [{"value": OVERDUE, "label": "已过答复期限", "count": totals["overdue"]}]),
        _filter("渠道", "channel", wanted.channel, _options(ComplaintChannel)),
        _filter("事项", "topic", wanted.topic, _options(Topic)),
    ]
    return [*filters, _filter("镇街", "town", wanted.town, towns)] if len(towns) > 1 else filters


def likely_units(user: User, complaint: Complaint) -> list[Institution]:
    """Institutions in scope that the complaint seems to mean: whose name it holds, or that hold what it names."""
    said = f"{complaint.named}\n{complaint.text}"
    units = Institution.objects.visible_to(user).exclude(kind=Institution.Kind.PUBLIC_BODY)
    rows = units.annotate(at=StrIndex(Value(said), F("name")))
    meant = Q(at__gt=0) | Q(name__icontains=complaint.named) if len(complaint.named) > 1 else Q(at__gt=0)
    return list(rows.filter(meant).select_related("town")[:_MOST_SUGGESTED])


@dataclass(frozen=True)
class ObservationFilter:
    """What the address asks of the list of observations."""

    state: str
    kind: str
    due: str
    word: str

    @classmethod
    def of(cls, asked: Asked) -> ObservationFilter:
        return cls(
            state=_known(asked("state"), State.values),
            kind=_known(asked("kind"), [kind.code for kind in all_kinds()]),
            due=_known(asked("due"), [OVERDUE]),
            word=asked("q"),
        )

    def applied(self, rows: QuerySet[Observation], today: dt.date) -> QuerySet[Observation]:
        """Overdue first, then what is confirmed and not rectified by its due date, then clues, then the rest."""
        rows = rows.filter(state=self.state) if self.state else rows
        rows = rows.filter(kind=self.kind) if self.kind else rows
        rows = rows.filter(late_rectification(today)) if self.due else rows
        if self.word:
            rows = rows.filter(Q(institution__name__icontains=self.word) | Q(number=self.word))
        rank = Case(
            When(late_rectification(today), then=0),
            When(state=State.CONFIRMED, rectified_on__isnull=True, then=1),
            When(state__in=[State.CLUE, State.CHECKING], then=2),
            default=3,
            output_field=IntegerField(),
        )
        rows = rows.annotate(is_late=ExpressionWrapper(late_rectification(today), BooleanField()))
        return rows.select_related("institution__town").order_by(rank, F("due_on").asc(nulls_last=True), "-pk")


def observation_totals(user: User, today: dt.date) -> dict[str, int]:
    """Counts of all that the reader may see; one query."""
    rectifying = Q(state=State.CONFIRMED, rectified_on__isnull=True)
    return (
        observations_of(user)
        .order_by()
        .aggregate(
            total=Count("pk"),
            clues=Count("pk", filter=Q(state__in=[State.CLUE, State.CHECKING])),
            rectifying=Count("pk", filter=rectifying),
            overdue=Count("pk", filter=late_rectification(today)),
        )
    )


def observation_filters(wanted: ObservationFilter, totals: dict[str, int], *, is_above: bool) -> list[dict[str, Any]]:
    """The filters under the heading; whoever sees only what was found true has no use for states."""
    kinds = [{"value": kind.code, "label": kind.label} for kind in all_kinds()]
    due = [{"value": OVERDUE, "label": "整改逾期", "count": totals["overdue"]}]
    filters = [_filter("期限", "due", wanted.due, due), _filter("事项", "kind", wanted.kind, kinds)]
    return [_filter("状态", "state", wanted.state, _options(State)), *filters] if is_above else filters


def history(target: str) -> list[dict[str, Any]]:
    """What was done to it, newest first: {at, act, actor, note}. Notes hold no personal data (services see to it)."""
    entries = AuditEntry.objects.filter(target=target, act__in=list(ACT_WORDS)).order_by("-pk")
    return [
        {"at": each.at, "act": ACT_WORDS[each.act], "actor": each.actor_label, "note": _note(each.detail)}
        for each in entries
    ]


def _note(detail: dict[str, Any]) -> str:
    words = {True: "查实", False: "未查实", None: ""}
    parts = [words[detail.get("is_confirmed")], detail.get("reason", ""), detail.get("observation", "")]
    parts += [f"与 {detail['of']} 重复" if detail.get("of") else "", "超过答复期限" if detail.get("late") else ""]
    return "，".join(part for part in parts if part)


def _known(value: str, values: Any) -> str:
    return value if value in values else ""


def _options(choices: Any) -> list[dict[str, Any]]:
    return [{"value": value, "label": label} for value, label in choices.choices]


def _filter(label: str, param: str, value: str, options: list[dict[str, Any]]) -> dict[str, Any]:
    return {"label": label, "param": param, "value": value, "options": options}
