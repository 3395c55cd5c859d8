"""填报情况: the week's filings by town and unit, one unit's over the term, and both as CSV."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse

from shuangjian.accounts.models import RoleKind, User
from shuangjian.accounts.requests import signed_in
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.choices import FilingState
from shuangjian.core.csv_file import csv_response
from shuangjian.core.views import ScopedView
from shuangjian.core.weeks import Week
from shuangjian.dashboards.selectors import filings as selectors
from shuangjian.dashboards.selectors.filings import AreaLine, FilingLine
from shuangjian.dashboards.selectors.jurisdiction import OF_SCHOOLS, READERS, SUPERVISORS
from shuangjian.dashboards.selectors.overview import FilingStats, filing_stats
from shuangjian.dashboards.selectors.unit_page import unit_trail
from shuangjian.dashboards.selectors.units import NO_TOWN
from shuangjian.dashboards.selectors.weeks import chosen_week, short_label
from shuangjian.dashboards.views.asked import asked
from shuangjian.dashboards.views.kept import KeptView
from shuangjian.intake.review_list import waiting_words

PAGE_SIZE = 50
ALL, UNFILED, INCOMPLETE = "all", "unfiled", "incomplete"
TOWN, CENTRE = "town", "centre"
#: Who sees units of several towns, and of whom the bureau alone those of several centres.
_SEVERAL_TOWNS = frozenset({RoleKind.BUREAU, RoleKind.CENTRE})
_AREA_WORDS = {TOWN: "镇街", CENTRE: "教育指导中心"}
_STATE_WORDS = {FilingState.ON_TIME: "按时"}
_STATES: dict[str, tuple[str, Callable[[FilingLine], bool]]] = {
    UNFILED: ("待报", lambda line: not line.is_filed),
    ALL: ("全部应报", lambda line: True),
    INCOMPLETE: ("已报不完整", lambda line: line.lacks_days),
}


@dataclass(frozen=True)
class Wanted:
    """What an address asks for: the week, the areas' kind, and which of the week's filings."""

    user: User
    now: dt.datetime
    week: Week
    by: str
    town: str
    centre: str
    state: str
    word: str

    @classmethod
    def of(cls, request: HttpRequest) -> Wanted:
        user, now, state = signed_in(request), clock.now(), asked(request, "state")
        sees_centres = user.role_kind == RoleKind.BUREAU
        return cls(
            user=user,
            now=now,
            week=chosen_week(asked(request, "week"), user, now.date()),
            by=CENTRE if sees_centres and asked(request, "by") == CENTRE else TOWN,
            town=asked(request, TOWN) if user.role_kind in _SEVERAL_TOWNS else "",
            centre=asked(request, CENTRE) if sees_centres else "",
            state=state if state in _STATES or state in FilingState.values else UNFILED,
            word=asked(request, "q"),
        )

    @cached_property
    def every(self) -> list[FilingLine]:
        """All filings of the week in the jurisdiction."""
        return selectors.filing_lines(self.user, self.week, self.now)

    @cached_property
    def in_area(self) -> list[FilingLine]:
        """Those of the town and centre asked for, whose name or code holds the word."""
        return [
            line
            for line in self.every
            if _is(line.unit.town, self.town)
            and _is(line.unit.centre, self.centre)
            and (not self.word or self.word in line.unit.name or self.word in line.unit.code)
        ]

    @cached_property
    def lines(self) -> list[FilingLine]:
        if self.state in _STATES:
            holds = _STATES[self.state][1]
            return [line for line in self.in_area if holds(line)]
        return [line for line in self.in_area if line.state == self.state]

    @cached_property
    def areas(self) -> list[AreaLine]:
        """Towns or centres; [] for whoever sees one town only."""
        if self.user.role_kind not in _SEVERAL_TOWNS:
            return []
        return selectors.area_lines(self.user, self.week, self.now, self.every, by=self.by)


class FilingsView(KeptView):
    """填报情况 of one week: the jurisdiction, its towns, its units; who has not filed, and how often before."""

    template_name = "dashboards/filings.html"
    roles = OF_SCHOOLS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        wanted = Wanted.of(self.request)
        now = wanted.now
        stats = filing_stats(wanted.user, wanted.week, now)
        supervises = wanted.user.role_kind in SUPERVISORS
        return super().get_context_data(
            week=wanted.week,
            week_name=short_label(wanted.week),
            filing=stats,
            figures=_figures(stats, wanted.week),
            is_due=stats.is_due(now),
            unfiled_total=sum(not line.is_filed for line in wanted.every),
            returned_total=sum(line.state == FilingState.RETURNED for line in wanted.every),
            areas=wanted.areas,
            by=wanted.by,
            area_word=_AREA_WORDS[wanted.by],
            may_switch=wanted.user.role_kind == RoleKind.BUREAU,
            place=_place(wanted),
            trend=selectors.term_trend(wanted.user, wanted.week, now) if supervises else None,
            supervises=supervises,
            waiting=waiting_words(wanted.user) if supervises else "",
            states=_state_options(wanted.in_area),
            state=wanted.state,
            query=wanted.word,
            page_obj=Paginator(wanted.lines, PAGE_SIZE).get_page(asked(self.request, "page")),
            filters=_filters(wanted),
            chips=[{"label": f"学校含“{wanted.word}”", "param": "q"}] if wanted.word else [],
            **kwargs,
        )


class FilingsExportView(ScopedView):
    """The list of units, or with ``rows=areas`` the counts of towns (centres), as CSV; the page's scope and filters."""

    roles = OF_SCHOOLS

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wanted = Wanted.of(request)
        if asked(request, "rows") == "areas":
            return self._areas(wanted)
        head = [
            "周次", "学校代码", "学校", "镇街", "教育指导中心", "状态", "是否完整", "上课日数", "截止时间", "首次提交",
            "近8周未报次数", "近8周迟报次数",
        ]  # fmt: skip
        rows = [
            (
                wanted.week.key,
                line.unit.code,
                line.unit.name,
                line.town_name,
                line.centre_name,
                str(line.state.label),
                "" if line.state in (FilingState.PENDING, FilingState.MISSING) else "是" if line.is_complete else "否",
                line.school_days,
                _plain(line.due_at),
                _plain(line.filed_at) if line.filed_at else None,
                line.missed,
                line.late,
            )
            for line in wanted.lines
        ]
        return csv_response(f"填报情况-{wanted.week.key}.csv", head, rows)

    def _areas(self, wanted: Wanted) -> HttpResponse:
        head = ["周次", _AREA_WORDS[wanted.by], "应报", "已报", "按时", "迟报", "完整", "未报", "未到期"]
        total = filing_stats(wanted.user, wanted.week, wanted.now)
        named = [*((area.name, area.counts) for area in wanted.areas), ("合计", total)]
        rows = [(wanted.week.key, name, *counts.as_dict().values()) for name, counts in named]
        return csv_response(f"填报汇总-{wanted.week.key}.csv", head, rows)


