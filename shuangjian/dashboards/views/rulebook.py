"""规则手册 and 指引落实一览: what is judged, by which standard, on the ground of which clause."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from shuangjian.core import clock
from shuangjian.core.views import ScopedView
from shuangjian.dashboards.selectors import rulebook
from shuangjian.dashboards.selectors.jurisdiction import READERS
from shuangjian.dashboards.views.asked import asked
from shuangjian.rules.declare import find_rule


class RulebookView(ScopedView):
    """规则手册: every rule, by domain."""

    template_name = "dashboards/rulebook.html"
    roles = READERS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        entries = rulebook.rule_entries(clock.today(), rulebook.department_names())
        return super().get_context_data(
            domains=rulebook.by_domain(entries),
            total=len(entries),
            open_total=sum(entry.is_open for entry in entries),
            **kwargs,
        )


class RuleView(ScopedView):
    """One rule with its standards, clauses and case table."""

    template_name = "dashboards/rule.html"
    roles = READERS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rule = find_rule(self.kwargs["code"])
        if rule is None:
            raise Http404("没有这条规则。")
        return super().get_context_data(
            entry=rulebook.rule_entry(rule, clock.today(), rulebook.department_names()),
            cases=rulebook.rule_cases(rule.cases_file, rule.unit),
            **kwargs,
        )


class ClausesView(ScopedView):
    """指引落实一览: every clause, how it is carried out, and the rules that watch it."""

    template_name = "dashboards/clauses.html"
    roles = READERS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        entries = rulebook.clause_entries(rulebook.department_names())
        fate = asked(self.request, "fate")
        shown = [entry for entry in entries if fate not in rulebook.FATES or fate in entry.clause.fates]
        options = [
            {"value": key, "label": label, "count": sum(key in entry.clause.fates for entry in entries)}
            for key, (label, _) in rulebook.FATES.items()
        ]
        return super().get_context_data(
            sections=rulebook.by_section(shown),
            total=len(entries),
            watched=sum(bool(entry.rules) for entry in entries),
            filters=[{"label": "落实方式", "param": "fate", "value": fate, "options": options}],
            **kwargs,
        )
