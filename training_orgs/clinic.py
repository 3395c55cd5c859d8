"""订单体检: what one order would be found to be, by the very rules of the engine, and what is to be paid back of it.

The rules are not written a second time: a throw-away institution with the order is put into the tables inside a
rehearsal, judged, and taken back. What is shown beside (last lawful day, earliest day of payment, price by the standard
hour) is read there too, by the rules' own expressions and standards.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import uuid4

from django.db.models import F

from shuangjian.bureau.models import Institution
from shuangjian.core.choices import Severity
from shuangjian.rules import engine, explain
from shuangjian.rules.clauses import all_clauses
from shuangjian.rules.declare import Rule, get_rule
from shuangjian.rules.expressions import LastOfMonths, MonthsBefore
from shuangjian.rules.parameters import frozen
from shuangjian.rules.periods import Span
from training_orgs.choices import COMPULSORY_STAGES, Category, Channel
from training_orgs.models import (
    Course,
    CourseSession,
    FeeLine,
    FeeOrder,
    GuidePrice,
    LinePrice,
    OrderPlan,
    OrderSpan,
)
from training_orgs.rules.charges import ONCE_AMOUNT, PRICE_FLOAT, STANDARD_MINUTES
from training_orgs.rules.spans import EARLY_MONTHS, PREPAID_MONTHS

CODES = ("TO-12", "TO-13", "TO-14", "TO-15", "TO-16", "TO-18", "TO-19")
#: So long before, that only the hours still open count, and not the days that the earlier order was for.
_LONG_BEFORE = dt.timedelta(days=400)
_FEN = Decimal("0.01")
_PUPIL = "X"
_CONTRACT = "体检"


@dataclass(frozen=True)
class Line:
    """What is bought of one subject. Hours are nominal; ``amount`` yuan; ``open_hours``: bought before, not taken."""

    subject: str
    hours: Decimal
    amount: Decimal
    gift_hours: Decimal = Decimal(0)
    open_hours: Decimal = Decimal(0)
    taken_hours: Decimal = Decimal(0)

    @property
    def total_hours(self) -> Decimal:
        return self.hours + self.gift_hours


@dataclass(frozen=True)
class Order:
    """One order as its contract has it. ``ends_on`` None: not agreed; ``first_on`` None: the span's first day."""

    category: str
    stage: str
    mode: str
    lesson_minutes: int
    paid_on: dt.date
    starts_on: dt.date
    lines: Sequence[Line]
    ends_on: dt.date | None = None
    first_on: dt.date | None = None
    class_size: int | None = None
    is_loan: bool = False

    @property
    def is_priced(self) -> bool:
        """Whether guide prices hold for it at all."""
        return self.category == Category.SUBJECT and self.stage in COMPULSORY_STAGES


@dataclass(frozen=True)
class Standard:
    """One standard in force on the day of payment, in words."""

    description: str
    value: str
    reference: str
    effective_from: dt.date


@dataclass(frozen=True)
class Verdict:
    """What one rule says: ``outcome`` lawful, suspected, insufficient_data or not_applicable; ``words`` why."""

    rule: Rule
    outcome: str
    words: str
    standards: list[Standard]
    severity: Severity | None = None

    @property
    def clause_id(self) -> str:
        return self.rule.clauses[0]

    @property
    def clause(self) -> str:
        """2.4.2.3 and the clause's title."""
        return f"{self.clause_id} {all_clauses()[self.clause_id].title}"

    @property
    def quote(self) -> str:
        """The clause's own words."""
        return all_clauses()[self.clause_id].text


@dataclass(frozen=True)
class SubjectHours:
    """Hours of one line, as the contract counts them and by the standard hour, and what is paid for one (yuan)."""

    subject: str
    nominal: Decimal
    standard: Decimal | None
    price: Decimal | None
    refund: Decimal


@dataclass(frozen=True)
class Diagnosis:
    """The order's verdicts, worst first, and its figures. Yuan; ``refund`` is what is left of the lines' amounts."""

    verdicts: list[Verdict]
    hours: list[SubjectHours]
    amount: Decimal
    refund: Decimal
    lawful_until: dt.date | None
    earliest_payment: dt.date | None

    @property
    def suspected(self) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if verdict.outcome == "suspected"]

    @property
    def is_lawful(self) -> bool:
        """Nothing was found; ``outcome`` says whether everything could be judged."""
        return not self.suspected

    @property
    def outcome(self) -> str:
        """The worst of the verdicts: what could not be judged for want of data is never called lawful."""
        told = {verdict.outcome for verdict in self.verdicts}
        return next((each for each in ("suspected", "insufficient_data") if each in told), "lawful")


