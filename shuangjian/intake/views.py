"""Pages of the weekly return: the list of weeks, the form, and reading what was filed. Acts are in return_acts."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse

from shuangjian.accounts.models import RoleKind, User
from shuangjian.accounts.requests import signed_in
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Refused
from shuangjian.core.views import ScopedView
from shuangjian.core.weeks import Week
from shuangjian.intake import services
from shuangjian.intake.foreseen import Foreseen, put_into_words
from shuangjian.intake.models import Filing, ReturnVersion, WeeklyReturn
from shuangjian.intake.return_form import MOST_LISTED, ReturnForm, same_rows
from shuangjian.intake.return_list import due_of, state_of, terms_of, weeks_of

REVIEWERS = frozenset({RoleKind.TOWN, RoleKind.CENTRE, RoleKind.BUREAU})


def is_filer(user: User, institution: Institution) -> bool:
    """Whether the person fills in this school's returns."""
    return user.role_kind == RoleKind.SCHOOL and user.institution_id == institution.pk and user.may_write


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
            scope_trail=_trail(institution),
            **kwargs,
        )


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
            "scope_trail": _trail(self.institution, self.week),
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


class ReturnView(ReturnPage):
    """填报页: reads for everyone in scope; the school's filer saves, looks ahead, and submits."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.page(ReturnForm.filled(self.institution, self.week, self.stored_payload()))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.can_edit:
            raise PermissionDenied("只有本校填报员可以填写周报。")
        act, _, detail = request.POST.get("act", "save").partition(":")
        form = ReturnForm.posted(self.institution, self.week, request.POST)
        help_with = {"row": self.add_row, "tick": self.tick_gaps, "copy": self.copy_earlier}
        if act in help_with:
            return help_with[act](form, detail)
        do = {"preview": self.preview, "submit": self.submit}.get(act, self.save)
        try:
            return do(form)
        except Conflict as conflict:
            self.weekly_return = self.find_return()
            return self.page(form, status=conflict.status, conflict=conflict.message)
        except InvalidInput as invalid:
            form.show_problems(invalid.problems)
            return self.page(form, status=invalid.status, summary=invalid.message)
        except Refused as refused:
            return self.page(form, status=refused.status, summary=refused.message)

    # Acts: each returns a page or goes back to the form ----------------------------------------------------------

    def save(self, form: ReturnForm) -> HttpResponse:
        services.save_draft(
            self.institution,
            self.week,
            self.posted_payload(form),
            actor=self.user,
            now=clock.now(),
            revision=self.posted_revision(),
        )
        messages.success(self.request, "草稿已保存。提交之前，镇街和区教育局看不到草稿。")
        return self.back()

    def preview(self, form: ReturnForm) -> HttpResponse:
        checked, findings = services.preview_return(
            self.institution, self.week, self.posted_payload(form), now=clock.now()
        )
        form.show_gaps(checked.gaps)
        foreseen = put_into_words(form, findings)
        return self.page(form, preview=True, foreseen=foreseen, worst=_by_rule(foreseen))

    def submit(self, form: ReturnForm) -> HttpResponse:
        payload, now = self.posted_payload(form), clock.now()
        before = self.weekly_return.current_version_id if self.weekly_return else None
        checked = services.check_return(self.institution, self.week, payload, today=now.date())
        if checked.gaps:
            form.show_gaps(checked.gaps)
            summary = f"还有 {len(checked.gaps)} 个上课日没有填写，周报没有提交；已填的内容都在下方，可先保存草稿。"
            return self.page(form, status=422, summary=summary)
        submitted = services.submit_return(
            self.institution,
            self.week,
            actor=self.user,
            now=now,
            door=ReturnVersion.Door.FORM,
            payload=payload,
            revision=self.posted_revision(),
        )
        version = submitted.current_version
        assert version is not None
        if version.pk == before:
            messages.info(self.request, f"内容与第 {version.number} 版相同，没有产生新版本。")
        else:
            said = "作业、作息、课后服务正在核对，疑似问题和预警数秒内出现在本校页面。"
            messages.success(self.request, f"已提交第 {version.number} 版。{said}")
        return self.back()

    # Help with typing: nothing is saved ------------------------------------------------------------------------

    def add_row(self, form: ReturnForm, place: str) -> HttpResponse:
        form.add_row(place)
        return self.page(form)

    def tick_gaps(self, form: ReturnForm, key: str) -> HttpResponse:
        ticked = form.tick_gaps(key)
        said = f"已勾选 {ticked} 个未填的上课日，尚未保存；请核对后保存或提交。" if ticked else "没有未填的上课日。"
        return self.page(form, said=said)

    def copy_earlier(self, form: ReturnForm, _: str) -> HttpResponse:
        earlier = (
            self.scoped(WeeklyReturn.objects.select_related("current_version"))
            .filter(institution=self.institution, week__lt=self.week.monday, current_version__isnull=False)
            .order_by("-week")
            .first()
        )
        if earlier is None:
            return self.page(form, said="之前没有提交过周报，没有可沿用的内容。")
        week = Week(earlier.week)
        filled = form.take_over(week, earlier.current_version.payload)
        said = (
            f"已从{week.label}的周报沿用，填入 {filled} 处空白（班级或日期），已填的没有改动；尚未保存，请逐项核对。"
            if filled
            else f"没有空白可填：{week.label}的内容没有带入。"
        )
        return self.page(form, said=said)

    def posted_payload(self, form: ReturnForm) -> dict[str, Any]:
        """The form's rows; the stored payload itself where they are the same rows in another order."""
        payload = form.payload()
        stored = self.stored_payload()
        return stored if stored is not None and same_rows(stored, payload) else payload

    def shown_revision(self) -> int:
        """After a post the person still stands where they started, whatever was saved meanwhile."""
        return self.posted_revision() if self.request.method == "POST" else super().shown_revision()

    def posted_revision(self) -> int:
        """The revision the person started from; -1, which is never current, when the field is missing or spoilt.

        After a conflict the person has seen a newer one and may decide to go on from there.
        """
        name = "seen_revision" if self.request.POST.get("act", "").endswith(":over") else "revision"
        given = self.request.POST.get(name, "")
        return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1


