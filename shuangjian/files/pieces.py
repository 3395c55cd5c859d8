"""Photos over a bad line: what the headers say of a piece that is sent, and how the sender is told how far it has come.

The same on pages and in the API: PUT appends raw bytes at Upload-Offset, GET asks.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shuangjian.core.errors import Problem
from shuangjian.files.models import StoredFile

_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/=]{44}):")


@dataclass(frozen=True)
class Piece:
    """What the headers say: the piece begins at ``offset`` of ``total`` bytes, of which ``sha256`` is the hash, or
    "" where it is not told."""

    total: int
    offset: int
    sha256: str


def asked_piece(headers: Mapping[str, str], problems: list[Problem]) -> Piece:
    """The piece that is sent; ``problems`` gets each header that cannot be read."""
    length = _whole(headers.get("Upload-Length") or headers.get("Content-Length", ""))
    offset = _whole(headers.get("Upload-Offset", "0"))
    if length is None:
        problems.append(Problem("Upload-Length", "请写明照片的总字节数。", "required"))
    if offset is None:
        problems.append(Problem("Upload-Offset", "应为从 0 起的整数：这一段从第几个字节开始。"))
    return Piece(length or 0, offset or 0, _digest(headers.get("Content-Digest", ""), problems))


def told(received: int, total: int, stored: StoredFile | None, url: str) -> dict[str, Any]:
    """The answer to PUT and GET; ``stored`` once the photo is whole."""
    return {
        "received": received,
        "total": total,
        "complete": stored is not None,
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
