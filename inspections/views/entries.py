"""What the phone form saves while one fills it in: answers, people and result, photos."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from inspections.models import Visit
from inspections.services.answers import save_answer
from inspections.services.photos import PhotoProgress, Sent, photo_progress, receive_photo, remove_photo
from inspections.services.visits import Stale, save_details, set_inspectors
from inspections.views.answering import INSPECTING, VisitPage, refusal, wants_json, whole_number
from inspections.views.place import aware
from shuangjian.accounts.models import User
from shuangjian.core.errors import InvalidInput, Problem, Refused
from shuangjian.files.partial import OutOfStep
from shuangjian.files.pieces import asked_piece, told
from shuangjian.files.views import file_response


class _EntryView(VisitPage):
    """Saves one form of the page; the script gets JSON, a page without script goes back to the visit."""

    http_method_names = ["post"]
    roles = INSPECTING

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        visit = self.visit()
        try:
            answer = self.save(visit)
        except Stale as stale:
            if wants_json(request):
                return refusal(stale, stored=self.as_fields(stale.stored), revision=stale.stored["revision"])
            return redirect("visit", key=visit.key)
        except Refused as refused:
            if wants_json(request):
                return refusal(refused)
            if refused.status == 403:
                raise PermissionDenied(refused.message) from refused
            return redirect("visit", key=visit.key)
        if not wants_json(request):
            return redirect(f"{reverse('visit', args=[visit.key])}{self.fragment()}")
        return JsonResponse(answer)

    def save(self, visit: Visit) -> dict[str, Any]:
        """Write what was posted; {"revision"} of what is stored now."""
        raise NotImplementedError

    def as_fields(self, stored: dict[str, Any]) -> dict[str, Any]:
        """What is stored, by the names of the form's fields."""
        return stored

    def fragment(self) -> str:
        return "#details"


class VisitAnswerView(_EntryView):
    """One item's answer, guarded by its own revision."""

    def save(self, visit: Visit) -> dict[str, Any]:
        posted = self.request.POST
        values: dict[str, Any] = {
            name: posted[name] for name in ("verdict", "note", "decision", "requirement") if name in posted
        }
        if "severity" in posted:
            values["severity"] = whole_number(posted["severity"]) or None
        if "due_on" in posted:
            values["due_on"] = _day(posted["due_on"])
        revision = whole_number(posted.get("revision", ""))
        answer = save_answer(visit.pk, self.kwargs["code"], values=values, revision=revision, actor=self.user)
        return {"revision": answer.revision}

    def as_fields(self, stored: dict[str, Any]) -> dict[str, Any]:
        names = ("verdict", "note", "decision", "severity", "requirement", "due_on")
        return {name: "" if stored[name] is None else str(stored[name]) for name in names}

    def fragment(self) -> str:
        return f"#item-{self.kwargs['code']}"


class VisitDetailsView(_EntryView):
    """People, departments, result and summary: one form, one revision."""

    @transaction.atomic
    def save(self, visit: Visit) -> dict[str, Any]:
        posted = self.request.POST
        revision = whole_number(posted.get("revision", ""))
        chosen = set(posted.getlist("inspectors"))
        if chosen and chosen != set(visit.inspectors.values_list("person__username", flat=True)):
            people = list(User.objects.with_units().filter(username__in=chosen))
            revision = set_inspectors(visit.pk, inspectors=people, revision=revision, actor=self.user).revision
        values = {
            "people_met": _people(posted, "met_name", "met_post", "post"),
            "companions": _people(posted, "companion_name", "companion_unit", "unit"),
            "departments": posted.getlist("departments"),
            **{name: posted[name] for name in ("result", "summary", "place_note") if name in posted},
        }
        return {"revision": save_details(visit.pk, values=values, revision=revision, actor=self.user).revision}

    def as_fields(self, stored: dict[str, Any]) -> dict[str, Any]:
        met, companions = stored["people_met"], stored["companions"]
        return {
            "inspectors": stored["inspectors"],
            "companion_name": [each["name"] for each in companions],
            "companion_unit": [each["unit"] for each in companions],
            "departments": stored["departments"],
            "met_name": [each["name"] for each in met],
            "met_post": [each["post"] for each in met],
            "result": stored["result"],
            "summary": stored["summary"],
            "place_note": stored["place_note"],
        }


class VisitPhotoView(VisitPage):
    """One photo by the key that the phone gave it: received in pieces, shown, taken out."""

    http_method_names = ["get", "put", "delete"]
    roles = INSPECTING  # a visit's photos are never shown to the institution

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        visit = self.visit()
        if wants_json(request):
            progress = photo_progress(visit, self.kwargs["photo"])
            if progress is None:
                raise Http404("没有这张照片。")
            return self._told(visit, progress)
        photo = get_object_or_404(visit.photos.select_related("stored"), key=self.kwargs["photo"])
        return file_response(request, photo.stored)

    def put(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        visit = self.visit()
        try:
            sent = _sent(request)
            progress = receive_photo(visit.pk, self.kwargs["photo"], sent=sent, stream=request, actor=self.user)
        except OutOfStep as behind:
            return refusal(behind, received=behind.progress.received, total=behind.progress.total)
        except Refused as refused:
            return refusal(refused)
        return self._told(visit, progress)

    def delete(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        visit = self.visit()
        try:
            remove_photo(visit.pk, self.kwargs["photo"], actor=self.user)
        except Refused as refused:
            return refusal(refused)
        return HttpResponse(status=204)

    def _told(self, visit: Visit, progress: PhotoProgress) -> JsonResponse:
        stored = progress.photo.stored if progress.photo is not None else None
        url = reverse("visit_photo", args=[visit.key, progress.key])
        return JsonResponse(told(progress.received, progress.total, stored, url))


def _sent(request: HttpRequest) -> Sent:
    """What headers and address say of the photo; InvalidInput for a header that cannot be read."""
    asked, problems = request.GET, list[Problem]()
    piece = asked_piece(request.headers, problems)
    if problems:
        raise InvalidInput(problems)
    return Sent(
        total=piece.total,
        offset=piece.offset,
        name=asked.get("name", "")[:120],
        sha256=piece.sha256,
        item=asked.get("item", "")[:12],
        caption=asked.get("caption", ""),
        taken_at=aware(asked.get("taken_at", "").replace("Z", "+00:00")),
    )


def _people(posted: QueryDict, first: str, second: str, key: str) -> list[dict[str, str]]:
    """Rows of two fields that stand side by side."""
    pairs = zip(posted.getlist(first), posted.getlist(second), strict=False)
    return [{"name": name, key: other} for name, other in pairs if name.strip() or other.strip()]


def _day(text: str) -> dt.date | None:
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise InvalidInput([Problem("due_on", "整改期限应为日期，如 2026-12-01。")]) from None
