"""周报审核: the units of one week with where their returns stand, what was found in them, and which are clean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Count, Q

from shuangjian.bureau.models import Institution
from shuangjian.core.choices import Severity
from shuangjian.core.querysets import Principal, power_of
from shuangjian.core.weeks import Week
from shuangjian.intake.doubts import doubts_of, findings_by_severity
from shuangjian.intake.models import Filing, ReopenRequest, WeeklyReturn

State = WeeklyReturn.State

UNFILED = "unfiled"
#: The groups of the list, in the order of work; a draft and a withdrawn return are not filed.
GROUPS: dict[str, str] = {
    State.SUBMITTED: "待审核",
    State.APPROVED: "待接收",
    State.RETURNED: "已退回",
    State.ACCEPTED: "已接收",
    State.LOCKED: "已锁定",
    UNFILED: "未报",
}
_LEVELS = sorted((int(level) for level in Severity), reverse=True)


@dataclass(frozen=True)
class ReviewRow:
    """One unit's week. ``doubts`` say why the return must be opened singly; a clean one has none."""

    unit: Institution
    weekly_return: WeeklyReturn | None
    filing: Filing | None
    found: dict[int, int]
    doubts: list[str] = field(default_factory=list)

    @property
    def group(self) -> str:
        """Which of GROUPS it belongs to."""
        state = self.weekly_return.state if self.weekly_return else UNFILED
        return state if state in GROUPS else UNFILED

    @property
    def group_label(self) -> str:
        if self.group == UNFILED and self.weekly_return is not None and self.weekly_return.state == State.WITHDRAWN:
            return str(State.WITHDRAWN.label)
        return GROUPS[self.group]

    @property
    def is_late(self) -> bool:
        """First submitted after the due instant."""
        filing = self.filing
        return (
            filing is not None and filing.first_submitted_at is not None and filing.first_submitted_at > filing.due_at
        )

    @property
    def severities(self) -> list[tuple[int, int]]:
        """(severity, open findings of it), worst first."""
        return [(level, self.found[level]) for level in _LEVELS if self.found.get(level)]

    @property
    def tick(self) -> str:
        """What its tick box sends: the return and the version that is shown."""
        if self.weekly_return is None or self.weekly_return.current_version is None:
            return ""
        return f"{self.weekly_return.pk}:{self.weekly_return.current_version.number}"


def review_rows(principal: Principal, week: Week) -> list[ReviewRow]:
    """Every unit that owes or filed the week's return, by town and name; five queries whatever their number."""
    returns = {
        each.institution_id: each
        for each in WeeklyReturn.objects.visible_to(principal)
        .filter(week=week.monday)
        .select_related("institution__town", "current_version")
        .defer("draft", "current_version__payload")
    }
    filings = {
        each.institution_id: each
        for each in Filing.objects.visible_to(principal).filter(week=week.monday).select_related("institution__town")
    }
    found = findings_by_severity({*returns, *filings}, week)
    doubts = doubts_of(list(returns.values()), week, found)
    rows = []
    for pk in {*returns, *filings}:
        weekly_return, filing = returns.get(pk), filings.get(pk)
        owner = weekly_return or filing
        assert owner is not None
        known = doubts[weekly_return.pk] if weekly_return else []
        rows.append(ReviewRow(owner.institution, weekly_return, filing, found.get(pk, {}), known))
    return sorted(rows, key=lambda row: (_town(row.unit), row.unit.pinyin, row.unit.code))


def waiting_weeks(principal: Principal, states: Sequence[str], *, most: int = 8) -> list[tuple[Week, int]]:
    """(week, returns in these states), newest first; one query."""
    rows = (
        WeeklyReturn.objects.visible_to(principal)
        .filter(state__in=states)
        .order_by("-week")
        .values("week")
        .annotate(waiting=Count("pk"))
        .values_list("week", "waiting")
    )
    return [(Week(monday), waiting) for monday, waiting in rows[:most]]


def waiting_words(principal: Principal) -> str:
    """待审核 12 份, for the bureau 待接收 3 份、待审核 12 份, of all weeks; "" when nothing waits. One query."""
    counts = WeeklyReturn.objects.visible_to(principal).aggregate(
        to_approve=Count("pk", filter=Q(state=State.SUBMITTED)), to_accept=Count("pk", filter=Q(state=State.APPROVED))
    )
    said = [f"待接收 {counts['to_accept']} 份"] if counts["to_accept"] and power_of(principal) == "bureau" else []
    said += [f"待审核 {counts['to_approve']} 份"] if counts["to_approve"] else []
    return "、".join(said)


def pending_requests(principal: Principal) -> list[ReopenRequest]:
    """Corrections that schools asked for and nobody decided yet, oldest first; one query."""
    return list(
        ReopenRequest.objects.visible_to(principal)
        .filter(state=ReopenRequest.State.PENDING)
        .select_related("weekly_return__institution__town")
        .defer("weekly_return__draft")
        .order_by("asked_at")
    )


def _town(unit: Institution) -> str:
    return unit.town.pinyin if unit.town else "~"
