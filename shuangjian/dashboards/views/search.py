"""One box for everything: units, alerts, rules and clauses that hold the word."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from shuangjian.accounts.requests import signed_in
from shuangjian.core import clock
from shuangjian.core.views import ScopedView
from shuangjian.dashboards.selectors.alerts import AlertLine, overdue_first
from shuangjian.dashboards.selectors.jurisdiction import READERS, alerts_of, every_school_of
from shuangjian.dashboards.views.asked import asked
from shuangjian.rules.clauses import all_clauses
from shuangjian.rules.declare import all_rules

_SHOWN = 10


class SearchView(ScopedView):
    """搜索: scope first, then the word; rules and clauses are public to everyone who may read."""

    template_name = "dashboards/search.html"
    roles = READERS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, word = signed_in(self.request), asked(self.request, "q")
        if not word:
            return super().get_context_data(query="", total=0, **kwargs)
        rules = [rule for rule in all_rules() if _holds(word, rule.code, rule.title, rule.sentence)]
        clauses = [each for each in all_clauses().values() if _holds(word, each.id, each.number, each.title, each.text)]
        units = every_school_of(user).filter(
            Q(name__icontains=word) | Q(code__icontains=word) | Q(town__name__icontains=word)
        )
        codes = [rule.code for rule in rules]
        alerts = overdue_first(
            alerts_of(user).filter(Q(institution__name__icontains=word) | Q(rule__in=codes)).unclosed(), clock.today()
        )
        unit_total, alert_total = units.count(), alerts.count()
        return super().get_context_data(
            query=word,
            units=list(units[:_SHOWN]),
            unit_total=unit_total,
            alerts=[AlertLine.of(alert) for alert in alerts[:_SHOWN]],
            alert_total=alert_total,
            rules=rules[:_SHOWN],
            rule_total=len(rules),
            clauses=clauses[:_SHOWN],
            clause_total=len(clauses),
            total=unit_total + alert_total + len(rules) + len(clauses),
            **kwargs,
        )


def _holds(word: str, *texts: str) -> bool:
    return any(word.casefold() in text.casefold() for text in texts)
