"""full_clean for services: what Django raises becomes the InvalidInput that form, sheet and API show."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models

from shuangjian.core.errors import InvalidInput, Problem


def full_clean(instance: models.Model, exclude: Iterable[str] = ()) -> None:
    """Validate every field, the model's own checks and its constraints; InvalidInput lists what is wrong by field."""
    try:
        instance.full_clean(exclude=set(exclude))
    except ValidationError as error:
        raise InvalidInput(problems_of(error)) from error


def problems_of(error: ValidationError, prefix: str = "") -> list[Problem]:
    """One Problem for each message; its path is ``prefix`` and the field's name (nothing for the whole record)."""
    return [
        Problem(prefix + ("" if field == NON_FIELD_ERRORS else field), message)
        for field, messages in error.message_dict.items()
        for message in messages
    ]
