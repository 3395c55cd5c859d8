"""SQL that the rules calculate dates with: calendar months, days, workdays. PostgreSQL clamps to a month's end."""

from __future__ import annotations

from typing import Any

from django.db.models import DateField, F, Func, IntegerField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Greatest

from shuangjian.rules.periods import BEGINNING


class Days(Func):
    """Whole days from the second date to the first."""

    template = "(%(expressions)s)"
    arg_joiner = " - "
    arity = 2
    output_field = IntegerField()


class MonthsBefore(Func):
    """The date so many calendar months before another; where that day does not exist, the month's last."""

    arity = 2
    output_field = DateField()

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> Any:
        (day, day_params), (months, months_params) = _compiled(self, compiler)
        return f"({day} - make_interval(months => ({months})::int))::date", [*day_params, *months_params]


class MonthsAfter(Func):
    """The corresponding date so many calendar months later; where that day does not exist, the month's last."""

    arity = 2
    output_field = DateField()

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> Any:
        (day, day_params), (months, months_params) = _compiled(self, compiler)
        return f"({day} + make_interval(months => ({months})::int))::date", [*day_params, *months_params]


class LastOfMonths(Func):
    """The last day of so many calendar months that begin on a date, that day included.

    The day before the corresponding day, where the last month has one, else that month's end: of three months,
    1 Sep → 30 Nov, 30 Nov → 28 (29) Feb, 31 Jan → 30 Apr.
    """

    arity = 2
    output_field = DateField()

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> Any:
        (day, day_params), (months, months_params) = _compiled(self, compiler)
        end = f"({day} + make_interval(months => ({months})::int))::date"
        end_params = [*day_params, *months_params]
        sql = f"({end} - (extract(day FROM {end}) = extract(day FROM {day}))::int)"
        return sql, [*end_params, *end_params, *day_params]


class WorkdaysAfter(Func):
    """The last of so many workdays after a date, which is day 0 whatever it is; NULL outside the known calendar."""

    arity = 2
    output_field = DateField()

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> Any:
        (day, day_params), (count, count_params) = _compiled(self, compiler)
        days = "bureau_districtday b JOIN bureau_districtday e ON e.is_workday AND e.workdays = b.workdays"
        sql = f"(SELECT e.date FROM {days} + ({count})::int WHERE b.date = {day})"  # noqa: S608 - compiled expressions
        return sql, [*count_params, *day_params]


class Pair(Func):
    """Two values as one, to be counted together."""

    template = "(%(expressions)s)"
    arity = 2
    output_field = IntegerField()


def begins(*days: str | Combinable, opened: str = "institution__opened_on") -> Greatest:
    """``on`` of a standing finding: the latest of its own day, the guideline's first day and the opening.

    greatest() passes over NULL.
    """
    return Greatest(*days, F(opened), Value(BEGINNING, output_field=DateField()), output_field=DateField())


def _compiled(function: Func, compiler: Any) -> list[tuple[str, list[Any]]]:
    return [compiler.compile(each) for each in function.get_source_expressions()]
