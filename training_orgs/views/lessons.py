"""课时确认: the lessons of one order, which its parents confirm by a signed link. Open to whoever holds the link."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.generic import TemplateView

from shuangjian.accounts import lockout
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput
from shuangjian.core.origin import current
from training_orgs.models import Consumption, FeeOrder
from training_orgs.services import lesson_links

#: Confirmations from one address within lockout.WINDOW: a family needs a few, guessing at links gets nowhere anyway.
MOST_ACTS = 60
_LONGEST_KEY = 18


class LessonsView(TemplateView):
    """Open lessons to tick, and below them those confirmed; nothing else of the order's pupil is known here."""

    template_name = "training_orgs/lessons.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        order = self._order()
        rows = Consumption.objects.filter(line__order=order).select_related("line__course").order_by("-day", "pk")
        lessons = list(rows)
        return super().get_context_data(
            order=order,
            waiting=[each for each in lessons if each.confirmed_on is None],
            confirmed=[each for each in lessons if each.confirmed_on is not None],
            silent_after=lesson_links.silent_workdays(clock.today()),
            done=self.request.GET.get("done", "")[:4],
            **kwargs,
        )

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        order, now = self._order(), clock.now()
        if not lockout.admit("lessons", current().ip, MOST_ACTS, now):
            minutes = int(lockout.WINDOW.total_seconds() // 60)
            return self._refused(429, f"这个网络地址提交得太频繁，请 {minutes} 分钟后再试。")
        keys = [int(key) for key in request.POST.getlist("lesson") if key.isdecimal() and len(key) <= _LONGEST_KEY]
        try:
            count = lesson_links.confirm_lessons(order, keys, today=clock.today())
        except InvalidInput as refused:
            return self._refused(422, refused.problems[0].message)
        return redirect(f"{request.path}?done={count}")

    def render_to_response(self, context: dict[str, Any], **response_kwargs: Any) -> HttpResponse:
        answer = super().render_to_response(context, **response_kwargs)
        answer["Cache-Control"] = "no-store"  # a phone that is passed on must not show it again
        # The address is the key: no other site learns it. "no-referrer" would take the form's own origin too.
        answer["Referrer-Policy"] = "same-origin"
        answer["X-Robots-Tag"] = "noindex"
        return answer

    def _order(self) -> FeeOrder:
        try:
            return lesson_links.order_of(self.kwargs["token"], clock.today())
        except ObjectDoesNotExist:
            raise Http404 from None

    def _refused(self, status: int, words: str) -> HttpResponse:
        return self.render_to_response(self.get_context_data(refused=words), status=status)
