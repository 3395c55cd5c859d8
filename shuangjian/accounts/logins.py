"""How a login name is written: one person, one login, however it is typed."""

from __future__ import annotations

import unicodedata

LOGIN_PATTERN = r"^[a-z0-9][a-z0-9._-]{2,39}$"


def normalised(login: str) -> str:
    """The one spelling of ``login``: full-width forms, capitals and spaces of any kind make no difference."""
    return "".join(unicodedata.normalize("NFKC", login).split()).casefold()
