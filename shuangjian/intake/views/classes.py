"""班级填报: a teacher's own weeks, one class's part of a week, and the school's board from which parts are merged."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.generic import TemplateView

from shuangjian.accounts.models import RoleKind
from shuangjian.accounts.requests import signed_in
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Refused
from shuangjian.core.views import ScopedView
from shuangjian.core.weeks import Week
from shuangjian.intake import class_drafts
from shuangjian.intake.differences import Change, Comparison
from shuangjian.intake.models import ClassDraft
from shuangjian.intake.return_form import MOST_LISTED, ReturnForm, words_of_publishing
from shuangjian.intake.return_list import due_of
from shuangjian.intake.views.page import ReturnPage, is_filer, trail

_WEEKS_SHOWN = 4


class TeacherHomeView(ScopedView):
    """我的班级: a teacher's classes of this week and the weeks before, with the state of each part."""

    template_name = "intake/class_weeks.html"
    roles = frozenset({RoleKind.TEACHER})

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = signed_in(self.request)
        this_week = Week.of(clock.today())
        weeks = [this_week.plus(-n) for n in range(_WEEKS_SHOWN)]
        assert user.institution is not None  # the database sees to it
        drafts = {
            (draft.week, draft.class_code): draft
            for draft in ClassDraft.objects.filter(
                institution=user.institution,
                week__in=[week.monday for week in weeks],
                class_code__in=user.classes,
            ).defer("payload")
        }
        rows: list[dict[str, Any]] = []
        for week in weeks:
            names = class_drafts.class_names(user.institution, week)
            own = [(code, names[code], drafts.get((week.monday, code))) for code in user.classes if code in names]
            rows.append({"week": week, "due_at": due_of(week, None), "classes": own})
        open_now = [
            each for row in rows[:1] for each in row["classes"] if each[2] is None or each[2].state == "filling"
        ]
        return super().get_context_data(
            institution=user.institution, rows=rows, open_now=len(open_now), this_week=this_week, **kwargs
        )


