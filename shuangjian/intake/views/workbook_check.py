"""核对页: what an uploaded workbook holds and would raise, beside last week; then it is submitted or kept as draft."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Refused
from shuangjian.core.weeks import Week
from shuangjian.intake import imports, services
from shuangjian.intake.differences import compare
from shuangjian.intake.foreseen import by_rule, note_wanted, put_into_words, stands_already
from shuangjian.intake.models import ImportBatch
from shuangjian.intake.return_form import MOST_LISTED, ReturnForm
from shuangjian.intake.views.workbook import WorkbookPage
from shuangjian.intake.workbook.comparison import side_by_side
from shuangjian.intake.workbook.files import WeekTables

_MOST_CHANGES = 100


class CheckView(WorkbookPage):
    """One upload that passed its checks. Only the school's filer sees it: it is as private as a draft."""

    http_method_names = ["get", "post"]
    template_name = "intake/workbook_check.html"
    batch: ImportBatch

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if not request.user.is_authenticated:
            return  # dispatch sends the visitor to the login
        if not self.can_edit:
            raise Http404("没有这次上传。")
        batch = self.get_scoped_or_404(
            ImportBatch.objects.all(), pk=kwargs["pk"], institution=self.institution, week=self.week.monday
        )
        assert isinstance(batch, ImportBatch)
        self.batch = batch

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._page()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        act = request.POST.get("act")
        if act not in ("submit", "draft"):
            return self._page(status=422, summary="没有收到要做什么，请点“确认提交”或“存为草稿”。")
        submit = act == "submit"
        before = self.weekly_return.current_version_id if self.weekly_return else None
        if submit and (wanted := self._note_wanted()):
            return self._page(status=422, note_error=wanted)
        try:
            result = imports.use_batch(
                self.batch,
                submit=submit,
                actor=self.user,
                now=clock.now(),
                revision=self._seen_revision(),
                note=request.POST.get("note", "").replace("\x00", ""),
            )
        except Refused as refused:
            return self._refused(refused)
        version = result.current_version
        if not submit:
            messages.success(request, "已存为草稿。提交之前，镇街和区教育局看不到草稿。")
        elif version is not None and version.pk == before:
            messages.info(request, f"内容与第 {version.number} 版相同，没有产生新版本。")
        elif version is not None:
            said = "作业、作息、课后服务正在核对，疑似问题和预警数秒内出现在本校页面。"
            messages.success(request, f"已提交第 {version.number} 版。{said}")
        return redirect("return", code=self.institution.code, week=self.week.key)

    def _note_wanted(self) -> str:
        """Why a note must come with the return; what the batch itself is refused for is told when it is used."""
        if self.request.POST.get("note", "").strip() or self.batch.used_at is not None:
            return ""
        if stands_already(self.weekly_return, self.batch.payload):
            return ""
        try:
            _, findings = services.preview_return(self.institution, self.week, self.batch.payload, now=clock.now())
        except Refused:
            return ""
        form = ReturnForm.filled(self.institution, self.week, self.batch.payload)
        return note_wanted(put_into_words(form, findings), "")

    def _refused(self, refused: Refused) -> HttpResponse:
        self.weekly_return = self.find_return()
        self.batch.refresh_from_db()
        if isinstance(refused, InvalidInput) and any(problem.path == "note" for problem in refused.problems):
            return self._page(status=refused.status, note_error=refused.problems[0].message)
        if isinstance(refused, Conflict) and refused.code == "revision_conflict":
            return self._page(status=refused.status)  # the page itself shows what was saved meanwhile
        return self._page(status=refused.status, summary=refused.message)

    def _page(self, *, status: int = 200, **extra: Any) -> HttpResponse:
        batch, now = self.batch, clock.now()
        try:
            checked, findings = services.preview_return(self.institution, self.week, batch.payload, now=now)
        except InvalidInput as invalid:  # calendar or classes changed since the upload
            context = self.shared(batch=batch, outdated=[problem.message for problem in invalid.problems[:MOST_LISTED]])
            return self.render_to_response(context, status=invalid.status)
        form = ReturnForm.filled(self.institution, self.week, batch.payload)
        form.show_gaps(checked.gaps)
        foreseen = put_into_words(form, findings)
        earlier = self.earlier()
        tables = WeekTables.of(self.institution, self.week).tables
        earlier_payload = earlier.current_version.payload if earlier and earlier.current_version else None
        context = self.shared(
            batch=batch,
            holds=[(table.title, sum(len(batch.payload.get(key, ())) for key in table.keys)) for table in tables],
            gaps=form.errors,
            gap_count=len(checked.gaps),
            foreseen=foreseen,
            by_rule=by_rule(foreseen),
            blocks=side_by_side(tables, batch.payload, earlier_payload),
            earlier_week=Week(earlier.week) if earlier else None,
            is_too_early=self.week.monday > now.date(),
            locked_reason=self.locked_reason(),
            note=self.request.POST.get("note", ""),
            **self._against_saved(),
            **extra,
        )
        return self.render_to_response(context, status=status)

    def _against_saved(self) -> dict[str, Any]:
        """What confirming would replace, and whether somebody saved it after the file was uploaded."""
        stored = self.weekly_return
        revision = stored.revision if stored else 0
        saved = self.stored_payload()
        changes = compare(self.institution, self.week, saved, self.batch.payload) if saved is not None else []
        is_stale = revision != self.batch.base_revision and self.batch.used_at is None and bool(changes)
        return {
            "has_saved": saved is not None,
            "saved_is_draft": stored is not None and stored.draft is not None,
            "changes": changes[:_MOST_CHANGES],
            "change_count": len(changes),
            "is_stale": is_stale,
            "seen_revision": revision,
        }

    def _seen_revision(self) -> int | None:
        """The revision whose differences the person was shown; None, which is the upload's own, when none is sent."""
        given = self.request.POST.get("seen_revision", "")
        return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else None
