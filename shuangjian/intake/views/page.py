"""What the pages about one unit's week share: finding it in scope, and what the page shows."""

from __future__ import annotations

from functools import cached_property
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
from shuangjian.intake import review, standing
from shuangjian.intake.chain import chain_of, told_of
from shuangjian.intake.differences import Comparison
from shuangjian.intake.doubts import doubts_of, findings_by_severity
from shuangjian.intake.models import Filing, ReopenRequest, ReturnEvent, ReturnVersion, WeeklyReturn
from shuangjian.intake.return_form import MOST_LISTED, ReturnForm
from shuangjian.intake.return_list import due_of, state_of

_ACTS = (review.APPROVE, review.ACCEPT, review.SEND_BACK, review.LOCK)
_MOST_COMPARED = 20  # of a return with more versions than anyone reads, the newest


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
            self.scoped(WeeklyReturn.objects.select_related("current_version", "institution"))
            .filter(institution=self.institution, week=self.week.monday)
            .first()
        )
        return found

    def find_version(self, number: int) -> ReturnVersion:
        """A submitted version of this week by its number; 404 when there is none."""
        version = self.get_scoped_or_404(
            ReturnVersion.objects.all(),
            weekly_return__institution=self.institution,
            weekly_return__week=self.week.monday,
            number=number,
        )
        assert isinstance(version, ReturnVersion)
        return version

    @property
    def user(self) -> User:
        return signed_in(self.request)

    @property
    def can_edit(self) -> bool:
        return is_filer(self.user, self.institution) and self.closed_reason() == ""

    @property
    def is_locked(self) -> bool:
        """Locked, and not open for a correction now."""
        return self.weekly_return is not None and self.weekly_return.is_locked_at(clock.now())

    def closed_reason(self) -> str:
        """Why the week cannot be filled in at all; "" when it can."""
        refusal = standing.refusal_of_unit(self.institution)
        if refusal is not None:
            return refusal.message
        closed_on = self.institution.closed_on
        if closed_on is not None and closed_on <= self.week.monday and self.weekly_return is None:
            return f"{self.institution.name}已于 {closed_on} 停办，这一周不用填报；之前各周仍可查看和更正。"
        if self.week > Week.of(clock.today()).plus(1):
            return f"{self.week.label}还没有开放填报：最早提前一周填写。"
        return ""

    def stored_payload(self) -> dict[str, Any] | None:
        """What the page shows when nothing was posted: the filer's draft, else what was submitted last."""
        stored = self.weekly_return
        if stored is None:
            return None
        if stored.draft is not None and self.can_edit and not self.is_locked:
            return dict(stored.draft)
        return dict(stored.current_version.payload) if stored.current_version else None

    def page(self, form: ReturnForm, *, status: int = 200, **extra: Any) -> HttpResponse:
        """The page with the given form in it."""
        return self.render_to_response(self.context(form, **extra), status=status)

    def context(self, form: ReturnForm, **extra: Any) -> dict[str, Any]:
        now, stored = clock.now(), self.weekly_return
        filing = Filing.objects.filter(institution=self.institution, week=self.week.monday).first()
        _point_at_note(form)
        return {
            "institution": self.institution,
            "this_week": self.week,
            "weekly_return": stored,
            "revision": self.shown_revision(),
            "seen_revision": stored.revision if stored else 0,
            "filing": filing,
            "state": state_of(stored, filing, now),
            "due_at": due_of(self.week, filing),
            "versions": self.versions(),
            "sections": list(form.sections()),
            "error_list": form.errors[:MOST_LISTED],
            "errors_more": max(0, len(form.errors) - MOST_LISTED),
            "is_editor": self.can_edit and not self.is_locked,
            "closed_reason": self.closed_reason(),
            "has_content": stored is not None and self.stored_payload() is not None,
            "has_school_days": any(form.form.school_days.values()),
            "note": self.typed_note(),
            "previous_week": self.week.plus(-1),
            "next_week": self.week.plus(1),
            "scope_trail": trail(self.institution, self.week),
            **self.review_context(),
            **extra,
        }

    def review_context(self) -> dict[str, Any]:
        """Where the return stands in the chain of review, its life so far, and what this person may do about it."""
        now, stored, is_own = clock.now(), self.weekly_return, is_filer(self.user, self.institution)
        events: list[ReturnEvent] = []
        requests: list[ReopenRequest] = []
        if stored is not None:
            events += self.scoped(ReturnEvent.objects.filter(weekly_return=stored)).order_by("at", "id")
        if stored is not None and stored.locked_at is not None:
            requests += self.scoped(ReopenRequest.objects.filter(weekly_return=stored)).order_by("-asked_at")
        pending = next((each for each in requests if each.state == ReopenRequest.State.PENDING), None)
        state = stored.state if stored else WeeklyReturn.State.DRAFT
        may_act = self.user.may_write and stored is not None
        can = {f"can_{act.name}": may_act and act.is_open_to(self.user, state) for act in _ACTS}
        return {
            **(self.what_to_look_at() if any(can.values()) else {}),
            **can,
            "chain": chain_of(stored, events, now),
            "told": told_of(events),
            "is_locked": self.is_locked,
            "is_reopened": state == WeeklyReturn.State.LOCKED and not self.is_locked,
            "lock": next((each for each in reversed(events) if each.act in ("lock", "lock_due")), None),
            "pending_request": pending,
            "last_request": requests[0] if requests else None,
            "can_withdraw": is_own and state in (WeeklyReturn.State.SUBMITTED, WeeklyReturn.State.RETURNED),
            "can_ask_reopen": is_own and self.is_locked and pending is None,
            "can_decide": pending is not None and may_act and self.user.role_kind == RoleKind.BUREAU,
        }

    def what_to_look_at(self) -> dict[str, Any]:
        """What a reviewer must look at before deciding: open findings of the week by severity, notes, missing data."""
        assert self.weekly_return is not None
        found = findings_by_severity([self.institution.pk], self.week)
        return {
            "severities": sorted(found.get(self.institution.pk, {}).items(), reverse=True),
            "doubts": doubts_of([self.weekly_return], self.week, found)[self.weekly_return.pk],
        }

    def conflicting(self, form: ReturnForm) -> dict[str, Any]:
        """What the person typed against what is saved now, cell by cell, and who saved it when."""
        stored = self.weekly_return
        saved = self.stored_payload()
        version = stored.current_version if stored else None
        who, at = "", None
        if stored is not None and stored.draft is not None:
            who, at = stored.draft_saved_by, stored.draft_saved_at
        elif version is not None:
            who, at = version.submitted_by, version.submitted_at
        changes = Comparison(self.institution, self.week).of(form.payload(), saved)
        return {"conflict_changes": changes, "saved_by": who, "saved_at": at}

    def typed_note(self) -> str:
        """The 说明 that goes with the next version: as typed just now, else as kept when the draft was saved."""
        if self.request.method == "POST":
            return self.request.POST.get("note", "").replace("\x00", "")
        return str(self.request.session.get(self._note_key, ""))

    @property
    def _note_key(self) -> str:
        return f"return-note:{self.institution.code}:{self.week.key}"

    def shown_revision(self) -> int:
        """The revision that a form on this page starts from."""
        return self.weekly_return.revision if self.weekly_return else 0

    def versions(self) -> list[ReturnVersion]:
        """Every submitted version, newest first, each with ``changed``: how many places differ from the one before
        (None for the first, and beyond the newest twenty)."""
        return self._versions

    @cached_property
    def _versions(self) -> list[ReturnVersion]:
        if self.weekly_return is None:
            return []
        found = list(self.scoped(ReturnVersion.objects.filter(weekly_return=self.weekly_return)).order_by("-number"))
        comparison = Comparison(self.institution, self.week) if len(found) > 1 else None
        for index, version in enumerate(found):
            earlier = found[index + 1] if index + 1 < len(found) and index < _MOST_COMPARED else None
            counted = len(comparison.of(earlier.payload, version.payload)) if comparison and earlier else None
            version.changed = counted
        return found

    def back(self) -> HttpResponseRedirect:
        """To the form again, by GET, so that a reload repeats nothing. A note typed beside a draft is kept."""
        note = self.typed_note().strip()
        if note and self.request.POST.get("act", "").startswith("save"):
            self.request.session[self._note_key] = note
        else:
            self.request.session.pop(self._note_key, None)
        return redirect("return", code=self.institution.code, week=self.week.key)


def _point_at_note(form: ReturnForm) -> None:
    """A problem of the note leads to its field, which belongs to no section."""
    for error in form.errors:
        if error["label"] == "note":
            error.update(target="return-note", label="说明")
