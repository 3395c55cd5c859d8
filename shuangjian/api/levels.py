"""At which level a summary is told, and to whom: counts over a wider area than a token's own would tell of others."""

from __future__ import annotations

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from shuangjian.accounts.models import ApiToken
from shuangjian.api.authentication import token_of

DISTRICT, CENTRE, TOWN, INSTITUTION = "district", "centre", "town", "institution"
LEVELS = (DISTRICT, TOWN, INSTITUTION)
_LEVELS_OF: dict[str, tuple[str, ...]] = {
    ApiToken.Scope.DISTRICT: (DISTRICT, CENTRE, TOWN, INSTITUTION),
    ApiToken.Scope.TOWN: (TOWN, INSTITUTION),
    ApiToken.Scope.INSTITUTION: (INSTITUTION,),
}


def level_parameter(levels: tuple[str, ...] = LEVELS) -> OpenApiParameter:
    """The query parameter ``level`` for the OpenAPI description."""
    return OpenApiParameter("level", str, enum=list(levels), description="缺省为 institution")


def level_of(request: Request, levels: tuple[str, ...] = LEVELS) -> str:
    """The level asked for; 400 for a level that is none, 404 for one above the token's own scope."""
    level = request.query_params.get("level", INSTITUTION)
    if level not in levels:
        raise ValidationError({"level": f"应为 {'、'.join(levels)} 之一，现为“{level[:20]}”。"})
    if level not in _LEVELS_OF[token_of(request).scope]:
        raise Http404
    return level
