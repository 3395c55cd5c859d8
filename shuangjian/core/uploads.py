"""Uploaded files that are too large for anything the portal reads never reach memory or disk."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

#: Each reader has its own, smaller limit and words for it; this one bounds what a request may leave on the disk.
MOST_BYTES = 20 * 1024 * 1024


class QuotaUploadHandler(FileUploadHandler):
    """First of the upload handlers: a file beyond the quota is left out of ``request.FILES``, the other fields stay,
    and ``was_too_large`` tells the view so."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._received = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self._received += len(raw_data)
        if self._received > MOST_BYTES:
            if self.request is not None:
                self.request.META[_TOO_LARGE] = self.field_name or ""
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


_TOO_LARGE = "shuangjian.upload_too_large"


def was_too_large(request: HttpRequest, field: str) -> bool:
    """Whether the form's file of this name was left out for its size."""
    return request.META.get(_TOO_LARGE) == field