class ClassDraftView(LoginRequiredMixin, TemplateView):
    """One class's part of a week: its teachers and the school's filer fill it in, for others it does not exist."""

    template_name = "intake/class_draft.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if not request.user.is_authenticated:
            return  # dispatch sends the visitor to the login
        user = signed_in(request)
        own = user.institution
        is_teacher = user.role_kind == RoleKind.TEACHER and kwargs["class_code"] in user.classes
        if own is None or own.code != kwargs["code"] or not (is_teacher or is_filer(user, own)) or not user.may_act:
            raise Http404("没有这个班级，或它不归您填写。")
        self.institution = own
        try:
            self.week = Week.parse(kwargs["week"])
        except ValueError as wrong:
            raise Http404(str(wrong)) from None
        self.class_code: str = kwargs["class_code"]
        self.class_name = class_drafts.class_names(own, self.week).get(self.class_code, "")
        if not self.class_name:
            raise Http404("这一周没有这个班级。")
        self.draft = self.find_draft()

    def find_draft(self) -> ClassDraft | None:
        drafts = ClassDraft.objects.filter(institution=self.institution, week=self.week.monday)
        return drafts.filter(class_code=self.class_code).first()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.page(self.filled(self.draft.payload if self.draft else None))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        act, _, detail = request.POST.get("act", "save").partition(":")
        form = ReturnForm.posted(self.institution, self.week, request.POST, only_class=self.class_code)
        if act == "row":
            form.add_row(detail)
            return self.page(form)
        if act == "tick":
            ticked = form.tick_gaps(detail)
            return self.page(
                form, said=f"已勾选 {ticked} 个未填的上课日，尚未保存。" if ticked else "没有未填的上课日。"
            )
        if act == "publish":
            link = request.POST.get("publish-link", "").strip()
            return self.page(form, said=words_of_publishing(form.publish(link), link))
        if act == "preview":  # what a lost session left in the browser comes back this way
            return self.page(form, said="已带回上次没有保存的内容，请核对后保存。")
        try:
            return self.save(form, hand_in=act == "hand_in", over=detail == "over")
        except Conflict as conflict:
            if conflict.code != "revision_conflict":  # locked meanwhile: nobody was faster, what was typed stays
                return self.page(form, status=conflict.status, summary=conflict.message)
            self.draft = self.find_draft()
            changes = self.differing(form)
            return self.page(form, status=conflict.status, conflict=conflict.message, conflict_changes=changes)
        except InvalidInput as invalid:
            if any(problem.code == "missing" for problem in invalid.problems):
                form.show_gaps(gap for section, sheet in form.sheets for gap in section.gaps(form.form, sheet.rows()))
            else:
                form.show_problems(invalid.problems)
            return self.page(form, status=invalid.status, summary=invalid.message)
        except Refused as refused:
            return self.page(form, status=refused.status, summary=refused.message)

    def differing(self, form: ReturnForm) -> list[Change]:
        """What the person typed against what is saved now, cell by cell."""
        return Comparison(self.institution, self.week).of(form.payload(), self.draft.payload if self.draft else None)

    def save(self, form: ReturnForm, *, hand_in: bool, over: bool) -> HttpResponse:
        class_drafts.save_class_draft(
            self.institution,
            self.week,
            self.class_code,
            form.payload(),
            actor=signed_in(self.request),
            now=clock.now(),
            revision=self.posted("seen_revision" if over else "revision"),
            hand_in=hand_in,
        )
        said = (
            "已交给学校。需要修改时再次保存并交出即可，学校并入前以最后一次为准。"
            if hand_in
            else "已保存，还没有交给学校。"
        )
        messages.success(self.request, said)
        return redirect("class_draft", code=self.institution.code, week=self.week.key, class_code=self.class_code)

    def posted(self, name: str) -> int:
        given = self.request.POST.get(name, "")
        return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1

    def filled(self, payload: dict[str, Any] | None) -> ReturnForm:
        return ReturnForm.filled(self.institution, self.week, payload, only_class=self.class_code)

    def page(self, form: ReturnForm, *, status: int = 200, **extra: Any) -> HttpResponse:
        revision = self.draft.revision if self.draft else 0
        context = {
            "institution": self.institution,
            "this_week": self.week,
            "class_name": self.class_name,
            "class_code": self.class_code,
            "draft": self.draft,
            "is_teacher": signed_in(self.request).role_kind == RoleKind.TEACHER,
            "revision": self.posted("revision") if self.request.method == "POST" else revision,
            "seen_revision": revision,
            "saved_sections": list(self.filled(self.draft.payload).sections())
            if extra.get("conflict") and self.draft
            else [],
            "sections": list(form.sections()),
            "error_list": form.errors[:MOST_LISTED],
            "errors_more": max(0, len(form.errors) - MOST_LISTED),
            "is_editor": True,
            **extra,
        }
        return self.render_to_response(self.get_context_data(**context), status=status)


class ClassBoardView(ReturnPage):
    """班级填报情况: which classes handed in their part, and which of them the school merges."""

    template_name = "intake/class_board.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.refuse_others()
        if request.GET.get("part") == "summary":
            self.template_name = "intake/_class_board_summary.html"
        return self.board_page()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.refuse_others()
        given = request.POST.get("revision", "")
        try:
            merged = class_drafts.merge_class_drafts(
                self.institution,
                self.week,
                request.POST.getlist("class"),
                actor=self.user,
                now=clock.now(),
                revision=int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1,
            )
        except Refused as refused:
            self.weekly_return = self.find_return()
            problems = [str(each) for each in getattr(refused, "problems", [])]
            return self.board_page(status=refused.status, refused=refused.message, problems=problems[:MOST_LISTED])
        messages.success(request, f"已把 {len(merged)} 个班并入周报草稿，尚未提交；请核对后提交。")
        return self.back()

    def refuse_others(self) -> None:
        if not is_filer(self.user, self.institution):
            raise PermissionDenied("班级填报由本校填报员并入周报。")

    def board_page(self, *, status: int = 200, **extra: Any) -> HttpResponse:
        lines = class_drafts.board(self.institution, self.week)
        context = {
            "institution": self.institution,
            "this_week": self.week,
            "lines": lines,
            "ready": sum(1 for line in lines if line.may_merge),
            "handed_in": sum(1 for line in lines if line.draft and line.draft.state != "filling"),
            "revision": self.weekly_return.revision if self.weekly_return else 0,
            "closed_reason": self.closed_reason(),
            "scope_trail": [*trail(self.institution, self.week), {"label": "班级填报", "url": ""}],
            **extra,
        }
        return self.render_to_response(self.get_context_data(**context), status=status)
