"""Answers to the phone's scripts: saved, refused, or changed by somebody else, as JSON; to a plain form a redirect."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404

from inspections.models import Visit
from inspections.pages.record import filed_to, is_own
from shuangjian.accounts.models import RoleKind, User
from shuangjian.accounts.requests import signed_in
from shuangjian.core.errors import InvalidInput, Refused
from shuangjian.core.views import ScopedView

#: Whose accounts may be inspectors of a visit.
INSPECTING: frozenset[str] = frozenset(
    {RoleKind.INSPECTOR, RoleKind.BUREAU, RoleKind.CENTRE, RoleKind.TOWN, RoleKind.DEPARTMENT}
)
#: Whoever reads visits; what each sees of one is decided at the visit.
READING: frozenset[str] = INSPECTING | {RoleKind.SCHOOL, RoleKind.ORG}


class VisitPage(ScopedView):
    """A page or an act of one visit, by its key; one outside the reader's scope is 404."""

    roles = READING

    @property
    def user(self) -> User:
        return signed_in(self.request)

    def visit(self) -> Visit:
        return self._of(Visit.objects.visible_to(self.user))

    def readable_visit(self) -> Visit:
        """As ``visit``, and for the institution one that was filed: for a page that tells it what it may know."""
        return self._of(filed_to(self.user)) if is_own(self.user) else self.visit()

    def _of(self, visits: QuerySet[Visit]) -> Visit:
        rows = visits.select_related(
            "institution__town", "checklist", "complaint", "follows", "handed_in_by", "reviewed_by"
        )
        return get_object_or_404(rows, key=self.kwargs["key"])


def wants_json(request: HttpRequest) -> bool:
    """Whether the phone's script asks, and no form of a page without script."""
    return "application/json" in request.headers.get("Accept", "")


def refusal(refused: Refused, **more: Any) -> JsonResponse:
    """{"message", "problems": [{path, message, code}], …} with the refusal's status."""
    problems = refused.problems if isinstance(refused, InvalidInput) else []
    body = {"message": refused.message, "problems": [each.as_dict() for each in problems], **more}
    return JsonResponse(body, status=refused.status, json_dumps_params={"ensure_ascii": False})


def whole_number(text: str, otherwise: int = 0) -> int:
    """The number that a field of the page holds; ``otherwise`` for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise
