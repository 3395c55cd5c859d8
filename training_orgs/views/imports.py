"""表格导入: a workbook's template is downloaded, filled in, uploaded, looked at, and confirmed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header

from shuangjian.accounts.requests import signed_in
from shuangjian.bureau.models import Institution
from shuangjian.core.errors import InvalidInput, Problem, Refused
from shuangjian.core.uploads import was_too_large
from shuangjian.core.views import ScopedView
from training_orgs.doors.book_saving import confirm, pack
from training_orgs.doors.books import BOOKS, Book, read_book, template
from training_orgs.doors.foreseeing import MOST_UNITS, try_book
from training_orgs.rows import Column, Kind, Saved, Table, get_kind, may_file
from training_orgs.rows.cells import IdentityNumber, is_empty

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SHOWN = 10
_NOBODY = "您的账号不能导入；机构数据由本机构和区教育局登记。"


class ImportPage(ScopedView):
    """What the pages of an import share: who files what, for one institution or for all in the jurisdiction."""

    def institution(self) -> Institution | None:
        """The institution whose own account this is; None for those above."""
        unit: Institution | None = signed_in(self.request).institution
        return unit

    def kinds(self, book: Book) -> list[Kind]:
        """The sheets of the book that the person may file; none: 403."""
        return [kind for kind in book.every_kind if may_file(signed_in(self.request), kind)]

    def book(self) -> Book:
        book = BOOKS.get(self.kwargs["book"])
        if book is None:
            raise Http404
        if not self.kinds(book):
            raise PermissionDenied(_NOBODY)
        return book

    def page(self, book: Book, *, status: int = 200, **extra: Any) -> HttpResponse:
        trail = [{"label": "表格导入", "url": "/training/import/"}, {"label": book.label, "url": ""}]
        context = {"book": book, "kinds": self.kinds(book), "unit": self.institution(), "scope_trail": trail, **extra}
        return self.render_to_response(context, status=status)


class ImportListView(ImportPage):
    """Every workbook that the person may fill in."""

    template_name = "training_orgs/imports.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        books = [book for book in BOOKS.values() if self.kinds(book)]
        if not books:
            raise PermissionDenied(_NOBODY)
        trail = [{"label": "表格导入", "url": ""}]
        return super().get_context_data(books=books, unit=self.institution(), scope_trail=trail, **kwargs)


class ImportTemplateView(ImportPage):
    """The blank workbook."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        book = self.book()
        data = template(book, self.kinds(book), is_own=self.institution() is not None)
        answer = HttpResponse(data, content_type=XLSX)
        answer["Content-Disposition"] = content_disposition_header(True, f"{book.label}导入模板.xlsx")
        return answer


class ImportView(ImportPage):
    """Upload: a file with problems is answered with all of them; one without, with what saving it would do."""

    http_method_names = ["get", "post"]
    template_name = "training_orgs/import.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.page(self.book())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        book = self.book()
        uploaded = request.FILES.get("file")
        if uploaded is None:
            return self.page(book, status=422, file_error=self._missing())
        return self._checked(book, uploaded)

    def _checked(self, book: Book, uploaded: UploadedFile[Any]) -> HttpResponse:
        user, name = signed_in(self.request), str(uploaded.name or "")
        try:
            tables = read_book(uploaded.read(), book, self.kinds(book))
            saved, foreseen = try_book(tables, actor=user, institution=self.institution())
        except InvalidInput as refused:
            return self.page(book, status=422, **told(refused), uploaded_name=name)
        except Refused as refused:
            return self.page(book, status=refused.status, summary=refused.message)
        sheets = [preview(get_kind(key), tables[key], done) for key, done in saved.items()]
        changes = sum(done.created + done.changed for done in saved.values())
        extra: dict[str, Any] = {
            "sheets": sheets,
            "changes": changes,
            "foreseen": foreseen,
            "most_units": MOST_UNITS,
            "packed": pack(book.key, tables, user),
            "uploaded_name": name,
        }
        return self.page(book, **extra)

    def _missing(self) -> str:
        if was_too_large(self.request, "file"):
            return "文件超过 20 MB，没有接收。请分成几个文件，或请区教育局按 CSV 导入。"
        return "请先选择填好的表格（.xlsx），再点“上传并核对”。"


class ImportConfirmView(ImportPage):
    """Saves what the preview showed, once."""

    http_method_names = ["post"]
    template_name = "training_orgs/import.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        book = self.book()
        try:
            saved = confirm(
                request.POST.get("rows", ""), book.key, actor=signed_in(request), institution=self.institution()
            )
        except InvalidInput as refused:
            return self.page(book, status=422, **told(refused))
        except Refused as refused:
            return self.page(book, status=refused.status, summary=refused.message)
        words = "；".join(f"{get_kind(key).label}：{done}" for key, done in saved.items())
        messages.success(request, f"已导入。{words}。")
        return redirect("import_book", book=book.key)


def told(refused: InvalidInput) -> dict[str, Any]:
    """The problems as the page lists them: sheet, row, column and words."""
    lines = [_placed(problem) for problem in refused.problems]
    counts = Counter(line["sheet"] for line in lines)
    return {"problems": lines, "summary": refused.message, "by_sheet": list(counts.items())}


def _placed(problem: Problem) -> dict[str, str]:
    """``订单 第 5 行 金额`` in its parts."""
    sheet, _, rest = problem.path.partition(" 第 ")
    row, _, column = rest.partition(" 行")
    return {"sheet": sheet or "文件", "row": row, "column": column.strip(), "message": problem.message}


def preview(kind: Kind, table: Table, saved: Saved) -> dict[str, Any]:
    """What saving the sheet does, with the first rows that are new or changed, and the columns that any of them fills;
    identity numbers never shown."""
    moved = [row for row in range(table.size) if row in saved.fresh or row in saved.altered][:_SHOWN]
    columns = [
        column
        for column in kind.every_column
        if not isinstance(column.cell, IdentityNumber)
        and any(not is_empty(table.columns[column.key][row]) for row in moved if column.key in table.columns)
    ]
    rows = [
        {
            "place": table.row(row),
            "act": "新增" if row in saved.fresh else "修改",
            "cells": _cells(table.columns, columns, row),
        }
        for row in moved
    ]
    return {"kind": kind, "saved": saved, "heads": [column.label for column in columns], "rows": rows}


def _cells(values: Mapping[str, Sequence[Any]], columns: Sequence[Column], row: int) -> list[tuple[str, str]]:
    """(head, text) of each column, as the file has it."""
    texts = ["" if values[column.key][row] is None else str(values[column.key][row]) for column in columns]
    return [(column.label, text) for column, text in zip(columns, texts, strict=True)]