@dataclass(frozen=True)
class _Seen:
    """What was read while the order stood in the tables."""

    findings: list[dict[str, Any]]
    lawful_until: dt.date | None
    earliest_payment: dt.date | None
    guide: Decimal | None


def diagnose(order: Order, *, now: dt.datetime) -> Diagnosis:
    """Judge the order as if it had been paid as stated; nothing of it stays. Call it outside of a transaction."""
    with frozen(engine.current_overrides()):
        seen = _rehearse(order, now)
        verdicts = [_verdict(get_rule(code), order, seen) for code in CODES]
        hours = [_hours(line, order) for line in order.lines]
    rank = {"suspected": 0, "insufficient_data": 1, "lawful": 2, "not_applicable": 3}
    verdicts.sort(key=lambda each: (rank[each.outcome], -(each.severity or 0), each.rule.code))
    return Diagnosis(
        verdicts=verdicts,
        hours=hours,
        amount=sum((line.amount for line in order.lines), Decimal(0)),
        refund=sum((each.refund for each in hours), Decimal(0)),
        lawful_until=seen.lawful_until,
        earliest_payment=seen.earliest_payment,
    )


def left_of(amount: Decimal, total: Decimal, taken: Decimal) -> Decimal:
    """What is left of a line's yuan after so many of its hours, as the class log takes them: exact to fen."""
    if taken >= total:
        return Decimal(0).quantize(_FEN)
    return amount - (amount * taken / total).quantize(_FEN, ROUND_HALF_UP)


def _rehearse(order: Order, now: dt.datetime) -> _Seen:
    seen: list[_Seen] = []
    with engine.rehearsal():
        institution = _write(order)
        rules = [get_rule(code) for code in CODES]
        findings = engine.foresee(rules, [institution.pk], Span(order.paid_on, order.paid_on), now=now)
        here = {"institution": institution, "paid_on": order.paid_on}
        months = PREPAID_MONTHS.at("paid_on")
        spans = OrderSpan.objects.filter(**here).annotate(lawful=LastOfMonths("starts_on", months))
        plans = OrderPlan.objects.filter(**here, first_on__isnull=False)
        early = plans.annotate(earliest=MonthsBefore("first_on", EARLY_MONTHS.at("paid_on")))
        prices = LinePrice.objects.filter(**here).annotate(given=F("guide"))
        seen.append(
            _Seen(
                findings=findings,
                lawful_until=spans.values_list("lawful", flat=True).first(),
                earliest_payment=early.values_list("earliest", flat=True).first(),
                guide=prices.values_list("given", flat=True).first(),
            )
        )
    return seen[0]


def _write(order: Order) -> Institution:
    """The order and what it needs, at an institution that nobody ever sees."""
    institution = Institution.objects.create(
        code=uuid4().hex[:18], name="体检", pinyin="-", kind=Institution.Kind.TRAINING_ORG, category=order.category
    )
    courses = [_course(institution, order, position, line) for position, line in enumerate(order.lines, 1)]
    first_on = order.first_on or order.starts_on
    CourseSession.objects.bulk_create(
        CourseSession(institution=institution, course=course, day=first_on, starts_at=9 * 60, ends_at=10 * 60)
        for course in courses
    )
    charged = sum((line.amount for line in order.lines), Decimal(0))
    _order(institution, order, courses, _CONTRACT, order.paid_on, [line.hours for line in order.lines], charged)
    if any(line.open_hours for line in order.lines):
        open_hours = [line.open_hours for line in order.lines]
        _order(institution, order, courses, f"{_CONTRACT}前", order.paid_on - _LONG_BEFORE, open_hours, Decimal(0))
    return institution


def _course(institution: Institution, order: Order, position: int, line: Line) -> Course:
    return Course.objects.create(
        institution=institution,
        number=f"K{position}",
        title=line.subject,
        category=order.category,
        subject=line.subject,
        stage=order.stage,
        mode=order.mode,
        class_size=order.class_size,
        lesson_minutes=order.lesson_minutes,
        starts_on=order.starts_on,
    )


