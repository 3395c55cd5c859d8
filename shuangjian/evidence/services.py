"""登记投诉举报, many at once: what the form, the table and the API all call. Acts on one complaint: complaint_acts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Q

from shuangjian.bureau.models import Institution, Town
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput, Problem, Refused
from shuangjian.core.querysets import power_of
from shuangjian.evidence.choices import ComplaintChannel, Topic
from shuangjian.evidence.limits import reply_due_dates
from shuangjian.evidence.models import Complaint
from shuangjian.evidence.numbers import next_numbers
from shuangjian.evidence.scope import ABOVE
from shuangjian.evidence.words import LONGEST_TEXT, choice_of, clean, day_of
from shuangjian.journal.services import Asked, Done, record_many, request_evaluations

#: Keys of a row; institution and town are codes. Values may be text or typed; choices by code or Chinese name.
COLUMNS = (
    "channel", "channel_no", "received_on", "institution", "named", "town", "topic", "text", "complainant_name",
    "complainant_phone",
)  # fmt: skip
_LENGTHS = {"channel_no": 40, "named": 120, "text": LONGEST_TEXT, "complainant_name": 40, "complainant_phone": 30}
_LABELS = {
    "channel_no": "渠道工单号",
    "named": "投诉人所称单位或地点",
    "text": "内容",
    "complainant_name": "投诉人",
    "complainant_phone": "联系方式",
}
_BATCH = 1000


@dataclass
class _Reader:
    """The rows' references, read once, and what is wrong with them, placed as ``[3].topic``."""

    today: dt.date
    institutions: dict[str, Institution]
    towns: dict[str, Town]
    own_town: Town | None
    may_leave_open: bool
    problems: list[Problem] = field(default_factory=list)

    def complaint(self, place: int, row: Mapping[str, Any]) -> Complaint:
        found = Complaint()
        for key in sorted(set(row) - set(COLUMNS)):
            self._wrong(place, key, f"没有“{key}”这一列，请删去。")
        try:
            found.channel = choice_of(row.get("channel"), ComplaintChannel, "受理渠道")
        except ValueError as error:
            self._wrong(place, "channel", str(error))
        try:
            found.topic = choice_of(row.get("topic"), Topic, "事项")
        except ValueError as error:
            self._wrong(place, "topic", str(error))
        try:
            found.received_on = day_of(row.get("received_on"), "受理日期", not_after=self.today)
        except ValueError as error:
            self._wrong(place, "received_on", str(error))
        for key, longest in _LENGTHS.items():
            text = clean(row.get(key))
            if len(text) > longest:
                self._wrong(place, key, f"{_LABELS[key]}最多 {longest} 字，现为 {len(text)} 字，请缩短。")
            setattr(found, key, text)
        found.complainant_phone = found.complainant_phone.replace(" ", "").replace("-", "")
        if not found.text:
            self._wrong(place, "text", "请填写投诉内容。")
        self._unit(place, row, found)
        return found

    def _unit(self, place: int, row: Mapping[str, Any], found: Complaint) -> None:
        code, town_code = clean(row.get("institution")), clean(row.get("town"))
        if code:
            found.institution = self.institutions.get(code)
            if found.institution is None:
                self._wrong(place, "institution", f"没有代码为“{code[:30]}”的单位，或不在您的管辖范围内，请核对。")
        if town_code:
            found.town = self.towns.get(town_code)
            if found.town is None:
                self._wrong(place, "town", f"没有代码或名称为“{town_code[:30]}”的镇街，请核对。")
        if found.institution is not None:
            found.town = found.institution.town or found.town
            return
        found.town = found.town or self.own_town
        if self.own_town is not None and found.town != self.own_town:
            self._wrong(place, "town", f"您只能登记{self.own_town.name}的投诉，请改正镇街。")
        if code:
            return
        if not self.may_leave_open:
            self._wrong(place, "institution", "请填写被投诉单位的代码；不知道是哪个单位的，请由区教育局或镇街登记。")
        elif not found.named:
            self._wrong(place, "named", "没有关联单位的，请填写投诉人所称的单位或地点。")

    def _wrong(self, place: int, key: str, message: str) -> None:
        self.problems.append(Problem(f"[{place}].{key}", message))


@dataclass(frozen=True)
class Registered:
    """The complaints in the order of the rows (unsaved on a dry run), and those already there that look the same."""

    complaints: list[Complaint]
    is_dry_run: bool


