"""The printed record of a visit, and the district's figures of a period."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from inspections.services.printing import print_record
from inspections.views.answering import VisitPage, whole_number
from shuangjian.dashboards.views.asked import asked


class VisitRecordPdfView(VisitPage):
    """检查记录 as PDF: for those who may see the visit; the institution gets what it may know of it, once filed."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wanted = asked(request, "version")
        printed = print_record(self.visit(), number=whole_number(wanted, -1) if wanted else None, actor=self.user)
        if printed is None:
            raise Http404("这次检查还没有提交过记录，或没有这一版。")
        response = HttpResponse(printed.data, content_type="application/pdf")
        response["Content-Disposition"] = content_disposition_header(False, printed.name) or ""
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "private, no-store"
        return response
