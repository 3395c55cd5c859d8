"""Reading what was saved or filed: the draft of somebody else, and submitted versions."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from shuangjian.intake.differences import compare
from shuangjian.intake.return_form import ReturnForm
from shuangjian.intake.views.page import ReturnPage, trail


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
        version = self.find_version(kwargs["number"])
        form = ReturnForm.filled(self.institution, self.week, version.payload)
        return self.page(form, is_editor=False, reading="version", version=version)


class ChangesView(ReturnPage):
    """What a submitted version changed against the one before it, or against another one (``?from=2``)."""

    template_name = "intake/changes.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        version = self.find_version(kwargs["number"])
        asked = request.GET.get("from", "")
        number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else version.number - 1
        if version.number == 1 and not asked:
            raise Http404("第 1 版没有更早的版本可比。")
        earlier = self.find_version(number)
        changes = compare(self.institution, self.week, earlier.payload, version.payload)
        numbers = [each.number for each in self.versions() if each.number != version.number]
        return self.render_to_response(
            {
                "institution": self.institution,
                "this_week": self.week,
                "weekly_return": self.weekly_return,
                "version": version,
                "earlier": earlier,
                "changes": changes,
                "numbers": sorted(numbers),
                "scope_trail": trail(self.institution, self.week),
            }
        )
