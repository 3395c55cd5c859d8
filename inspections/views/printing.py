"""The printed record of a visit, and the district's figures of a period."""

from __future__ import annotations

import datetime as dt
from dataclasses import astuple, dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from inspections.services.printing import print_record
from inspections.statistics import COLUMNS, by_town
from inspections.views.answering import VisitPage, whole_number
from shuangjian.accounts.models import RoleKind
from shuangjian.accounts.requests import signed_in
from shuangjian.core import clock
from shuangjian.core.csv_file import csv_response
from shuangjian.core.views import ScopedView
from shuangjian.dashboards.views.asked import asked

SUPERVISING: frozenset[str] = frozenset({RoleKind.BUREAU, RoleKind.CENTRE, RoleKind.TOWN})
_PLAIN = "text/plain; charset=utf-8"


class VisitRecordPdfView(VisitPage):
    """检查记录 as PDF: for those who may see the visit; the institution gets what it may know of it, once filed."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wanted = asked(request, "version")
        printed = print_record(
            self.readable_visit(), number=whole_number(wanted, -1) if wanted else None, actor=self.user
        )
        if printed is None:
            raise Http404("这次检查还没有提交过记录，或没有这一版。")
        response = HttpResponse(printed.data, content_type="application/pdf")
        response["Content-Disposition"] = content_disposition_header(False, printed.name) or ""
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "private, no-store"
        return response


@dataclass(frozen=True)
class Period:
    """The days asked for, both included; ``problem`` where they were wrong and the month so far is shown instead."""

    since: dt.date
    until: dt.date
    problem: str = ""

    def __str__(self) -> str:
        return f"{self.since} 至 {self.until}"

    @classmethod
    def of(cls, request: HttpRequest, today: dt.date) -> Period:
        month = cls(today.replace(day=1), today)
        since, until = asked(request, "since"), asked(request, "until")
        try:
            first = dt.date.fromisoformat(since) if since else None
            last = dt.date.fromisoformat(until) if until else None
        except ValueError:
            return cls(month.since, month.until, "日期写成 2026-11-24 的样子；下面是本月至今的统计。")
        first, last = first or (last.replace(day=1) if last else month.since), last or max(today, first or today)
        if not dt.date(2000, 1, 1) <= first <= last < dt.date(2100, 1, 1):
            return cls(month.since, month.until, "开始日期须不晚于结束日期；下面是本月至今的统计。")
        return cls(first, last)


class StatisticsView(ScopedView):
    """检查统计 of a period by town, with what each column counts; made to be printed."""

    template_name = "inspections/statistics.html"
    roles = SUPERVISING

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = clock.today()
        period = Period.of(self.request, today)
        *lines, total = by_town(signed_in(self.request), period.since, period.until)
        active = sum(line.counts.visits > 0 for line in lines)
        return super().get_context_data(
            period=period,
            lines=[(line.name, astuple(line.counts)) for line in lines],
            total=astuple(total.counts),
            counts=total.counts,
            groups=_groups(),
            columns=[column for column, _, _ in COLUMNS.values()],
            definitions=[(column, words) for column, _, words in COLUMNS.values()],
            is_empty=not total.counts.visits,
            heading=f"{period}：检查 {total.counts.visits} 家次，查实问题 {total.counts.problems} 个",
            lead=f"{len(lines)} 个镇街中 {active} 个开展了检查。只统计已归档的检查，更正中的按已归档的一版。",
            spans=_spans(today),
            asked_at=clock.now(),
            **kwargs,
        )


class StatisticsCsvView(ScopedView):
    """The same table as CSV, with the same period and scope."""

    roles = SUPERVISING

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        period = Period.of(request, clock.today())
        if period.problem:
            return HttpResponse(f"没有导出：{period.problem.split('；')[0]}。", status=400, content_type=_PLAIN)
        head = ["开始日期", "结束日期", "镇街", *(column for column, _, _ in COLUMNS.values())]
        lines = by_town(signed_in(request), period.since, period.until)
        rows = [(period.since, period.until, line.name, *astuple(line.counts)) for line in lines]
        return csv_response(f"检查统计_{period.since}_{period.until}.csv", head, rows)


def _groups() -> list[dict[str, Any]]:
    """Heads over the columns: ``columns`` empty where one column stands for itself over both rows of the head."""
    found: dict[str, list[str]] = {}
    for column, group, _ in COLUMNS.values():
        found.setdefault(group, []).append(column)
    return [{"name": name, "columns": columns if columns != [name] else []} for name, columns in found.items()]


def _spans(today: dt.date) -> list[dict[str, Any]]:
    """Periods that are asked for again and again."""
    month = today.replace(day=1)
    before = month - dt.timedelta(days=1)
    return [
        {"label": "本月", "since": month, "until": today},
        {"label": "上月", "since": before.replace(day=1), "until": before},
        {"label": "近 90 天", "since": today - dt.timedelta(days=89), "until": today},
        {"label": "本年", "since": today.replace(month=1, day=1), "until": today},
    ]