class UnitFilingsView(ScopedView):
    """One unit's returns over the term's weeks, also those in which it owed none."""

    template_name = "dashboards/filings_unit.html"
    roles = READERS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, now = signed_in(self.request), clock.now()
        schools = Institution.objects.filter(kind=Institution.Kind.SCHOOL).select_related("town", "centre")
        unit = cast(Institution, self.get_scoped_or_404(schools, code=self.kwargs["code"]))
        week = chosen_week(asked(self.request, "week"), user, now.date())
        weeks = selectors.unit_weeks(unit, week, now)
        lines = [each.line for each in weeks if each.line]
        states = Counter(line.state for line in lines)
        return super().get_context_data(
            unit=unit,
            week=week,
            weeks=weeks,
            owed=len(lines),
            on_time=states[FilingState.ON_TIME],
            late=states[FilingState.LATE],
            missing=states[FilingState.MISSING],
            withdrawn=states[FilingState.WITHDRAWN],
            returned=states[FilingState.RETURNED],
            incomplete=sum(line.lacks_days for line in lines),
            is_active=unit.status == Institution.Status.ACTIVE,
            may_file=user.role_kind == RoleKind.SCHOOL,
            scope_trail=unit_trail(user, unit),
            **kwargs,
        )


def _is(area: Any, code: str) -> bool:
    """Whether that is the area of the code; "none" asks for units without one."""
    if not code:
        return True
    return area is None if code == selectors.UNCONFIRMED else area is not None and area.code == code


