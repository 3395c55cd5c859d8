"""The draft of a checklist: the bureau edits items and their order, looks at what changes, and puts it into use."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from inspections.choices import Target, VisitState
from inspections.forms.checklists import ItemForm, PublishForm
from inspections.models import ChecklistItem, ChecklistVersion, Visit
from inspections.pages.checklists import groups_of
from inspections.services import checklists
from inspections.services.checklist_changes import changes_between, field_changes, item_mark, version_mark
from inspections.services.checklist_checks import FIELDS, list_problems
from inspections.views.checklists import ChecklistPage
from shuangjian.accounts.models import RoleKind
from shuangjian.accounts.requests import signed_in
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused

_OPEN = (VisitState.UNDER_WAY, VisitState.RETURNED, VisitState.HANDED_IN)


class DraftPage(ChecklistPage):
    """A page or act of the bureau on a draft. Without a draft the reader is led to the version in use."""

    roles = frozenset({RoleKind.BUREAU})
    needs_draft = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and request.user.role_kind in self.roles:
            target = self.target()
            if request.method == "POST" and not self.may_change:
                raise PermissionDenied("您可以查看，不能修改；首次登录请先修改密码。")
            if self.needs_draft and checklists.draft_of(target.value) is None:
                messages.warning(request, f"{target.label}检查表没有草稿：已经启用或放弃。")
                return redirect("checklist", target=target.value)
        return super().dispatch(request, *args, **kwargs)

    def trail(self, *here: str) -> list[dict[str, str]]:
        """Under 草稿 every page leads back to it."""
        places = super().trail("草稿", *here)
        address = reverse("checklist_draft", args=[self.target().value])
        return [{**place, "url": address} if here and place["label"] == "草稿" else place for place in places]

    def draft(self) -> tuple[ChecklistVersion, list[ChecklistItem]]:
        """The draft and its items in order."""
        draft = checklists.draft_of(self.target().value)
        if draft is None:
            raise Conflict("草稿已经启用或放弃，请刷新页面。", code="gone")
        return draft, list(draft.items.all())

    def to_draft(self, code: str = "") -> HttpResponse:
        """Back to the draft, at the item."""
        found = redirect("checklist_draft", target=self.target().value)
        return redirect(f"{found.url}#item-{code}") if code else found


class DraftView(DraftPage):
    """The draft: each item can be changed, moved and removed, each new or changed one is marked."""

    template_name = "inspections/checklist_draft.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        target = self.target()
        draft, items = self.draft()
        used = checklists.in_use(target.value)
        changes = changes_between(list(used.items.all()) if used else [], items)
        return super().get_context_data(
            target=target,
            draft=draft,
            used=used,
            groups=groups_of(items, changes if used else None),
            total=len(items),
            changes=changes if used else None,
            problems=list_problems(target.value, items) if items else [],
            scope_trail=self.trail(),
            **kwargs,
        )


class ActView(DraftPage):
    """One act by POST, and back to the draft."""

    http_method_names = ["post"]

    def act(self, target: Target) -> str:
        """Do it; returns the code of the item at which the page is to open ("" for its top)."""
        raise NotImplementedError(f"{type(self).__name__} must define act(target).")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            code = self.act(self.target())
        except Refused as refused:
            messages.warning(request, refused.message)
            code = ""
        return self.to_draft(code)


class StartView(ActView):
    needs_draft = False

    def act(self, target: Target) -> str:
        checklists.start_draft(target.value, actor=signed_in(self.request))
        messages.success(self.request, "草稿已建立。启用之前，检查仍用现在的版本。")
        return ""


class MoveItemView(ActView):
    def act(self, target: Target) -> str:
        code, up = self.kwargs["code"], self.request.POST.get("to") == "up"
        checklists.move_item(target.value, code, up=up, actor=signed_in(self.request))
        return str(code)


class MoveGroupView(ActView):
    def act(self, target: Target) -> str:
        group, up = self.request.POST.get("group", ""), self.request.GET.get("to") == "up"
        checklists.move_group(target.value, group, up=up, actor=signed_in(self.request))
        _, items = self.draft()
        return next((item.code for item in items if item.group == group), "")


class RemoveItemView(ActView):
    def act(self, target: Target) -> str:
        code = self.kwargs["code"]
        checklists.remove_item(target.value, code, actor=signed_in(self.request))
        used = checklists.in_use(target.value)
        may_return = used is not None and used.items.filter(code=code).exists()
        way_back = "启用之前可在“查看改动并启用”中恢复。" if may_return else ""
        messages.success(self.request, f"{code} 已从草稿移除。{way_back}")
        return ""


class RestoreItemView(ActView):
    def act(self, target: Target) -> str:
        item = checklists.restore_item(target.value, self.kwargs["code"], actor=signed_in(self.request))
        messages.success(self.request, f"{item.code} 已恢复，内容与使用中的版本相同。")
        return item.code


class ItemView(DraftPage):
    """One item of the draft in a form; somebody else's change meanwhile is shown beside what was typed."""

    template_name = "inspections/checklist_item.html"

    def item(self) -> ChecklistItem | None:
        _, items = self.draft()
        return next((item for item in items if item.code == self.kwargs["code"]), None)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        item = self.item()
        if item is None:
            messages.warning(request, f"草稿中没有 {self.kwargs['code']}：可能已被别人移除。")
            return self.to_draft()
        initial = {field: getattr(item, field) for field in FIELDS} | {"mark": item_mark(item)}
        form = ItemForm(initial=initial, target=self.target().value)
        return self.render_to_response(self.get_context_data(form=form, code=item.code))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        draft, items = self.draft()
        code = kwargs.setdefault("code", self.kwargs.get("code", ""))
        return super().get_context_data(
            target=self.target(),
            draft=draft,
            group_names=list(dict.fromkeys(item.group for item in items)),
            scope_trail=self.trail(code or "添加检查要点"),
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        target, code = self.target().value, self.kwargs.get("code", "")
        form, others = ItemForm(request.POST, target=target), ()
        if form.is_valid():
            values = {field: form.cleaned_data[field] for field in FIELDS if field != "code"}
            mark = form.cleaned_data["mark"] if code else None
            try:
                saved = checklists.save_item(target, values, code=code, mark=mark, actor=signed_in(request))
            except InvalidInput as refused:
                form.add_refusal(refused)
            except Conflict as refused:
                if refused.code != "stale":
                    messages.warning(request, refused.message)
                    return self.to_draft()
                form, others = self._beside(values)
            else:
                messages.success(request, f"{saved.code} 已保存到草稿。")
                return self.to_draft(saved.code)
        return self.render_to_response(self.get_context_data(form=form, others=others), status=422)

    def _beside(self, values: dict[str, Any]) -> tuple[ItemForm, Any]:
        """The form as typed, ready to be saved over what is stored now, and the fields in which the two differ."""
        stored = self.item()
        if stored is None:
            raise Conflict("这一项已被别人移除，请刷新页面。", code="gone")
        data = self.request.POST.copy()
        data["mark"] = item_mark(stored)
        form = ItemForm(data, target=self.target().value)
        form.add_error(None, "您打开之后，别人改过这一项。核对下面列出的不同之处，再保存即以您填写的为准。")
        return form, field_changes(stored, ChecklistItem(**{**values, "code": stored.code}))


class AddItemView(ItemView):
    def item(self) -> ChecklistItem | None:
        return None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = ItemForm(initial={"group": request.GET.get("group", "")[:20]}, target=self.target().value)
        return self.render_to_response(self.get_context_data(form=form))


class DiscardView(DraftPage):
    """Asks before the draft is thrown away."""

    template_name = "inspections/checklist_discard.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        target, (draft, items) = self.target(), self.draft()
        used = checklists.in_use(target.value)
        trail = self.trail("放弃草稿")
        return super().get_context_data(
            target=target, draft=draft, used=used, total=len(items), scope_trail=trail, **kwargs
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        target = self.target()
        try:
            checklists.discard_draft(target.value, actor=signed_in(request))
        except Conflict as refused:
            messages.warning(request, refused.message)
        else:
            messages.success(request, f"{target.label}检查表的草稿已放弃，检查仍用现在的版本。")
        return redirect("checklist", target=target.value)


class PublishView(DraftPage):
    """What the draft changes against the version in use, its name and reason, and the button that puts it into use."""

    template_name = "inspections/checklist_publish.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        target, (draft, items) = self.target(), self.draft()
        used = checklists.in_use(target.value)
        mark = version_mark(draft, items)
        kwargs.setdefault("form", PublishForm(initial={"title": draft.title, "note": draft.note, "mark": mark}))
        kwargs["form"].fields["note"].required = (
            used is not None
        )  # as it is shown: the service asks for it with the rest
        visits = self.scoped(Visit.objects.filter(checklist=used, state__in=_OPEN)).count() if used else 0
        return super().get_context_data(
            target=target,
            draft=draft,
            used=used,
            total=len(items),
            changes=changes_between(list(used.items.all()) if used else [], items),
            visits=visits,
            scope_trail=self.trail("查看改动"),
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        target, actor, form = self.target(), signed_in(request), PublishForm(request.POST)
        problems = []
        if form.is_valid():
            title, note, mark = (form.cleaned_data[name] for name in ("title", "note", "mark"))
            try:
                if request.POST.get("act") == "save":
                    checklists.describe_draft(target.value, title=title, note=note, actor=actor)
                    messages.success(request, "名称和修订说明已保存到草稿。")
                    return self.to_draft()
                done = checklists.publish_checklist(
                    target.value, title=title, note=note, mark=mark, actor=actor, now=clock.now()
                )
            except InvalidInput as refused:
                at_fields = [each for each in refused.problems if each.path in form.fields]
                form.add_refusal(InvalidInput(at_fields))
                problems = [_linked(each) for each in refused.problems if each not in at_fields]
            except Conflict as refused:
                messages.warning(request, refused.message)
                return redirect("checklist_publish", target=target.value)
            else:
                messages.success(request, f"{target.label}检查表第 {done.number} 版已启用，此后开始的检查用这一版。")
                return redirect("checklist", target=target.value)
        return self.render_to_response(self.get_context_data(form=form, errors=problems), status=422)


def _linked(problem: Problem) -> dict[str, str]:
    """As _error_summary shows it."""
    return {"label": problem.path, "message": problem.message}
