"""Reading what was saved or filed: the draft of somebody else, and submitted versions."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from shuangjian.intake.models import ReturnVersion
from shuangjian.intake.return_form import ReturnForm
from shuangjian.intake.views.page import ReturnPage


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
