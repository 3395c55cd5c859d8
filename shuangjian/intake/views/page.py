"""What the pages about one unit's week share: finding it in scope, and what the page shows."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse

from shuangjian.accounts.models import RoleKind, User
from shuangjian.accounts.requests import signed_in
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.views import ScopedView
from shuangjian.core.weeks import Week
from shuangjian.intake.models import Filing, ReturnVersion, WeeklyReturn
from shuangjian.intake.return_form import MOST_LISTED, ReturnForm
from shuangjian.intake.return_list import due_of, state_of

REVIEWERS = frozenset({RoleKind.TOWN, RoleKind.CENTRE, RoleKind.BUREAU})


def is_filer(user: User, institution: Institution) -> bool:
    """Whether the person fills in this school's returns."""
    return user.role_kind == RoleKind.SCHOOL and user.institution_id == institution.pk and user.may_write


def trail(institution: Institution, week: Week | None = None) -> list[dict[str, str]]:
    trail = [
        {"label": institution.name, "url": reverse("unit", args=[institution.code])},
        {"label": "周报", "url": reverse("returns", args=[institution.code])},
    ]
    return [*trail, {"label": week.label, "url": ""}] if week else trail


class ReturnPage(ScopedView):
    """What the pages about one unit's week share."""

    template_name = "intake/return.html"
    institution: Institution
    week: Week
    weekly_return: WeeklyReturn | None

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if not isinstance(request.user, User):
            return  # dispatch sends the visitor to the login
        institution = self.get_scoped_or_404(
            Institution.objects.select_related("town"), code=kwargs["code"], kind=Institution.Kind.SCHOOL
        )
        assert isinstance(institution, Institution)
        self.institution = institution
        try:
            self.week = Week.parse(kwargs["week"])
        except ValueError as wrong:
            raise Http404(str(wrong)) from None
        self.weekly_return = self.find_return()

    def find_return(self) -> WeeklyReturn | None:
        """The unit's return of the week, or None before anything was saved."""
        found: WeeklyReturn | None = (
            self.scoped(WeeklyReturn.objects.select_related("current_version"))
            .filter(institution=self.institution, week=self.week.monday)
            .first()
        )
        return found

    @property
    def user(self) -> User:
        return signed_in(self.request)

    @property
    def can_edit(self) -> bool:
        return is_filer(self.user, self.institution) and self.closed_reason() == ""

    def closed_reason(self) -> str:
        """Why the week cannot be filled in at all; "" when it can."""
        if not self.institution.stages:
            return f"{self.institution.name}没有小学或初中学段，不填周报。"
        if self.week > Week.of(clock.today()).plus(1):
            return f"{self.week.label}还没有开放填报：最早提前一周填写。"
        return ""

    def stored_payload(self) -> dict[str, Any] | None:
        """What the page shows when nothing was posted: the filer's draft, else what was submitted last."""
        stored = self.weekly_return
        if stored is None:
            return None
        if stored.draft is not None and self.can_edit:
            return dict(stored.draft)
        return dict(stored.current_version.payload) if stored.current_version else None

    def page(self, form: ReturnForm, *, status: int = 200, **extra: Any) -> HttpResponse:
        """The page with the given form in it."""
        return self.render_to_response(self.context(form, **extra), status=status)

    def context(self, form: ReturnForm, **extra: Any) -> dict[str, Any]:
        now, stored = clock.now(), self.weekly_return
        filing = Filing.objects.filter(institution=self.institution, week=self.week.monday).first()
        state = state_of(stored, filing, now)
        judged = stored is not None and stored.is_judged
        return {
            "institution": self.institution,
            "this_week": self.week,
            "weekly_return": stored,
            "revision": self.shown_revision(),
            "seen_revision": stored.revision if stored else 0,
            "filing": filing,
            "state": state,
            "due_at": due_of(self.week, filing),
            "versions": self.versions(),
            "sections": list(form.sections()),
            "error_list": form.errors[:MOST_LISTED],
            "errors_more": max(0, len(form.errors) - MOST_LISTED),
            "is_editor": self.can_edit,
            "closed_reason": self.closed_reason(),
            "has_content": stored is not None and self.stored_payload() is not None,
            "has_school_days": any(form.form.school_days.values()),
            "can_withdraw": judged and is_filer(self.user, self.institution),
            "can_send_back": stored is not None
            and stored.state == WeeklyReturn.State.SUBMITTED
            and self.user.role_kind in REVIEWERS
            and self.user.may_write,
            "previous_week": self.week.plus(-1),
            "next_week": self.week.plus(1),
            "scope_trail": trail(self.institution, self.week),
            **extra,
        }

    def shown_revision(self) -> int:
        """The revision that a form on this page starts from."""
        return self.weekly_return.revision if self.weekly_return else 0

    def versions(self) -> list[ReturnVersion]:
        """Every submitted version, newest first."""
        if self.weekly_return is None:
            return []
        versions = self.scoped(ReturnVersion.objects.defer("payload"))
        return list(versions.filter(weekly_return=self.weekly_return).order_by("-number"))

    def back(self) -> HttpResponseRedirect:
        """To the form again, by GET, so that a reload repeats nothing."""
        return redirect("return", code=self.institution.code, week=self.week.key)
