"""Units of a week, and one unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from shuangjian.accounts.models import REGISTER_KINDS, RoleKind
from shuangjian.accounts.requests import signed_in
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.choices import FilingState, Outcome
from shuangjian.dashboards.navigation import party_url
from shuangjian.dashboards.selectors import units
from shuangjian.dashboards.selectors.jurisdiction import OF_SCHOOLS, READERS, every_school_of
from shuangjian.dashboards.selectors.unit_page import unit_page
from shuangjian.dashboards.selectors.units import NO_TOWN, UnitRow
from shuangjian.dashboards.selectors.weeks import chosen_week, short_label
from shuangjian.dashboards.views.asked import asked
from shuangjian.dashboards.views.kept import KeptView

PAGE_SIZE = 50
UNCONFIRMED = "none"
NO_DATA = "no_data"
ATTENTION = "attention"
#: Who sees units of several towns, and units whose town is not confirmed.
_SETTLE_TOWNS = frozenset({RoleKind.BUREAU, RoleKind.CENTRE})


def _shows(outcome: Outcome, row: UnitRow) -> bool:
    return row.shown_outcome == outcome


_OUTCOMES: dict[str, tuple[str, Callable[[UnitRow], bool]]] = {
    ATTENTION: ("需要关注", lambda row: row.needs_attention),
    NO_DATA: ("数据不足", lambda row: row.lacks_data),
    **{
        str(outcome.value): (str(outcome.label), partial(_shows, outcome))
        for outcome in (Outcome.SUSPECTED_VIOLATION, Outcome.WARNING, Outcome.COMPLIANT)
    },
}
_SORTS: dict[str, Callable[[UnitRow], Any]] = {
    "name": lambda row: row.unit.pinyin,
    "town": lambda row: (row.unit.town.pinyin if row.unit.town else "", row.unit.pinyin),
    "findings": lambda row: row.open_findings,
    "filing": lambda row: str(row.filing or ""),
}


class UnitsView(KeptView):
    """单位: every unit in scope for a week, worst first, searched and filtered; every filter is in the address."""

    template_name = "dashboards/units.html"
    roles = OF_SCHOOLS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, now = signed_in(self.request), clock.now()
        week = chosen_week(asked(self.request, "week"), user, now.date())
        every = units.unit_rows(user, week, now)
        town, outcome, filing = (asked(self.request, name) for name in ("town", "outcome", "filing"))
        word, sort = asked(self.request, "q"), asked(self.request, "sort")
        rows = [
            row
            for row in every
            if in_town(row, town)
            and (outcome not in _OUTCOMES or _OUTCOMES[outcome][1](row))
            and (filing not in FilingState.values or row.filing == filing)
            and (not word or word in row.unit.name or word in row.unit.code)
        ]
        column = _SORTS.get(sort.removeprefix("-"))
        if column is not None:
            rows.sort(key=column, reverse=sort.startswith("-"))
        filters = [
            {"label": "结果", "param": "outcome", "value": outcome, "options": _outcome_options(every)},
            {"label": "周报", "param": "filing", "value": filing, "options": _filing_options(every)},
        ]
        if user.role_kind in _SETTLE_TOWNS:
            filters.append({"label": "镇街", "param": "town", "value": town, "options": town_options(every)})
        page = Paginator(rows, PAGE_SIZE).get_page(asked(self.request, "page"))
        page.object_list = units.with_worst(user, week, list(page))
        return super().get_context_data(
            week=week,
            week_name=short_label(week),
            page_obj=page,
            total=len(every),
            found=len(rows),
            attention_total=len(units.attention(rows)),
            calm=_calm(every),
            is_filtered=len(rows) != len(every),
            query=word,
            sort=sort,
            filters=filters,
            columns=_columns(sort),
            unconfirmed=sum(row.unit.town is None for row in every) if user.role_kind in _SETTLE_TOWNS else 0,
            **kwargs,
        )


class UnitView(KeptView):
    """One unit, as its school sees it too; a training institution has its page in the register."""

    template_name = "dashboards/unit.html"
    roles = READERS

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().get(request, *args, **kwargs)
        except Http404:
            registered = Institution.objects.filter(kind__in=REGISTER_KINDS)
            unit = cast(Institution, self.get_scoped_or_404(registered, code=kwargs["code"]))
            return redirect(party_url(unit.code))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, now = signed_in(self.request), clock.now()
        unit = cast(Institution, self.get_scoped_or_404(every_school_of(user), code=self.kwargs["code"]))
        week = chosen_week(asked(self.request, "week"), user, now.date())
        return super().get_context_data(**unit_page(user, unit, week, now), **kwargs)


def _calm(rows: Sequence[UnitRow]) -> str:
    """The headline where nobody needs attention: of a school that has not filed yet it is not known."""
    if not rows:
        return "管辖范围内还没有学校"
    if all(row.filing is None for row in rows):
        return "没有应报任务"
    waiting = sum(row.filing == FilingState.PENDING for row in rows)
    if waiting == len(rows):
        return "周报未到期，暂无学校需要关注"
    return f"{len(rows)} 所学校都不需要关注" + (f"，其中 {waiting} 所尚未报送" if waiting else "")


def in_town(row: Any, town: str) -> bool:
    """Whether the row's unit lies in the town of that code; "none" are units whose town is not confirmed."""
    if not town:
        return True
    if town == UNCONFIRMED:
        return row.unit.town is None
    return row.unit.town is not None and row.unit.town.code == town


def town_options(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """The towns of these rows with their counts, by name; unconfirmed ones last."""
    counts = Counter(row.unit.town for row in rows)
    named = sorted((town for town in counts if town), key=lambda town: town.pinyin)
    options: list[dict[str, Any]] = [{"value": town.code, "label": town.name, "count": counts[town]} for town in named]
    if counts[None]:
        options.append({"value": UNCONFIRMED, "label": NO_TOWN, "count": counts[None]})
    return options


def _outcome_options(rows: Sequence[UnitRow]) -> list[dict[str, Any]]:
    return [
        {"value": value, "label": label, "count": sum(holds(row) for row in rows)}
        for value, (label, holds) in _OUTCOMES.items()
    ]


def _filing_options(rows: Sequence[UnitRow]) -> list[dict[str, Any]]:
    return _state_options(Counter(str(row.filing) for row in rows))


def _state_options(counts: Counter[str]) -> list[dict[str, Any]]:
    return [
        {"value": state.value, "label": state.label, "count": counts[state.value]}
        for state in FilingState
        if counts[state.value]
    ]


def _columns(sort: str) -> list[dict[str, Any]]:
    """Heads of the list; a click sorts by the column, a second one turns the order round."""
    heads = [
        ("name", "学校"),
        ("town", "镇街"),
        ("", "结果"),
        ("findings", "疑似问题"),
        ("filing", "周报"),
        ("", "最突出的问题"),
    ]
    columns = []
    for key, label in heads:
        is_down = key in ("findings",)
        now = {key: "ascending", f"-{key}": "descending"}.get(sort, "") if key else ""
        first, second = (f"-{key}", key) if is_down else (key, f"-{key}")
        columns.append(
            {
                "label": label,
                "gives_way": label in ("镇街", "最突出的问题"),
                "sort": (second if sort == first else first) if key else "",
                "aria": now,
            }
        )
    return columns