class SavedView(ReturnPage):
    """已保存的草稿, read only: what somebody else saved while the filer was typing."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.can_edit or self.weekly_return is None:
            raise Http404("没有已保存的草稿。")
        form = ReturnForm.filled(self.institution, self.week, self.stored_payload())
        return self.page(form, is_editor=False, reading="saved")


class VersionView(ReturnPage):
    """One submitted version, read only."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        version = self.get_scoped_or_404(
            ReturnVersion.objects.all(),
            weekly_return__institution=self.institution,
            weekly_return__week=self.week.monday,
            number=kwargs["number"],
        )
        assert isinstance(version, ReturnVersion)
        form = ReturnForm.filled(self.institution, self.week, version.payload)
        return self.page(form, is_editor=False, reading="version", version=version)


class StateView(ReturnPage):
    """An act that changes the state for a reason; the reason stays in its field when it is refused."""

    http_method_names = ["post"]
    field: ClassVar[str]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        reason = request.POST.get("reason", "").replace("\x00", "")  # PostgreSQL keeps no such character
        try:
            self.act(reason)
        except Refused as refused:
            wrong = refused.problems[0].message if isinstance(refused, InvalidInput) else refused.message
            form = ReturnForm.filled(self.institution, self.week, self.stored_payload())
            return self.page(form, status=refused.status, **{f"{self.field}_error": wrong, "reason": reason})
        return self.back()

    def act(self, reason: str) -> None:
        """Do it, or raise Refused."""
        raise NotImplementedError


class SendBackView(StateView):
    """退回: town, centre and bureau, with a remark."""

    field = "send_back"

    def act(self, reason: str) -> None:
        if self.user.role_kind not in REVIEWERS or not self.user.may_write:
            raise PermissionDenied("只有镇街、教育指导中心和区教育局可以退回周报。")
        services.send_back_return(self.institution, self.week, actor=self.user, now=clock.now(), remark=reason)
        messages.success(self.request, "已退回，学校会在周报页面看到退回原因；重新提交之前，仍按已提交的版本核对。")


class WithdrawView(StateView):
    """撤回: the school's filer, with a reason."""

    field = "withdraw"

    def act(self, reason: str) -> None:
        if not is_filer(self.user, self.institution):
            raise PermissionDenied("只有本校填报员可以撤回周报。")
        services.withdraw_return(self.institution, self.week, actor=self.user, now=clock.now(), reason=reason)
        messages.success(self.request, "已撤回，内容保留为草稿；请修改后重新提交，逾期未提交按未报处理。")


def _by_rule(foreseen: list[Foreseen]) -> list[tuple[Foreseen, list[Foreseen]]]:
    """Findings-to-be grouped by rule, in the order of their worst."""
    groups: dict[str, list[Foreseen]] = {}
    for one in foreseen:
        groups.setdefault(one.rule.code, []).append(one)
    return [(group[0], group) for group in groups.values()]


def _trail(institution: Institution, week: Week | None = None) -> list[dict[str, str]]:
    trail = [
        {"label": institution.name, "url": reverse("unit", args=[institution.code])},
        {"label": "周报", "url": reverse("returns", args=[institution.code])},
    ]
    return [*trail, {"label": week.label, "url": ""}] if week else trail
