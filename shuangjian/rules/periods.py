"""Whole periods of a rule: what an evaluation must look at together, and what an alert is named after."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from shuangjian.core.weeks import Week
from shuangjian.rules.declare import Period, Rule

BEGINNING = dt.date(2021, 9, 1)  # before the guideline nothing is judged
END = dt.date(9999, 12, 31)


@dataclass(frozen=True)
class Span:
    """A closed range of dates."""

    since: dt.date
    until: dt.date

    def __contains__(self, day: dt.date) -> bool:
        return self.since <= day <= self.until


def widen(rule: Rule, span: Span) -> Span:
    """``span`` made whole for the rule: a weekly rule asked for Monday to Wednesday would see no violation and clear
    all that it had found; ``reach`` adds the later periods that a record of the span can influence."""
    since, until = span.since, span.until
    if rule.period is Period.WEEK or rule.period is Period.DAY:
        # D rules too: their alerts are grouped by ISO week and a return is filed by week.
        since, until = Week.of(since).monday, Week.of(until).sunday
    elif rule.period is Period.MONTH:
        since, until = since.replace(day=1), _month_end(until)
    elif rule.period is Period.TERM:
        since, until = since.replace(month=1, day=1), until.replace(month=12, day=31)
    else:
        since, until = BEGINNING, END
    if rule.reach:
        until = min(until + dt.timedelta(weeks=rule.reach), END)
    return Span(since, until)


def _month_end(day: dt.date) -> dt.date:
    first_of_next = (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    return first_of_next - dt.timedelta(days=1)


#: SQL that names the alert period of a finding, by the rule's period. ``occurred_on`` is the finding's date.
#: to_char knows ISO years and weeks: 2027-01-01 is 2026-W53.
PERIOD_SQL = {
    Period.DAY: """to_char(occurred_on, 'IYYY"-W"IW')""",
    Period.WEEK: """to_char(occurred_on, 'IYYY"-W"IW')""",
    Period.MONTH: "to_char(occurred_on, 'YYYY-MM')",
    Period.TERM: """(CASE WHEN extract(month FROM occurred_on) >= 8
        THEN extract(year FROM occurred_on)::int || '-' || extract(year FROM occurred_on)::int + 1 || '-1'
        WHEN extract(month FROM occurred_on) = 1
        THEN extract(year FROM occurred_on)::int - 1 || '-' || extract(year FROM occurred_on)::int || '-1'
        ELSE extract(year FROM occurred_on)::int - 1 || '-' || extract(year FROM occurred_on)::int || '-2' END)""",
    Period.STANDING: "'standing'",
}
