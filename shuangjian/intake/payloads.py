"""The canonical form of a payload, so that equal content has an equal hash whatever its spelling."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical(payload: dict[str, Any]) -> str:
    """JSON text with sorted keys and no spare blanks; the order of rows is kept, since people wrote it."""
    return json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sha256(payload: dict[str, Any]) -> str:
    """SHA-256 of the canonical form, 64 hex digits."""
    return hashlib.sha256(canonical(payload).encode()).hexdigest()
