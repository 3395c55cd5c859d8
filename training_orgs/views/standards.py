"""The bureau's dated data (guide prices, word lists, fee bounds), and advertisements held against the word list."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from shuangjian.accounts.models import RoleKind
from shuangjian.accounts.requests import signed_in
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput, Refused
from shuangjian.core.views import ScopedView
from shuangjian.dashboards.views.asked import asked
from shuangjian.rules.parameters import get_parameter
from training_orgs.choices import Mode
from training_orgs.forms.standards import EndForm, GuidePriceForm, WordForm
from training_orgs.models import Advertisement, GuidePrice, ListedWord
from training_orgs.selectors import ads as listing
from training_orgs.services import standards
from training_orgs.services.ads import record_clue

PAGE_SIZE = 50
_BUREAU: frozenset[str] = frozenset({RoleKind.BUREAU})
_ABOVE: frozenset[str] = frozenset({RoleKind.BUREAU, RoleKind.CENTRE, RoleKind.TOWN})
_MODES = {mode.value: mode.label for mode in Mode}
#: Standards about fees, shown beside the guide prices; the bureau changes them as it does every standard.
_BOUNDS = (
    "training_orgs.price_float",
    "training_orgs.standard_minutes",
    "training_orgs.prepaid_hours",
    "training_orgs.prepaid_months",
    "training_orgs.once_amount",
)


class StandardsView(ScopedView):
    """指导价与词表: what holds today, what has ended and what is to come."""

    template_name = "training_orgs/standards.html"
    roles = _ABOVE | {RoleKind.ORG, RoleKind.DEPARTMENT}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, today = signed_in(self.request), clock.today()
        listed = asked(self.request, "list")
        listed = listed if listed in ListedWord.List.values else ListedWord.List.SUBJECT.value
        words = list(ListedWord.objects.filter(list=listed).order_by("is_exception", "word", "valid_from"))
        prices = list(GuidePrice.objects.all())
        options = [{"value": value, "label": label} for value, label in ListedWord.List.choices]
        return super().get_context_data(
            prices=[(each, _stands(each, today)) for each in prices],
            priced=sum(_stands(each, today) == "" for each in prices),
            words=[(each, _stands(each, today)) for each in words],
            listed=listed,
            list_label=ListedWord.List(listed).label,
            lists=options,
            bounds=[_bound(name) for name in _BOUNDS],
            may_change=user.role_kind == RoleKind.BUREAU and user.may_write,
            **kwargs,
        )


class _ActView(ScopedView):
    """A form with one act of the bureau on its dated data."""

    template_name = "training_orgs/act.html"
    roles = _BUREAU
    form_class: type[Form]
    title: ClassVar[str]
    done: ClassVar[str]

    def act(self, values: dict[str, Any]) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define act(values).")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", self.form_class())
        return super().get_context_data(title=self.title, button=self.title, lead=self.lead(), **kwargs)

    def lead(self) -> str:
        """What it is done to."""
        return ""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not signed_in(request).may_write:
            raise PermissionDenied("您可以查看，不能修改；首次登录请先修改密码。")
        form: Any = self.form_class(request.POST)
        if form.is_valid():
            try:
                self.act(form.cleaned_data)
            except InvalidInput as refused:
                form.add_refusal(refused)
            except Refused as refused:
                form.add_error(None, refused.message)
            else:
                messages.success(request, f"{self.done}。随即重新比对。")
                return redirect("standards")
        return self.render_to_response(self.get_context_data(form=form), status=422)


class WordAddView(_ActView):
    form_class, title, done = WordForm, "添加词语", "已添加词语"

    def act(self, values: dict[str, Any]) -> Any:
        return standards.add_word(actor=self.request.user, **values)


class WordEndView(_ActView):
    form_class, title, done = EndForm, "终止词语", "已终止词语"

    def lead(self) -> str:
        word = get_object_or_404(ListedWord, pk=self.kwargs["pk"])
        return f"{word.get_list_display()}：{word.word}"

    def act(self, values: dict[str, Any]) -> Any:
        word = get_object_or_404(ListedWord, pk=self.kwargs["pk"])
        return standards.end_word(word.pk, actor=self.request.user, **values)


class PriceAddView(_ActView):
    form_class, title, done = GuidePriceForm, "添加指导价", "已添加指导价"

    def act(self, values: dict[str, Any]) -> Any:
        return standards.add_guide_price(actor=self.request.user, **values)


class PriceEndView(_ActView):
    form_class, title, done = EndForm, "终止指导价", "已终止指导价"

    def lead(self) -> str:
        price = get_object_or_404(GuidePrice, pk=self.kwargs["pk"])
        return f"{price.get_mode_display()}，{price.size_from} 人起，{price.price} 元/标准课时"

    def act(self, values: dict[str, Any]) -> Any:
        price = get_object_or_404(GuidePrice, pk=self.kwargs["pk"])
        return standards.end_guide_price(price.pk, actor=self.request.user, **values)


class AdsView(ScopedView):
    """广告: those with a word of the list or in a banned place first to be looked at; every filter in the address."""

    template_name = "training_orgs/ads.html"
    roles = _ABOVE | {RoleKind.DEPARTMENT}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, today = signed_in(self.request), clock.today()
        every = self.scoped(Advertisement.objects.all())
        place, only, word = (asked(self.request, name) for name in ("place", "only", "q"))
        rows = listing.with_hits(every, today) if only == "hits" else every
        if only == "banned":
            rows = rows.filter(place__in=listing.BANNED_PLACES)
        rows = rows.filter(place=place) if place in Advertisement.Place.values else rows
        rows = rows.filter(institution__name__icontains=word) if word else rows
        rows = listing.with_clue(rows).select_related("institution__town").order_by("-seen_on", "-pk")
        page = Paginator(rows, PAGE_SIZE).get_page(asked(self.request, "page"))
        hits = listing.with_hits(listing.standing(every, today), today).count()
        kinds = [{"value": "hits", "label": "命中词表"}, {"value": "banned", "label": "禁止发布的位置"}]
        places = [{"value": value, "label": label} for value, label in Advertisement.Place.choices]
        return super().get_context_data(
            page_obj=page,
            lines=listing.ad_lines(page, user, today),
            hits=hits,
            total=every.count(),
            query=word,
            filters=[
                {"label": "提示", "param": "only", "value": only, "options": kinds},
                {"label": "位置", "param": "place", "value": place, "options": places},
            ],
            is_filtered=bool(self.request.GET),
            may_record=user.role_kind in _ABOVE and user.may_write,
            **kwargs,
        )


class AdClueView(ScopedView):
    """登记为线索."""

    http_method_names = ["post"]
    roles = _ABOVE

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        user = signed_in(request)
        ad = cast(Advertisement, self.get_scoped_or_404(Advertisement.objects.select_related("institution"), pk=pk))
        if not user.may_write:
            raise PermissionDenied("您可以查看，不能登记；首次登录请先修改密码。")
        try:
            found = record_clue(ad, actor=user)
        except Refused as refused:
            messages.warning(request, refused.message)
            return redirect("ads")
        messages.success(request, f"已登记为线索 {found.number}，请核查后认定。")
        return redirect("observation", number=found.number)


def _stands(row: Any, today: Any) -> str:
    """ "" while it holds, else why not."""
    if row.valid_from > today:
        return f"{row.valid_from} 起施行"
    return f"已于 {row.valid_until} 终止" if row.valid_until is not None and row.valid_until < today else ""


def _bound(name: str) -> dict[str, Any]:
    parameter = get_parameter(name)
    entries = [(_MODES.get(key, key), entry) for key in parameter.file.values for entry in parameter.entries(key)]
    return {"parameter": parameter, "entries": entries}
