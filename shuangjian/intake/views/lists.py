"""周报列表: the weeks of a term with their states."""

from __future__ import annotations

from typing import Any

from shuangjian.accounts.requests import signed_in
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.views import ScopedView
from shuangjian.core.weeks import Week
from shuangjian.intake.return_list import terms_of, weeks_of
from shuangjian.intake.views.page import is_filer, trail


class ReturnsView(ScopedView):
    """周报列表: the weeks of a term with their states."""

    template_name = "intake/returns.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        institution = self.get_scoped_or_404(
            Institution.objects.all(), code=self.kwargs["code"], kind=Institution.Kind.SCHOOL
        )
        assert isinstance(institution, Institution)
        now = clock.now()
        terms = terms_of(institution, now.date())
        term = next((t for t in terms if t[0] == self.request.GET.get("term")), terms[0] if terms else None)
        rows = weeks_of(institution, term[1], term[2], now) if term else []
        this_week = Week.of(now.date())
        return super().get_context_data(
            institution=institution,
            can_edit=is_filer(signed_in(self.request), institution),
            rows=rows,
            term=term,
            terms=terms,
            this_week=this_week,
            current=next((row for row in rows if row.week == this_week), None),
            to_mend=[row for row in rows if row.must_act],
            scope_trail=trail(institution),
            **kwargs,
        )