def _place(wanted: Wanted) -> str:
    """Name of the area that the list is narrowed to; "" for the whole jurisdiction."""
    for word, code in ((TOWN, wanted.town), (CENTRE, wanted.centre)):
        if code == selectors.UNCONFIRMED:
            return NO_TOWN if word == TOWN else selectors.NO_CENTRE
        if code:
            found = (getattr(line.unit, word) for line in wanted.every if getattr(line.unit, word))
            return next((area.name for area in found if area.code == code), "")
    return ""


def _figures(stats: FilingStats, week: Week) -> list[dict[str, Any]]:
    """The jurisdiction's line."""
    address = f"?week={week.key}&state="
    return [
        _figure("应报", stats.expected, "有上课日的学校", f"{address}{ALL}"),
        _figure("已报", stats.filed, _share("报送率", stats.filed_rate), f"{address}{ALL}"),
        _figure("按时", stats.on_time, _share("按时率", stats.on_time_rate), f"{address}{FilingState.ON_TIME}"),
        _figure("迟报", stats.late, "截止后首次提交", f"{address}{FilingState.LATE}"),
        _figure("完整", stats.complete, _share("完整率", stats.complete_rate), f"{address}{INCOMPLETE}"),
        _figure("未报", stats.missing, f"未到期 {stats.pending} 所", f"{address}{UNFILED}", alarms=True),
    ]


def _figure(label: str, value: int, note: str, url: str, *, alarms: bool = False) -> dict[str, Any]:
    sign = "sign--violation" if alarms and value else ""
    return {"label": label, "value": value, "unit": "所", "note": note, "url": url, "sign_class": sign}


def _plain(instant: dt.datetime) -> str:
    """As a spreadsheet reads an instant: 2026-11-09 18:00."""
    return f"{clock.local(instant):%Y-%m-%d %H:%M}"


def _share(name: str, rate: int | None) -> str:
    return "" if rate is None else f"{name} {rate}%"


def _state_options(lines: Sequence[FilingLine]) -> list[dict[str, Any]]:
    counts = Counter(str(line.state) for line in lines)
    options = [
        {"value": value, "label": label, "count": sum(holds(line) for line in lines)}
        for value, (label, holds) in _STATES.items()
    ]
    # Beside 已报 of the figures, which holds the late ones too, what came in time needs its own word.
    options += [
        {"value": each.value, "label": _STATE_WORDS.get(each, each.label), "count": counts[each.value]}
        for each in FilingState
    ]
    return [option for option in options if option["count"] or option["value"] in (UNFILED, ALL)]


def _filters(wanted: Wanted) -> list[dict[str, Any]]:
    filters = []
    if wanted.user.role_kind in _SEVERAL_TOWNS:
        filters.append(_area_filter(wanted, TOWN, wanted.town, NO_TOWN))
    if wanted.centre:
        filters.append(_area_filter(wanted, CENTRE, wanted.centre, selectors.NO_CENTRE))
    return filters


def _area_filter(wanted: Wanted, word: str, code: str, nameless: str) -> dict[str, Any]:
    counts = Counter(getattr(line.unit, word) for line in wanted.every)
    named = sorted((area for area in counts if area), key=lambda area: area.pinyin)
    options = [{"value": area.code, "label": area.name, "count": counts[area]} for area in named]
    if counts[None]:
        options.append({"value": selectors.UNCONFIRMED, "label": nameless, "count": counts[None]})
    return {"label": _AREA_WORDS[word], "param": word, "value": code, "options": options}