def _order(
    institution: Institution,
    order: Order,
    courses: Sequence[Course],
    contract: str,
    paid_on: dt.date,
    hours: Sequence[Decimal],
    amount: Decimal,
) -> None:
    is_this = paid_on == order.paid_on
    written = FeeOrder.objects.create(
        institution=institution,
        contract_no=contract,
        pupil=_PUPIL,
        paid_on=paid_on,
        amount=amount,
        starts_on=order.starts_on if is_this else paid_on,
        ends_on=order.ends_on if is_this else paid_on,
        channel=Channel.CUSTODY,
        is_loan=is_this and order.is_loan,
    )
    FeeLine.objects.bulk_create(
        FeeLine(
            order=written,
            position=position,
            course=course,
            subject=line.subject,
            hours=count,
            gift_hours=line.gift_hours if is_this else 0,
            lesson_minutes=order.lesson_minutes,
            amount=line.amount if is_this else 0,
        )
        for position, (line, course, count) in enumerate(zip(order.lines, courses, hours, strict=True), 1)
        if is_this or count
    )


def _verdict(rule: Rule, order: Order, seen: _Seen) -> Verdict:
    standards = _standards(rule, order)
    found = next((each for each in seen.findings if each["rule"] == rule.code), None)
    if rule.code == "TO-12" and seen.guide is not None:
        standards.append(_guide(order, seen.guide))
    if found is not None:
        words = explain.conclusion(rule, found["observed"], found["limit"]).replace("本单位", "这份订单")
        return Verdict(rule, "suspected", words, standards, Severity(found["severity"]))
    outcome, words = _unbroken(rule, order, seen)
    return Verdict(rule, outcome, words, standards)


def _unbroken(rule: Rule, order: Order, seen: _Seen) -> tuple[str, str]:
    """Why a rule found nothing: it does not apply, it lacks data, or the order keeps it."""
    if rule.code == "TO-12" and (unpriced := _unpriced(order, seen)):
        return unpriced
    if rule.code == "TO-19":
        if order.category == Category.SUBJECT:
            return "not_applicable", "一次性收费金额上限只适用于非学科类课程。"
        if ONCE_AMOUNT.on(order.paid_on) is None:
            return "not_applicable", f"{order.paid_on} 这一上限还没有施行。"
    if rule.code == "TO-13" and order.ends_on is None:
        return "insufficient_data", "没有填写服务止日，无法判断时间跨度。"
    if rule.code == "TO-15":
        alone = {each["rule"] for each in seen.findings} & {"TO-13", "TO-14"}
        if alone:
            return "lawful", f"这一次收费自身已由 {'、'.join(sorted(alone))} 指出，不再按拆分收费重复指出。"
    return "lawful", "没有超出标准。"


def _unpriced(order: Order, seen: _Seen) -> tuple[str, str] | None:
    """Why there is no guide price to hold the order against; None when there is one."""
    if not order.is_priced:
        return "not_applicable", "政府指导价只适用于义务教育阶段学科类课程。"
    if order.class_size is None:
        return "insufficient_data", "没有填写班型（人数），无法对照指导价。"
    if seen.guide is None:
        return "insufficient_data", f"没有收录 {order.paid_on} 适用于这一授课方式和班型的指导价，无法判断。"
    return None


def _standards(rule: Rule, order: Order) -> list[Standard]:
    found = []
    for parameter in rule.parameters:
        entry = parameter.entry_on(order.paid_on, key=order.mode if parameter.file.by == "mode" else "")
        if entry is None:
            continue
        number = f"{entry.value * 100:.0f}%" if parameter is PRICE_FLOAT else f"{entry.value.normalize():f}"
        unit = "" if parameter is PRICE_FLOAT else f" {parameter.file.unit}"
        found.append(
            Standard(parameter.file.description, f"{number}{unit}", entry.reference_text, entry.effective_from)
        )
    return found


def _guide(order: Order, guide: Decimal) -> Standard:
    price = (
        GuidePrice.objects.filter(mode=order.mode, size_from__lte=order.class_size, valid_from__lte=order.paid_on)
        .order_by("-size_from", "-valid_from")
        .filter(price=guide)
        .first()
    )
    reference, since = (price.reference, price.valid_from) if price is not None else ("政府指导价", order.paid_on)
    return Standard("政府指导价（基准价）", f"{guide:.2f} 元/标准课时", reference, since)


def _hours(line: Line, order: Order) -> SubjectHours:
    minutes = line.total_hours * order.lesson_minutes
    standard_minutes = STANDARD_MINUTES.on(order.paid_on, key=order.mode)
    standard = minutes / standard_minutes if standard_minutes else None
    return SubjectHours(
        subject=line.subject,
        nominal=line.total_hours,
        standard=standard.quantize(_FEN, ROUND_HALF_UP) if standard is not None else None,
        price=(line.amount / standard).quantize(_FEN, ROUND_HALF_UP) if standard else None,
        refund=left_of(line.amount, line.total_hours, line.taken_hours),
    )
