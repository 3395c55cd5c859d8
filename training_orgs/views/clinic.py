"""订单体检: whether one prepaid order is lawful. Open to everybody, without an account."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.generic import TemplateView

from shuangjian.accounts import lockout
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput
from shuangjian.core.origin import current
from training_orgs.clinic import diagnose
from training_orgs.forms.clinic import MOST_LINES, Asked, LineForm, OrderForm

#: Checks from one address within lockout.WINDOW: a family, or an institution with its contracts, needs far fewer.
MOST_CHECKS = 60
_LINE = "line"


def may_check(now: dt.datetime) -> bool:
    """Count one check by the address of this request; False when it has used up its number."""
    return lockout.admit("clinic", current().ip, MOST_CHECKS, now)


class ClinicView(TemplateView):
    """The form, and below it what the order is found to be. Nothing is kept."""

    template_name = "training_orgs/clinic.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("head", OrderForm())
        kwargs.setdefault(
            "lines", [LineForm(prefix=f"{_LINE}{n}", use_required_attribute=False) for n in range(MOST_LINES)]
        )
        return super().get_context_data(**kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        now = clock.now()
        asked = _asked(request)
        shown: dict[str, Any] = {"head": asked.head, "lines": _padded(asked.lines)}
        try:
            order = asked.order()
        except InvalidInput as refused:
            return self._answer(422, has_mistakes=True, mistakes=_placed(refused), **shown)
        if not may_check(now):
            minutes = int(lockout.WINDOW.total_seconds() // 60)
            return self._answer(429, refused=f"这个网络地址检查得太频繁，请 {minutes} 分钟后再试。", **shown)
        return self._answer(200, diagnosis=diagnose(order, now=now), order=order, **shown)

    def _answer(self, status: int, **context: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(**context), status=status)


class _PageAsked(Asked):
    """As asked on the page: lines have prefixes, and those left empty are none."""

    def __init__(self, data: Any) -> None:
        self.head = OrderForm(data)
        lines = [LineForm(data, prefix=f"{_LINE}{n}", use_required_attribute=False) for n in range(MOST_LINES)]
        self.lines = [line for n, line in enumerate(lines) if n == 0 or line.has_changed()]


def _asked(request: HttpRequest) -> Asked:
    return _PageAsked(request.POST)


def _padded(lines: list[LineForm]) -> list[LineForm]:
    """The lines that were filled in, and empty ones up to the most."""
    used = {line.prefix for line in lines}
    empty = (f"{_LINE}{n}" for n in range(MOST_LINES) if f"{_LINE}{n}" not in used)
    return lines + [LineForm(prefix=prefix, use_required_attribute=False) for prefix in empty]


def _placed(refused: InvalidInput) -> list[dict[str, str]]:
    """The problems that no field of the page shows by itself."""
    return [problem.as_dict() for problem in refused.problems if problem.path in ("", "lines")]
