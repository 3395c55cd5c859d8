"""Photos over a bad line: PUT appends raw bytes at Upload-Offset, GET tells how far it has come."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from inspections.services.photos import PhotoProgress, Sent
from shuangjian.api.filters import InstantField
from shuangjian.core.errors import InvalidInput, Problem

QUERY = ("item", "caption", "taken_at", "latitude", "longitude", "name")
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/=]{44}):")


class RawParser(BaseParser):
    """Leaves the body unread, whatever it says it is: the service reads the stream itself."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        return {}


def sent_photo(request: Request) -> Sent:
    """What headers and query say of the photo; InvalidInput names each that cannot be read."""
    problems: list[Problem] = []
    asked = request.query_params
    length = _whole(request.headers.get("Upload-Length") or request.headers.get("Content-Length", ""))
    offset = _whole(request.headers.get("Upload-Offset", "0"))
    if length is None:
        problems.append(Problem("Upload-Length", "请写明照片的总字节数。", "required"))
    if offset is None:
        problems.append(Problem("Upload-Offset", "应为从 0 起的整数：这一段从第几个字节开始。"))
    taken_at = None
    if asked.get("taken_at"):
        try:
            taken_at = InstantField().to_python(asked["taken_at"])
        except Exception as error:  # FormError carries the words
            problems.append(Problem("taken_at", "；".join(getattr(error, "messages", [str(error)]))))
    sent = Sent(
        total=length or 0,
        offset=offset or 0,
        name=asked.get("name", "")[:120],
        sha256=_digest(request.headers.get("Content-Digest", ""), problems),
        item=asked.get("item", ""),
        caption=asked.get("caption", ""),
        taken_at=taken_at,
        latitude=_decimal(asked.get("latitude"), "latitude", problems),
        longitude=_decimal(asked.get("longitude"), "longitude", problems),
    )
    if problems:
        raise InvalidInput(problems)
    return sent


def told(progress: PhotoProgress, url: str) -> dict[str, Any]:
    """The answer to PUT and GET."""
    stored = progress.photo.stored if progress.photo is not None else None
    return {
        "received": progress.received,
        "total": progress.total,
        "complete": progress.is_complete,
        "sha256": stored.sha256 if stored is not None else "",
        "size": stored.size if stored is not None else 0,
        "url": url if stored is not None else "",
    }


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def _digest(header: str, problems: list[Problem]) -> str:
    """Content-Digest (RFC 9530) as hexadecimal; "" without one. Of the whole photo, also where a part of it is sent."""
    if not header:
        return ""
    match = _DIGEST.fullmatch(header.strip())
    try:
        raw = b64decode(match[1], validate=True) if match else b""
    except binascii.Error:
        raw = b""
    if len(raw) != 32:
        problems.append(Problem("Content-Digest", "应为整张照片的 sha-256=:<Base64>:，或不带这个请求头。"))
    return raw.hex()


def _decimal(text: str | None, path: str, problems: list[Problem]) -> Decimal | None:
    if not text:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        problems.append(Problem(path, "应为数，如 22.937244。"))
        return None
