"""检查表: the four targets, the version in use of one, and any version that ever was."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from inspections.choices import ChecklistState, PhotoRule, Target
from inspections.models import ChecklistVersion
from inspections.pages.checklists import groups_of, targets
from inspections.services.checklists import draft_of, in_use
from shuangjian.accounts.models import RoleKind
from shuangjian.accounts.requests import signed_in
from shuangjian.core.views import ScopedView

READERS = frozenset(
    {RoleKind.BUREAU, RoleKind.CENTRE, RoleKind.TOWN, RoleKind.INSPECTOR, RoleKind.DEPARTMENT},
)


class ChecklistPage(ScopedView):
    """A page of checklists. They name nobody, so that every reader sees all of them."""

    roles = READERS

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The words of the address stay out of the context: ``target`` there is the Target."""
        return self.render_to_response(self.get_context_data())

    @property
    def may_change(self) -> bool:
        user = signed_in(self.request)
        return user.role_kind == RoleKind.BUREAU and user.may_write

    def target(self) -> Target:
        """The target that the address names; 404 for any other word."""
        try:
            return Target(self.kwargs["target"])
        except ValueError:
            raise Http404 from None

    def trail(self, *here: str) -> list[dict[str, str]]:
        """检查表 › its target › what the page is."""
        target = self.target()
        above = [("检查表", reverse("checklists")), (target.label, reverse("checklist", args=[target.value]))]
        places = [*above, *((word, "") for word in here)]
        return [{"label": word, "url": url} for word, url in places]


class ChecklistsView(ChecklistPage):
    """Which checklist each target has, and where a draft is begun."""

    template_name = "inspections/checklists.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lines = targets()
        return super().get_context_data(
            lines=lines,
            missing=[line for line in lines if line.used is None],
            drafts=sum(line.draft is not None for line in lines),
            may_change=self.may_change,
            **kwargs,
        )


class ChecklistView(ChecklistPage):
    """The version in use of one target, and all the versions it has had."""

    template_name = "inspections/checklist.html"

    def version(self) -> ChecklistVersion | None:
        return in_use(self.target().value)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        target, version = self.target(), self.version()
        items = list(version.items.all()) if version else []
        versions = ChecklistVersion.objects.filter(target=target.value).exclude(state=ChecklistState.DRAFT)
        kwargs.setdefault("scope_trail", self.trail())
        return super().get_context_data(
            target=target,
            targets=list(Target),
            version=version,
            is_retired=version is not None and version.state == ChecklistState.RETIRED,
            groups=groups_of(items),
            total=len(items),
            photos=sum(item.photo_rule == PhotoRule.ALWAYS for item in items),
            versions=list(versions.select_related("published_by")),
            draft=draft_of(target.value) if self.may_change else None,
            may_change=self.may_change,
            shows_names=signed_in(self.request).role_kind == RoleKind.BUREAU,
            **kwargs,
        )


class ChecklistVersionView(ChecklistView):
    """A version that is or was in use, by its number: what visits of its time were made by. Drafts are no versions."""

    def version(self) -> ChecklistVersion:
        published = ChecklistVersion.objects.exclude(state=ChecklistState.DRAFT)
        return get_object_or_404(published, target=self.target().value, number=self.kwargs["number"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        trail = self.trail(f"第 {self.kwargs['number']} 版")
        return super().get_context_data(scope_trail=trail, **kwargs)
