"""周报表格: the workbook of a week is downloaded, filled in elsewhere, uploaded, looked at, and confirmed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header

from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput, Refused
from shuangjian.core.uploads import was_too_large
from shuangjian.core.weeks import Week
from shuangjian.intake import imports
from shuangjian.intake.models import WeeklyReturn
from shuangjian.intake.sections import MOST_PROBLEMS
from shuangjian.intake.steps import refusal_of_locked
from shuangjian.intake.views.page import ReturnPage, trail
from shuangjian.intake.workbook.files import WeekTables
from shuangjian.intake.workbook.layout import file_name
from shuangjian.intake.workbook.places import FileProblem, Place

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ONLY_FILER = "只有本校填报员可以上传周报表格。"


class WorkbookPage(ReturnPage):
    """What the pages of the workbook share."""

    def shared(self, **extra: Any) -> dict[str, Any]:
        """Context of every page of the workbook; much less than that of the form, which has all cells in it."""
        return {
            "institution": self.institution,
            "this_week": self.week,
            "weekly_return": self.weekly_return,
            "closed_reason": self.closed_reason(),
            "scope_trail": [*trail(self.institution, self.week)[:-1], *self._trail()],
            **extra,
        }

    def _trail(self) -> list[dict[str, str]]:
        here = trail(self.institution, self.week)[-1]["label"]
        return [{"label": here, "url": self.request.path.partition("workbook")[0]}, {"label": "表格填报", "url": ""}]

    def earlier(self) -> WeeklyReturn | None:
        """The last return before this week that was submitted."""
        found: WeeklyReturn | None = (
            self.scoped(WeeklyReturn.objects.select_related("current_version"))
            .filter(institution=self.institution, week__lt=self.week.monday, current_version__isnull=False)
            .order_by("-week")
            .first()
        )
        return found

    def locked_reason(self) -> str:
        """Why the return takes no content now; "" when it does."""
        stored, now = self.weekly_return, clock.now()
        return refusal_of_locked(stored).message if stored is not None and stored.is_locked_at(now) else ""


class DownloadView(WorkbookPage):
    """The week's workbook: for the filer with what is filled in so far, for other readers with what was submitted."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        payload: Any = self.stored_payload()
        if payload is None and not self.can_edit:
            raise Http404("学校还没有提交这一周的周报。")
        tables = WeekTables.of(self.institution, self.week)
        if payload is None and request.GET.get("prefill") == "last":
            earlier = self.earlier()
            if earlier is not None and earlier.current_version is not None:
                payload = tables.carried_over(Week(earlier.week), earlier.current_version.payload)
        answer = HttpResponse(tables.template(payload), content_type=XLSX)
        answer["Content-Disposition"] = content_disposition_header(True, file_name(self.institution, self.week))
        return answer


class UploadView(WorkbookPage):
    """表格填报: how it goes, and the upload; a file with problems is answered with all of them and saves nothing."""

    http_method_names = ["get", "post"]
    template_name = "intake/workbook.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self._only_filer()
        return self._page()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self._only_filer()
        locked = self.locked_reason()
        if locked:
            return self._page(status=409, summary=locked)
        uploaded = request.FILES.get("file")
        if uploaded is None:
            return self._page(status=422, file_error=self._missing())
        return self._checked(uploaded)

    def _checked(self, uploaded: UploadedFile[Any]) -> HttpResponse:
        data = uploaded.read()
        name = str(uploaded.name or "")
        payload, problems = WeekTables.of(self.institution, self.week).read(data, self.stored_payload())
        if problems:
            return self._page(status=422, **_told(problems), uploaded_name=name)
        try:
            batch = imports.open_batch(
                self.institution,
                self.week,
                payload,
                file_name=name,
                file_sha256=hashlib.sha256(data).hexdigest(),
                actor=self.user,
                now=clock.now(),
            )
        except InvalidInput as invalid:
            found = [FileProblem(Place("", 0, -1, ""), problem.message) for problem in invalid.problems]
            return self._page(status=invalid.status, **_told(found), uploaded_name=name)
        except Refused as refused:
            return self._page(status=refused.status, summary=refused.message)
        return self.to_batch(batch.pk)

    def _page(self, *, status: int = 200, **extra: Any) -> HttpResponse:
        earlier = self.earlier() if self.stored_payload() is None else None
        context = self.shared(
            earlier_week=Week(earlier.week) if earlier else None,
            has_content=self.stored_payload() is not None,
            locked_reason=self.locked_reason(),
            **extra,
        )
        return self.render_to_response(context, status=status)

    def _only_filer(self) -> None:
        if not self.can_edit:
            raise PermissionDenied(self.closed_reason() or _ONLY_FILER)

    def _missing(self) -> str:
        if was_too_large(self.request, "file"):
            return "文件超过 20 MB，没有接收。周报表格通常不到 1 MB，请检查是否选错了文件。"
        return "请先选择填好的表格（.xlsx），再点“上传并核对”。"

    def to_batch(self, number: int) -> HttpResponse:
        return redirect("return_workbook_check", code=self.institution.code, week=self.week.key, pk=number)


def _told(problems: Sequence[FileProblem]) -> dict[str, Any]:
    """The problems as the page lists them, and how many each sheet has."""
    return {
        "problems": problems[:MOST_PROBLEMS],
        "problem_count": len(problems),
        "most_problems": MOST_PROBLEMS,
        "by_sheet": list(Counter(problem.place.sheet or "文件" for problem in problems).items()),
    }
