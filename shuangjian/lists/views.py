"""Pages of the lists: who stands on them, one decision, what waits for the bureau, and by which standards."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from shuangjian.accounts.models import RoleKind
from shuangjian.accounts.requests import signed_in
from shuangjian.bureau.forms import RefusableForm
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput, Refused
from shuangjian.core.views import ScopedView
from shuangjian.lists import appeals, forms, selectors, services, standards
from shuangjian.lists.models import ListAppeal, ListCriteria, ListDate, ListDecision, ListKind

_READERS = frozenset({RoleKind.BUREAU, RoleKind.CENTRE, RoleKind.TOWN, RoleKind.ORG, RoleKind.DEPARTMENT})
_BUREAU = frozenset({RoleKind.BUREAU})
_PAGE_SIZE = 50


class ListPage(ScopedView):
    """Readers of lists; a department without registers has no part in them."""

    roles = _READERS

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = signed_in(request) if request.user.is_authenticated else None
        if user and user.role_kind == RoleKind.DEPARTMENT and not user.sees_registers:
            raise PermissionDenied("您的角色不能打开此页。")
        return super().dispatch(request, *args, **kwargs)


class ListsView(ListPage):
    """名单: one list as of a day."""

    template_name = "lists/lists.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, today = signed_in(self.request), clock.today()
        kind = self.request.GET.get("kind", "")
        kind = kind if kind in ListKind.values else str(ListKind.BLACK)
        asked = self.request.GET.get("on", "")
        day = _day(asked) or today
        counts = selectors.counts_on(user, day)
        page = Paginator(selectors.entries_on(user, kind, day), _PAGE_SIZE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            heading=selectors.headline(kind, counts[kind], day, today),
            kind=kind,
            day=day,
            is_misread=bool(asked) and _day(asked) is None,
            filters=[
                {
                    "label": "名单",
                    "param": "kind",
                    "value": kind,
                    "options": [{"value": k, "label": ListKind(k).label, "count": n} for k, n in counts.items()],
                }
            ],
            page_obj=page,
            is_bureau=user.role_kind == RoleKind.BUREAU,
            is_org=user.role_kind == RoleKind.ORG,
            waiting=_waiting_words(user) if user.role_kind == RoleKind.BUREAU else "",
            **kwargs,
        )


class DecisionView(ListPage):
    """One decision: its ground, who made it, what became of it, and what the reader may do."""

    template_name = "lists/decision.html"

    def decision(self) -> ListDecision:
        rows = selectors.decisions_of(signed_in(self.request))
        found = rows.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, decision = signed_in(self.request), self.decision()
        acts = selectors.acts_of(user, decision)
        blank: dict[str, Any] = {
            "review_form": forms.ReviewForm() if acts["approve"] else None,
            "publish_form": forms.PublishForm(initial={"on": clock.today()}) if acts["publish"] else None,
            "appeal_form": forms.AppealForm() if acts["appeal"] else None,
            "answer_form": forms.AnswerForm() if acts["answer"] else None,
        }
        if user.role_kind != RoleKind.BUREAU and blank["appeal_form"] is not None:
            del blank["appeal_form"].fields["filed_on"]
        if not acts["reject"] and blank["review_form"] is not None:
            blank["review_form"].fields["approve"].choices = [("1", "通过，立即生效")]
            blank["review_form"].fields["note"].help_text = "这是申诉撤销后的决定，只能复核通过。"
        return super().get_context_data(
            decision=decision,
            appeals=list(decision.appeals.all()),
            acts=acts,
            is_bureau=user.role_kind == RoleKind.BUREAU,
            scope_trail=[
                {"label": "名单", "url": f"{reverse('lists')}?kind={decision.kind}"},
                {"label": decision.decision_no, "url": ""},
            ],
            **{**blank, **kwargs},
        )


class ActView(DecisionView):
    """One act on a decision, by POST; with mistakes the page comes back with the form as it was sent."""

    http_method_names = ["post"]
    roles = _BUREAU
    form_class: ClassVar[type[RefusableForm]] = RefusableForm
    form_name: ClassVar[str] = ""
    done: ClassVar[str] = ""

    def act(self, decision: ListDecision, data: dict[str, Any]) -> None:
        raise NotImplementedError

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        decision = self.decision()
        form = self.form_class(request.POST)
        if form.is_valid() and _saved(lambda: self.act(decision, form.cleaned_data), form):
            messages.success(request, self.done)
            return redirect("list_decision", pk=pk)
        named = {self.form_name: form} if self.form_name else {}
        return self.render_to_response(self.get_context_data(error_form=form, **named), status=422)


class ReviewDecisionView(ActView):
    form_class, form_name, done = forms.ReviewForm, "review_form", "复核已记录。"

    def act(self, decision: ListDecision, data: dict[str, Any]) -> None:
        actor, now = signed_in(self.request), clock.now()
        services.review(decision.pk, approve=data["approve"] == "1", note=data["note"], actor=actor, now=now)


class WithdrawView(ActView):
    done = "提议已撤回。"

    def act(self, decision: ListDecision, data: dict[str, Any]) -> None:
        services.withdraw(decision.pk, actor=signed_in(self.request))


class PublishView(ActView):
    form_class, form_name, done = forms.PublishForm, "publish_form", "公布日期已登记。"

    def act(self, decision: ListDecision, data: dict[str, Any]) -> None:
        services.publish(decision.pk, on=data["on"], actor=signed_in(self.request), now=clock.now())


class AppealView(ActView):
    roles = _BUREAU | {RoleKind.ORG}
    form_class, form_name, done = forms.AppealForm, "appeal_form", "申诉已提交，答复前原决定继续有效。"

    def act(self, decision: ListDecision, data: dict[str, Any]) -> None:
        actor, now = signed_in(self.request), clock.now()
        appeals.file_appeal(decision.pk, text=data["text"], filed_on=data["filed_on"], actor=actor, now=now)


class AnswerView(ActView):
    form_class, form_name, done = forms.AnswerForm, "answer_form", "答复已记录。"

    def act(self, decision: ListDecision, data: dict[str, Any]) -> None:
        pending = ListAppeal.objects.filter(decision=decision, result="").first()
        if pending is None:
            raise Refused("这项决定没有待答复的申诉。", status=409)
        actor, now = signed_in(self.request), clock.now()
        appeals.decide_appeal(pending.pk, result=data["result"], answer=data["answer"], actor=actor, now=now)


class BureauFormView(ScopedView):
    """A page of the bureau with one form."""

    roles = _BUREAU
    form_class: ClassVar[type[RefusableForm]] = RefusableForm
    form_name: ClassVar[str] = "form"

    def form(self, data: Any = None) -> RefusableForm:
        return self.form_class(data)

    def save(self, data: dict[str, Any]) -> str:
        """Do it; returns where to go."""
        raise NotImplementedError

    def post(self, request: HttpRequest) -> HttpResponse:
        form, gone = self.form(request.POST), []
        if form.is_valid() and _saved(lambda: gone.append(self.save(form.cleaned_data)), form):
            return redirect(gone[0])
        return self.render_to_response(self.get_context_data(**{self.form_name: form, "error_form": form}), status=422)


class ProposeView(BureauFormView):
    """提出列入或移出."""

    template_name = "lists/propose.html"

    def form(self, data: Any = None) -> RefusableForm:
        institutions = self.scoped(Institution.objects.filter(kind__in=selectors.LISTED_KINDS))
        given = {name: self.request.GET.get(name, "") for name in ("institution", "kind", "act")}
        initial = {name: value for name, value in given.items() if value} | {"effective_on": clock.today()}
        return forms.ProposalForm(data, institutions=institutions, initial=initial)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = kwargs.pop("form", None) or self.form()
        has_criteria = ListCriteria.objects.exists()
        return super().get_context_data(form=form, has_criteria=has_criteria, scope_trail=_trail("提出决定"), **kwargs)

    def save(self, data: dict[str, Any]) -> str:
        data = dict(data)
        is_entry = data.pop("act") == ListDecision.Act.ENTRY
        institution, kind = data.pop("institution"), data.pop("kind")
        propose = services.propose_entry if is_entry else services.propose_exit
        decision = propose(institution, kind, actor=signed_in(self.request), now=clock.now(), **data)
        messages.success(self.request, "提议已提交，由另一位区教育局人员复核后生效。")
        return reverse("list_decision", args=[decision.pk])


class WaitingView(ScopedView):
    """名单复核: proposals, appeals and what is not public yet."""

    template_name = "lists/waiting.html"
    roles = _BUREAU

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = signed_in(self.request)
        return super().get_context_data(
            heading=_waiting_words(user) or "名单上没有待办事项",
            scope_trail=_trail("待办"),
            **selectors.waiting(user),
            **kwargs,
        )


class StandardsView(BureauFormView):
    """列入标准 and 年度名单日."""

    template_name = "lists/standards.html"
    form_class: ClassVar[type[RefusableForm]] = forms.CriteriaForm
    form_name = "criteria_form"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **{
                "criteria_form": forms.CriteriaForm(),
                "date_form": forms.ListDateForm(),
                "criteria": ListCriteria.objects.all(),
                "dates": ListDate.objects.all(),
                "scope_trail": _trail("标准与名单日"),
                **kwargs,
            }
        )

    def save(self, data: dict[str, Any]) -> str:
        data = dict(data)
        made = standards.save_criteria(data.pop("kind"), data.pop("version"), actor=signed_in(self.request), **data)
        messages.success(self.request, f"已保存{made}。")
        return reverse("list_standards")


class ListDateView(StandardsView):
    http_method_names = ["post"]
    form_class, form_name = forms.ListDateForm, "date_form"

    def save(self, data: dict[str, Any]) -> str:
        on = cast(dt.date, data["on"])
        actor, now = signed_in(self.request), clock.now()
        standards.set_list_date(on.year, on=on, reference=data["reference"], actor=actor, now=now)
        messages.success(self.request, f"已设定 {on.year} 年度名单日。")
        return reverse("list_standards")


def _saved(act: Any, form: RefusableForm) -> bool:
    """Whether the act was done; else what was wrong stands in the form. Without the right it is 403."""
    try:
        act()
    except InvalidInput as refused:
        form.add_refusal(refused)
    except Refused as refused:
        if refused.status == 403:
            raise PermissionDenied(refused.message) from refused
        if refused.status == 404:
            raise Http404(refused.message) from refused
        form.add_error(None, refused.message)
    else:
        return True
    return False


def _waiting_words(user: Any) -> str:
    found = selectors.waiting(user)
    parts = [
        f"{len(found[key])} 件{words}"
        for key, words in (("proposals", "提议待复核"), ("appeals", "申诉待答复"), ("unpublished", "决定待公布"))
        if found[key]
    ]
    return "，".join(parts)


def _trail(here: str) -> list[dict[str, str]]:
    return [{"label": "名单", "url": reverse("lists")}, {"label": here, "url": ""}]


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
