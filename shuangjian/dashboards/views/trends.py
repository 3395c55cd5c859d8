"""监测分析: ranking, heat grid, rules over the weeks, filing over the weeks; each a page that answers one question."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any, ClassVar

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest
from django.urls import reverse

from shuangjian.accounts.requests import signed_in
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.choices import Stage
from shuangjian.dashboards.selectors import trends_filing, trends_heat, trends_ranking, trends_rules
from shuangjian.dashboards.selectors.jurisdiction import SUPERVISORS
from shuangjian.dashboards.selectors.trends_scope import AREA_WORDS, CENTRE, TOWN, UNIT, Asked, Scope
from shuangjian.dashboards.views.asked import asked
from shuangjian.dashboards.views.kept import KeptView
from shuangjian.rules.declare import Rule, Source, all_rules

PAGE_SIZE = 40
TABS = {"trends": "排名", "trends_heat": "热力图", "trends_rules": "规则走势", "trends_filing": "填报率"}


class TrendsView(KeptView):
    """What the four pages share: who may look, the filters, and why there may be nothing to show."""

    roles = SUPERVISORS
    tab: ClassVar[str]
    #: Filters that mean nothing on the page are not offered.
    has_rule_filter: ClassVar[bool] = True
    compares: ClassVar[bool] = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        scope = scope_of(self.request)
        if not scope.is_visible:
            raise Http404
        own = self.figures(scope) if scope.units and scope.weeks else {}
        return super().get_context_data(
            scope=scope,
            tabs=[
                {"name": name, "label": label, "url": scope.asked.address(name), "here": name == self.tab}
                for name, label in TABS.items()
            ],
            empty=_empty(scope),
            filters=[
                *_filters(scope, with_rules=self.has_rule_filter, compares=self.compares),
                *own.pop("filters", []),
            ],
            chips=_chips(scope),
            back=_back(scope, self.tab),
            **own,
            **kwargs,
        )

    def figures(self, scope: Scope) -> dict[str, Any]:
        """The page's own context; ``filters`` of it are added to those that all pages have."""
        raise NotImplementedError


class TrendsRankingView(TrendsView):
    """排名: towns, centres or units, by a share or a density, with the denominator beside it."""

    template_name = "dashboards/trends.html"
    tab = "trends"

    def figures(self, scope: Scope) -> dict[str, Any]:
        found = trends_ranking.ranking(scope, measure=asked(self.request, "measure"), span=asked(self.request, "span"))
        measures = dict(trends_ranking.MEASURES)
        if scope.rule and scope.rule.source is Source.REGISTER:
            del measures[trends_ranking.DENSITY]  # a missing return has no class-days
        return {
            "found": found,
            "page_obj": Paginator(found.lines, PAGE_SIZE).get_page(asked(self.request, "page")),
            "noun": "所" if scope.by == UNIT else "个",
            "headline": trends_ranking.headline(found),
            "chart": trends_ranking.ranking_chart(found),
            "filters": [
                _choice("口径", "measure", found.measure, measures),
                _choice("时段", "span", found.span, trends_ranking.SPANS),
            ],
        }


class TrendsHeatView(TrendsView):
    """热力图: units (or towns) × weeks of the term."""

    template_name = "dashboards/trends_heat.html"
    tab = "trends_heat"

    def figures(self, scope: Scope) -> dict[str, Any]:
        grid = trends_heat.heat_grid(scope, sort=asked(self.request, "sort"))
        page_obj = Paginator(grid.lines, PAGE_SIZE).get_page(asked(self.request, "page"))
        lines = list(page_obj.object_list)
        return {
            "grid": grid,
            "headline": trends_heat.headline(grid),
            "page_obj": page_obj,
            "lines": lines,
            "chart": trends_heat.heat_chart(grid, lines),
            "noun": "所" if not grid.is_areas else "个",
            "filters": [_choice("排序", "sort", grid.sort, trends_heat.SORTS)],
        }


class TrendsRulesView(TrendsView):
    """规则走势: findings by rule over the weeks, with markers where standards or the calendar changed."""

    template_name = "dashboards/trends_rules.html"
    tab = "trends_rules"
    compares = False

    def figures(self, scope: Scope) -> dict[str, Any]:
        trends = trends_rules.rule_trends(scope)
        return {
            "trends": trends,
            "headline": trends_rules.headline(trends),
            "chart": trends_rules.rules_chart(trends),
        }