@transaction.atomic
def register_complaints(
    rows: Sequence[Mapping[str, Any]], *, actor: Any, dry_run: bool = False, now: dt.datetime | None = None
) -> Registered:
    """登记 each row of COLUMNS as a 线索 with its number and its last day to reply; all or nothing.

    InvalidInput places every problem as ``[row].column``; among them a 工单号 that is registered already, with that
    complaint's number. Who may: bureau, centre, town, within the jurisdiction. A dry run checks and saves nothing.
    """
    _check_actor(actor)
    today = clock.local(now).date() if now is not None else clock.today()
    reader = _reader(rows, actor, today)
    complaints = [reader.complaint(place, row) for place, row in enumerate(rows)]
    reader.problems += _known_numbers(complaints)
    if reader.problems:
        raise InvalidInput(reader.problems)
    due = reply_due_dates((each.channel, each.received_on) for each in complaints)
    for each in complaints:
        each.reply_due_on = due[each.channel, each.received_on]
    if dry_run or not complaints:
        return Registered(complaints, is_dry_run=dry_run)
    for each, number in zip(complaints, next_numbers(Complaint, "TS", today.year, len(complaints)), strict=True):
        each.number = number
    Complaint.objects.bulk_create(complaints, batch_size=_BATCH)
    record_many(
        "register_complaint",
        (
            Done(each.institution_id, f"complaint:{each.number}", {"channel": each.channel, "topic": each.topic})
            for each in complaints
        ),
        actor=actor,
    )
    _ask(complaints, today)
    return Registered(complaints, is_dry_run=False)


def _check_actor(actor: Any) -> None:
    if power_of(actor) not in ABOVE:
        raise Refused("投诉举报由区教育局、教育指导中心、镇街登记。", code="role", status=403)


def _reader(rows: Sequence[Mapping[str, Any]], actor: Any, today: dt.date) -> _Reader:
    codes = {clean(row.get("institution")) for row in rows} - {""}
    units = Institution.objects.visible_to(actor) if hasattr(actor, "jurisdiction") else Institution.objects.all()
    towns: dict[str, Town] = {}
    for town in Town.objects.all():
        towns[town.code] = towns[town.name] = town
    power = power_of(actor)
    return _Reader(
        today=today,
        institutions={each.code: each for each in units.filter(code__in=codes).select_related("town")},
        towns=towns,
        own_town=getattr(actor, "town", None) if power == "town" else None,
        may_leave_open=power != "centre",
    )


def _known_numbers(complaints: Sequence[Complaint]) -> Iterable[Problem]:
    """工单号 that stand twice in the rows, or that another complaint has already."""
    numbers = [each.channel_no for each in complaints if each.channel_no]
    known = {
        (channel, channel_no): number
        for channel, channel_no, number in Complaint.objects.filter(channel_no__in=numbers).values_list(
            "channel", "channel_no", "number"
        )
    }
    first: dict[tuple[str, str], int] = {}
    for place, each in enumerate(complaints):
        key = (each.channel, each.channel_no)
        if not each.channel_no or not each.channel:
            continue
        if key in known:
            message = f"{each.get_channel_display()}工单 {each.channel_no} 已登记为 {known[key]}，不再重复登记。"
            yield Problem(f"[{place}].channel_no", message, "duplicate")
        elif key in first:
            message = f"工单号与第 {first[key] + 1} 条重复，请删去一条或改正。"
            yield Problem(f"[{place}].channel_no", message, "duplicate")
        first.setdefault(key, place)


def _ask(complaints: Iterable[Complaint], today: dt.date) -> None:
    """A surge is judged by the complaints of the weeks before: from the earliest day of each institution to today."""
    earliest: dict[int, dt.date] = {}
    for each in complaints:
        if each.institution_id is not None:
            earliest[each.institution_id] = min(each.received_on, earliest.get(each.institution_id, each.received_on))
    request_evaluations(Asked(pk, since, today, "登记投诉举报") for pk, since in sorted(earliest.items()))


def likely_duplicates(complaint: Complaint, *, by_phone: bool) -> Q:
    """Condition on complaints that look the same: within 14 days of the same institution and topic, or of the same
    place where neither is tied to one; or by the same phone.

    ``by_phone`` only for a reader who may see the complainant: a hit tells that one person complained twice.
    """
    days = dt.timedelta(days=14)
    same = Q(pk__in=[])
    span = (complaint.received_on - days, complaint.received_on + days)
    if complaint.institution_id is not None:
        same |= Q(institution_id=complaint.institution_id, topic=complaint.topic, received_on__range=span)
    elif complaint.named:
        same |= Q(institution__isnull=True, named__iexact=complaint.named, received_on__range=span)
    if by_phone and complaint.complainant_phone:
        same |= Q(complainant_phone=complaint.complainant_phone)
    # What was sorted out already is no suggestion: the complaint itself, its duplicates, what it repeats.
    known = Q(pk=complaint.duplicate_of_id) if complaint.duplicate_of_id else Q(pk__in=[])
    if complaint.pk:
        known |= Q(pk=complaint.pk) | Q(duplicate_of_id=complaint.pk)
    return same & ~known
