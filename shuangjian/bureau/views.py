"""The calendar page, its forms, and the institutions whose town is still to be confirmed."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import messages
from django.db import models
from django.db.models import Q
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from shuangjian.bureau import calendar_services, institution_services
from shuangjian.bureau.calendar_models import Break, CalendarDay, Term
from shuangjian.bureau.forms import BreakForm, CalendarDayForm, ConfirmTownForm, RefusableForm, TermForm
from shuangjian.bureau.models import Institution, Town
from shuangjian.core import clock
from shuangjian.core.choices import Stage
from shuangjian.core.errors import Conflict, InvalidInput
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.core.views import ScopedView
from shuangjian.journal.runs import collecting_runs

# Named as text: the accounts stand in a higher layer.
BUREAU = frozenset({"bureau"})
_AUGUST = 8
BUREAU_AND_CENTRES = frozenset({"bureau", "centre"})


class CalendarView(ScopedView):
    """校历: terms and breaks of each stage, and the exceptions that hold for those whom the reader may see."""

    template_name = "bureau/calendar.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        visible = self.scoped(Institution.objects.all())
        days = CalendarDay.objects.filter(
            Q(level=CalendarDay.Level.DISTRICT)
            | Q(town__in=visible.values("town"))
            | Q(institution__in=visible.values("pk"))
        ).select_related("town", "institution")
        years = sorted({date.year for date in days.values_list("date", flat=True)})
        # Past years are looked up now and then, and would push what matters off the screen.
        since, year = _school_year(clock.today()), self.request.GET.get("year", "")
        may_edit = getattr(self.request.user, "role_kind", None) in BUREAU
        if year in map(str, years):
            days = days.filter(date__year=int(year))
        else:
            year, days = "", days.filter(date__year__gte=since)
        spans: list[Term | Break] = [*Term.objects.all(), *Break.objects.all()]
        return super().get_context_data(
            spans=sorted(spans, key=lambda span: (span.starts_on, Stage.values.index(span.stage))),
            provisional=sum(span.certainty == "provisional" for span in spans),
            days=days,
            filters=[
                {
                    "label": "年份",
                    "param": "year",
                    "all": f"{since} 年起",
                    "value": year,
                    "options": [{"value": str(y), "label": f"{y} 年"} for y in years],
                }
            ],
            may_edit=may_edit,
            run_ids=_run_ids(self.request) if may_edit else [],
            today=clock.today(),
            **kwargs,
        )


def _school_year(today: dt.date) -> int:
    """The year in which the school year began that the day lies in: it begins in August."""
    return today.year if today.month >= _AUGUST else today.year - 1


class CalendarEditView(ScopedView):
    """Adds or changes one entry of the calendar, and shows what the service refuses at its field."""

    template_name = "bureau/calendar_form.html"
    roles = BUREAU
    model: ClassVar[type[Term | Break | CalendarDay]]
    form_class: ClassVar[type[RefusableForm]]
    subject: ClassVar[str]
    remove_url: ClassVar[str]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        entry = self.entry()
        kwargs.setdefault("form", self.form(entry))
        remove_url = reverse(self.remove_url, args=[entry.pk]) if entry else ""
        return super().get_context_data(entry=entry, subject=self.subject, remove_url=remove_url, **kwargs)

    def post(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        entry = self.entry()
        form = self.form(entry, request.POST)
        if form.is_valid():
            try:
                with collecting_runs() as runs:
                    saved = self.save(entry, form.cleaned_data)
            except InvalidInput as refused:
                form.add_refusal(refused)
            else:
                messages.success(request, f"{self.subject}“{saved}”已保存，{_became_of(runs)}")
                return _to_calendar(runs)
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def entry(self) -> Any:
        pk = self.kwargs.get("pk")
        return get_object_or_404(self.model, pk=pk) if pk is not None else None

    def form(self, entry: models.Model | None, data: Any = None) -> RefusableForm:
        initial = {name: getattr(entry, name) for name in self.form_class.base_fields} if entry else {}
        return self.form_class(data, initial=initial)

    def save(self, entry: Any, cleaned: dict[str, Any]) -> models.Model:
        raise NotImplementedError(f"{type(self).__name__} must call its service in save(entry, cleaned).")


def _became_of(runs: list[int]) -> str:
    if not runs:
        return "没有单位的上课日因此改变，不需要重新比对。"
    return "相关单位的上课日已重新计算，已报的数据正在重新比对。"


def _to_calendar(runs: list[int]) -> HttpResponse:
    """Back to the calendar, where the receipts of these runs fill."""
    return redirect(f"{reverse('calendar')}{'?' if runs else ''}{urlencode([('run', run) for run in runs])}")


def _run_ids(request: HttpRequest) -> list[int]:
    """Runs whose receipts the calendar shows, at most three; their own address decides who may see them."""
    return [
        int(text) for text in request.GET.getlist("run")[:3] if text.isascii() and text.isdigit() and len(text) < 16
    ]


class TermEditView(CalendarEditView):
    """学期."""

    model, form_class, subject, remove_url = Term, TermForm, "学期", "term_remove"

    def save(self, entry: Term | None, cleaned: dict[str, Any]) -> Term:
        return calendar_services.save_term(**cleaned, term=entry, actor=self.request.user)


class BreakEditView(CalendarEditView):
    """假期."""

    model, form_class, subject, remove_url = Break, BreakForm, "假期", "break_remove"

    def save(self, entry: Break | None, cleaned: dict[str, Any]) -> Break:
        return calendar_services.save_break(**cleaned, school_break=entry, actor=self.request.user)


class CalendarDayEditView(CalendarEditView):
    """校历例外."""

    model, form_class, subject, remove_url = CalendarDay, CalendarDayForm, "例外", "calendar_day_remove"

    def form(self, entry: models.Model | None, data: Any = None) -> RefusableForm:
        initial = {name: getattr(entry, name) for name in CalendarDayForm.base_fields} if entry else {}
        schools = self.scoped(Institution.objects.filter(kind=Institution.Kind.SCHOOL))
        return CalendarDayForm(data, initial=initial, schools=schools)

    def save(self, entry: CalendarDay | None, cleaned: dict[str, Any]) -> CalendarDay:
        return calendar_services.save_calendar_day(**cleaned, calendar_day=entry, actor=self.request.user)


class CalendarRemoveView(ScopedView):
    """Asks first (GET), then removes one entry of the calendar (POST)."""

    template_name = "bureau/calendar_remove.html"
    roles = BUREAU
    model: ClassVar[type[Term | Break | CalendarDay]]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(entry=get_object_or_404(self.model, pk=self.kwargs["pk"]), **kwargs)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        entry = get_object_or_404(self.model, pk=pk)
        label = str(entry)
        with collecting_runs() as runs:
            self.remove(entry)
        messages.success(request, f"“{label}”已移除，{_became_of(runs)}")
        return _to_calendar(runs)

    def remove(self, entry: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} must call its service in remove(entry).")


class TermRemoveView(CalendarRemoveView):
    """移除学期."""

    model = Term

    def remove(self, entry: Term) -> None:
        calendar_services.delete_term(entry, actor=self.request.user)


class BreakRemoveView(CalendarRemoveView):
    """移除假期."""

    model = Break

    def remove(self, entry: Break) -> None:
        calendar_services.delete_break(entry, actor=self.request.user)


class CalendarDayRemoveView(CalendarRemoveView):
    """移除例外."""

    model = CalendarDay

    def remove(self, entry: CalendarDay) -> None:
        calendar_services.delete_calendar_day(entry, actor=self.request.user)


class UnconfirmedTownsView(ScopedView):
    """镇街待核实: the institutions without a town, which no town sees until somebody settles it."""

    template_name = "bureau/unconfirmed_towns.html"
    roles = BUREAU_AND_CENTRES

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        waiting = unconfirmed(self.scoped(Institution.objects.select_related("centre")))
        return super().get_context_data(institutions=waiting, **kwargs)


class ConfirmTownView(ScopedView):
    """Settles the town of one institution; one that is settled, or out of sight, is 404."""

    template_name = "bureau/confirm_town.html"
    roles = BUREAU_AND_CENTRES

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        institution = self.institution()
        form: Form = kwargs.pop("form", None) or ConfirmTownForm(institution=institution)
        return super().get_context_data(institution=institution, form=form, **kwargs)

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        institution = self.institution()
        form = ConfirmTownForm(request.POST, institution=institution)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        town = Town.objects.get(code=form.cleaned_data["town"])
        try:
            institution_services.confirm_town(institution, town, actor=request.user, today=clock.today())
        except Conflict as conflict:
            messages.error(request, conflict.message)
        else:
            messages.success(request, f"“{institution.name}”的镇街已核实为{town.name}。")
        return redirect("unconfirmed_towns")

    def institution(self) -> Institution:
        found = self.get_scoped_or_404(unconfirmed(Institution.objects.all()), code=self.kwargs["code"])
        assert isinstance(found, Institution)
        return found


def unconfirmed(institutions: ScopedQuerySet[Institution]) -> ScopedQuerySet[Institution]:
    """Those of them whose town is to be confirmed; public bodies of the whole district have none by nature."""
    return institutions.filter(town__isnull=True).exclude(kind=Institution.Kind.PUBLIC_BODY)
