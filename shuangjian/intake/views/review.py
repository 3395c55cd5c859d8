"""周报审核: what waits for the town, the centre or the bureau; clean returns together; corrections after the lock."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from shuangjian.accounts.models import RoleKind
from shuangjian.accounts.requests import signed_in
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput, Refused
from shuangjian.core.views import ScopedView
from shuangjian.core.weeks import Week
from shuangjian.intake import review, review_many
from shuangjian.intake.models import ReopenRequest, WeeklyReturn
from shuangjian.intake.review_list import GROUPS, ReviewRow, pending_requests, review_rows, waiting_weeks

ALL = "all"
PAGE_SIZE = 50
_MOST_NAMED = 5
_LAST_MINUTE = 23 * 60 + 59
State = WeeklyReturn.State

#: What each group's tick boxes do.
_BULK = {State.SUBMITTED.value: review.APPROVE, State.APPROVED.value: review.ACCEPT}


class ReviewView(ScopedView):
    """The units of a week by state of review; ticked clean ones are approved or accepted together."""

    template_name = "intake/review.html"
    roles = frozenset({RoleKind.TOWN, RoleKind.CENTRE, RoleKind.BUREAU})

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = signed_in(self.request)
        is_bureau = user.role_kind == RoleKind.BUREAU
        waiting = waiting_weeks(user, [State.APPROVED, State.SUBMITTED] if is_bureau else [State.SUBMITTED])
        week = self._week(waiting)
        every = review_rows(user, week)
        counts = Counter(row.group for row in every)
        group, town = self._group(is_bureau, counts), self.request.GET.get("town", "")
        rows = [row for row in every if group in (ALL, row.group) and town in ("", _town_code(row))]
        act = _BULK.get(group)
        can_tick = act is not None and user.may_write and act.is_open_to(user, group)
        page = Paginator(rows, PAGE_SIZE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            week=week,
            waiting=[(each, each.label.partition("（")[0], count) for each, count in waiting],
            groups=[{"value": key, "label": label, "count": counts[key]} for key, label in GROUPS.items()],
            group=group,
            total=len(every),
            to_approve=counts[State.SUBMITTED.value],
            to_accept=counts[State.APPROVED.value],
            is_bureau=is_bureau,
            is_town=user.role_kind == RoleKind.TOWN,
            page_obj=page,
            act=act if can_tick else None,
            clean=sum(not row.doubts for row in page) if can_tick else 0,
            filters=_town_filter(every, town) if user.role_kind != RoleKind.TOWN else [],
            requests=pending_requests(user) if is_bureau else [],
            can_decide=is_bureau and user.may_write,
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Approve or accept what was ticked, and name what was left and why."""
        user = signed_in(request)
        act = {each.name: each for each in _BULK.values()}.get(request.POST.get("act", ""))
        ticked = _ticked(request.POST.getlist("return"))
        in_scope = set(self.scoped(WeeklyReturn.objects.filter(pk__in=ticked)).values_list("pk", flat=True))
        seen = {pk: version for pk, version in ticked.items() if pk in in_scope}
        if act is None or not seen or not user.may_write:
            messages.warning(request, "没有选中周报，没有办理。请先勾选，再点按钮。")
            return redirect(request.get_full_path())
        done, left = review_many.advance_clean_returns(act, seen, actor=user, now=clock.now())
        if done:
            messages.success(request, f"已{act.verb} {len(done)} 份周报。")
        for each in left[:_MOST_NAMED]:
            messages.warning(request, f"{each.weekly_return.institution.name}：{each.why}")
        if len(left) > _MOST_NAMED:
            messages.warning(request, f"另有 {len(left) - _MOST_NAMED} 份没有{act.verb}，请逐份打开。")
        return redirect(request.get_full_path())

    def _week(self, waiting: list[tuple[Week, int]]) -> Week:
        """The week asked for; else the newest in which something waits; else the last one."""
        try:
            return Week.parse(self.request.GET.get("week", ""))
        except ValueError:  # nothing, or no such week, was asked for
            return waiting[0][0] if waiting else Week.of(clock.today()).plus(-1)

    def _group(self, is_bureau: bool, counts: Counter[str]) -> str:
        """The group asked for; else what waits for this reader."""
        asked = self.request.GET.get("state", "")
        if asked == ALL or asked in GROUPS:
            return asked
        accepts = is_bureau and (counts[State.APPROVED] or not counts[State.SUBMITTED])
        return (State.APPROVED if accepts else State.SUBMITTED).value


class DecideView(ReviewView):
    """The bureau decides on a correction; a refused decision comes back with what was typed, on the list."""

    http_method_names = ["post"]
    roles = frozenset({RoleKind.BUREAU})

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wanted = cast(
            ReopenRequest,
            self.get_scoped_or_404(ReopenRequest.objects.select_related("weekly_return__institution"), pk=kwargs["pk"]),
        )
        try:
            self.decide(wanted)
        except Refused as refused:
            wrong = refused.problems[0].message if isinstance(refused, InvalidInput) else refused.message
            context = self.get_context_data(
                decide_error=wrong,
                decide_id=wanted.pk,
                answer=request.POST.get("answer", ""),
                days=request.POST.get("days", ""),
            )
            return self.render_to_response(context, status=refused.status)
        weekly_return = wanted.weekly_return
        if request.POST.get("back") == "return":
            return redirect("return", code=weekly_return.institution.code, week=weekly_return.week_key)
        return redirect("returns_review")

    def decide(self, wanted: ReopenRequest) -> None:
        """Do it, or raise Refused."""
        raise NotImplementedError


class GrantView(DecideView):
    """同意更正 until the end of a day, 1 to 14 days from now."""

    def decide(self, wanted: ReopenRequest) -> None:
        now, typed = clock.now(), self.request.POST.get("days", "").strip()
        days = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 0
        until = clock.at(now.date() + dt.timedelta(days=days), _LAST_MINUTE)
        answer = self.request.POST.get("answer", "")
        review.grant_reopen(wanted.pk, actor=signed_in(self.request), now=now, until=until, answer=answer)
        name = wanted.weekly_return.institution.name
        messages.success(self.request, f"已同意{name}更正，期限至 {until:%Y-%m-%d %H:%M}。")


class RefuseView(DecideView):
    """不同意更正, with an answer."""

    def decide(self, wanted: ReopenRequest) -> None:
        answer = self.request.POST.get("answer", "")
        review.refuse_reopen(wanted.pk, actor=signed_in(self.request), now=clock.now(), answer=answer)
        messages.success(self.request, f"已答复{wanted.weekly_return.institution.name}：不同意更正。")


def _ticked(values: list[str]) -> dict[int, int]:
    """``12:2`` (return, version shown) as numbers; whatever is no such pair is left out."""
    pairs = (value.partition(":") for value in values[: review_many.MOST_AT_ONCE])
    return {
        int(pk): int(version)
        for pk, _, version in pairs
        if all(each.isascii() and each.isdigit() and len(each) < 10 for each in (pk, version))
    }


def _town_code(row: ReviewRow) -> str:
    return row.unit.town.code if row.unit.town else "none"


def _town_filter(rows: list[ReviewRow], town: str) -> list[dict[str, Any]]:
    """The towns of these rows with their counts."""
    counts = Counter(_town_code(row) for row in rows)
    names = {_town_code(row): row.unit.town.name if row.unit.town else "镇街待核实" for row in rows}
    options = [{"value": code, "label": name, "count": counts[code]} for code, name in names.items()]
    return [{"label": "镇街", "param": "town", "value": town, "options": options}] if len(options) > 1 else []
