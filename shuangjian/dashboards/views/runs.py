"""比对记录: the log of runs, one run by town and rule, its receipt as it fills, and runs that the bureau starts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from shuangjian.accounts.models import RoleKind
from shuangjian.accounts.requests import signed_in
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput
from shuangjian.core.views import ScopedView
from shuangjian.dashboards.selectors.runs import RUN_READERS, RunLine, run_line, runs_of
from shuangjian.dashboards.views.asked import asked
from shuangjian.journal.models import Run
from shuangjian.rules import sweep
from shuangjian.rules.declare import all_rules

PAGE_SIZE = 30
_BUREAU = frozenset({RoleKind.BUREAU})
#: Who sees every part, and so may be told how the machinery does.
_SEES_ALL = frozenset({RoleKind.BUREAU, RoleKind.SYSADMIN})


class RunsView(ScopedView):
    """比对记录: what was judged again, why, and what became of it; and whether the nightly sweep runs at all."""

    template_name = "dashboards/runs.html"
    roles = RUN_READERS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, now, kind = signed_in(self.request), clock.now(), asked(self.request, "kind")
        page = Paginator(runs_of(user, kind=kind), PAGE_SIZE).get_page(asked(self.request, "page"))
        lines = [run_line(run, user, now) for run in page]
        sees_all = user.role_kind in _SEES_ALL
        missed = sweep.missed_sweep(now) if sees_all else None
        options = [{"value": value, "label": label} for value, label in Run.Kind.choices]
        return super().get_context_data(
            page_obj=page,
            lines=lines,
            running=sum(not line.is_finished for line in lines),
            sees_all=sees_all,
            missed_hours=int(missed.total_seconds() // 3600) if missed else None,
            last_sweep=sweep.last_sweep() if sees_all else None,
            may_check=user.role_kind in _BUREAU,
            filters=[{"label": "原因", "param": "kind", "value": kind, "options": options}],
            **kwargs,
        )


class RunPage(ScopedView):
    """One run that touched the reader's units; 404 otherwise."""

    roles = RUN_READERS

    def line(self) -> RunLine:
        user = signed_in(self.request)
        run = runs_of(user).filter(pk=self.kwargs["pk"]).first()
        if run is None:
            raise Http404("没有这条比对记录。")
        return run_line(run, user, clock.now())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(line=self.line(), **kwargs)


class RunView(RunPage):
    """One run: cause, progress, and the receipt by town and rule."""

    template_name = "dashboards/run.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(with_areas=True, **kwargs)


class RunReceiptView(RunPage):
    """The fragment that asks for itself again until the run has finished; ``areas`` adds the table by town."""

    template_name = "dashboards/_run_receipt.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(with_areas=asked(self.request, "areas") == "1", **kwargs)


class CheckForm(forms.Form):
    """Dates and rules of a run. What they hold is checked by the service."""

    since = forms.DateField(label="开始日期", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    until = forms.DateField(
        label="结束日期",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="首日与末日都包括在内，不能晚于今天。",
    )
    rules = forms.MultipleChoiceField(
        label="规则", required=False, widget=forms.CheckboxSelectMultiple, help_text="一条都不选，即为全部规则。"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(rule.code, f"{rule.code} {rule.title}") for rule in all_rules()]
        self.fields["rules"].choices = choices  # type: ignore[attr-defined]


class RunOpenView(ScopedView):
    """立即全面核对: the bureau asks for the whole district to be judged again, now."""

    template_name = "dashboards/run_open.html"
    roles = _BUREAU

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = clock.today()
        kwargs.setdefault("form", CheckForm(initial={"since": sweep.term_start(today), "until": today}))
        return super().get_context_data(**kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        form, status = CheckForm(request.POST), 422
        if form.is_valid():
            asked_for = {**form.cleaned_data, "rules": form.cleaned_data["rules"] or None}
            try:
                run = sweep.open_check(**asked_for, actor=signed_in(request), now=clock.now())
                return redirect("run", pk=run.pk)
            except InvalidInput as refused:
                for problem in refused.problems:
                    form.add_error(problem.path if problem.path in form.fields else None, problem.message)
            except Conflict as conflict:
                form.add_error(None, conflict.message)
                status = 409
        return self.render_to_response(self.get_context_data(form=form), status=status)