class TrendsFilingView(TrendsView):
    """填报率: expected, filed, on time and complete by week and by town."""

    template_name = "dashboards/trends_filing.html"
    tab = "trends_filing"
    has_rule_filter = False

    def figures(self, scope: Scope) -> dict[str, Any]:
        trend = trends_filing.filing_trend(scope)
        return {
            "trend": trend,
            "headline": trends_filing.headline(trend),
            "chart": trends_filing.week_chart(trend),
            "area_chart": trends_filing.area_chart(trend),
        }


class TrendsGlanceView(KeptView):
    """Two small figures that the home fetches after it has been shown."""

    template_name = "dashboards/trends_glance.html"
    roles = SUPERVISORS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        scope = Scope.of(signed_in(self.request), clock.now(), Asked())
        charts = []
        if scope.units and scope.weeks:
            charts = [
                trends_filing.week_chart(trends_filing.filing_trend(scope)),
                trends_rules.rules_chart(trends_rules.rule_trends(scope)),
            ]
        return super().get_context_data(charts=[chart for chart in charts if chart], scope=scope, **kwargs)


def scope_of(request: HttpRequest) -> Scope:
    """What the address asks for, narrowed to what the reader may see."""
    names = ("term", "rule", "stage", TOWN, CENTRE, "by")
    wanted = Asked(**{name: asked(request, name) for name in names})
    return Scope.of(signed_in(request), clock.now(), wanted)


def _empty(scope: Scope) -> dict[str, str]:
    """Why there is nothing to show, and what to do next; {} where there is something."""
    if not scope.visible:
        why = "学校目录由区教育局导入；镇街待核实的学校暂由区教育局和教育指导中心查看。"
        return {"title": "管辖范围内还没有学校", "why": why, "icon": "building"}
    if not scope.units:
        why = "所选镇街或中心没有设这一学段的学校。"
        url = replace(scope.asked, stage="").address("trends")
        return {
            "title": "没有符合条件的学校",
            "why": why,
            "icon": "search",
            "action": "查看全部学段",
            "action_url": url,
        }
    if not scope.weeks:
        why = "学期和假期在校历中设置；设置后，每周自动生成应报任务。"
        return {
            "title": "还没有开始的学期",
            "why": why,
            "icon": "calendar3",
            "action": "查看校历",
            "action_url": reverse("calendar"),
        }
    return {}


def _filters(scope: Scope, *, with_rules: bool, compares: bool) -> list[dict[str, Any]]:
    filters: list[dict[str, Any]] = []
    if len(scope.terms) > 1:
        filters.append(
            {
                "label": "学期",
                "param": "term",
                "value": scope.term.key if scope.term else "",
                "options": [{"value": term.key, "label": term.label} for term in scope.terms],
                "has_no_all": True,
            }
        )
    if compares and len(scope.kinds) > 1:
        filters.append(_choice("比较", "by", scope.by, {kind: AREA_WORDS[kind] for kind in scope.kinds}))
    stages = Counter(stage for unit in scope.visible for stage in unit.stages)
    if len(stages) > 1:
        options = [{"value": s.value, "label": f"有{s.label}的学校", "count": stages[s.value]} for s in Stage]
        filters.append({"label": "学段", "param": "stage", "value": scope.asked.stage, "options": options})
    if with_rules:
        rules = [{"value": rule.code, "label": f"{rule.code} {rule.title}"} for rule in _of_schools()]
        value = scope.rule.code if scope.rule else ""
        filters.append({"label": "规则", "param": "rule", "value": value, "options": rules})
    return filters


def _of_schools() -> list[Rule]:
    """Rules that can concern a unit of these pages."""
    return [rule for rule in all_rules() if rule.applies_to(Institution.Kind.SCHOOL, Stage.values)]


def _choice(label: str, param: str, value: str, options: dict[str, str]) -> dict[str, Any]:
    """One of a few, of which one always holds."""
    listed = [{"value": key, "label": words} for key, words in options.items()]
    return {"label": label, "param": param, "value": value, "options": listed, "has_no_all": True}


def _chips(scope: Scope) -> list[dict[str, str]]:
    chips = []
    if scope.asked.town:
        chips.append({"label": scope.place, "param": TOWN})
    elif scope.asked.centre:
        chips.append({"label": scope.place, "param": CENTRE})
    return chips


def _back(scope: Scope, tab: str) -> dict[str, str]:
    """The step up from a town or centre to what it was chosen from."""
    if not (scope.asked.town or scope.asked.centre):
        return {}
    return {"label": "返回全部", "url": replace(scope.asked, town="", centre="", by="").address(tab)}
