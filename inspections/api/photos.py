"""What the address of a photo says of it, besides its bytes: see shuangjian.files.pieces."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from rest_framework.request import Request

from inspections.services.photos import Sent
from shuangjian.api.filters import InstantField
from shuangjian.core.errors import InvalidInput, Problem
from shuangjian.files.pieces import asked_piece

QUERY = ("item", "caption", "taken_at", "latitude", "longitude", "name")


def sent_photo(request: Request) -> Sent:
    """What headers and query say of the photo; InvalidInput names each that cannot be read."""
    problems: list[Problem] = []
    asked = request.query_params
    piece = asked_piece(request.headers, problems)
    taken_at = None
    if asked.get("taken_at"):
        try:
            taken_at = InstantField().to_python(asked["taken_at"])
        except Exception as error:  # FormError carries the words
            problems.append(Problem("taken_at", "；".join(getattr(error, "messages", [str(error)]))))
    sent = Sent(
        total=piece.total,
        offset=piece.offset,
        name=asked.get("name", "")[:120],
        sha256=piece.sha256,
        item=asked.get("item", ""),
        caption=asked.get("caption", ""),
        taken_at=taken_at,
        latitude=_decimal(asked.get("latitude"), "latitude", problems),
        longitude=_decimal(asked.get("longitude"), "longitude", problems),
    )
    if problems:
        raise InvalidInput(problems)
    return sent


def _decimal(text: str | None, path: str, problems: list[Problem]) -> Decimal | None:
    if not text:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        problems.append(Problem(path, "应为数，如 22.937244。"))
        return None
