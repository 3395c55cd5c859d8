"""Photos over a bad line: PUT appends raw bytes at Upload-Offset, GET tells how far it has come.

What every resource that takes photos has in common; what a photo belongs to, and who may send it, is the resource's.
The headers and the answer are those of files.pieces, as on pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.response import Response

from shuangjian.api.problems import Rejection
from shuangjian.api.views.base import ApiView
from shuangjian.files.partial import OutOfStep

#: A key in an address that comes from the sender.
KEY = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_NO_LIMIT = 2**40  # the service reads no more than the photo's own length, and refuses that beyond 20 MB
_HEADERS = (
    OpenApiParameter("Upload-Offset", int, OpenApiParameter.HEADER, description="这一段的起点，默认 0"),
    OpenApiParameter("Upload-Length", int, OpenApiParameter.HEADER, description="整张照片的字节数，最多 20 MB"),
    OpenApiParameter("Content-Digest", str, OpenApiParameter.HEADER, description="整张照片的 sha-256=:<Base64>:"),
)


class PhotoProgressSerializer(serializers.Serializer[Any]):
    received = serializers.IntegerField(help_text="已收字节数：从这里继续发送")
    total = serializers.IntegerField()
    complete = serializers.BooleanField()
    sha256 = serializers.CharField(allow_blank=True, help_text="收到的原件的校验值；没有收完为空")
    size = serializers.IntegerField(help_text="展示用图片的字节数")
    url = serializers.CharField(allow_blank=True)


def describes_photo_put(query: tuple[str, ...]) -> Any:
    """The OpenAPI description of a PUT that takes a piece of a photo, and ``query`` in its address."""
    return extend_schema(
        summary="发送一张照片：原始字节，可从断点继续，可重复发送",
        parameters=[*(OpenApiParameter(name, str) for name in query), *_HEADERS],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={200: PhotoProgressSerializer, 201: PhotoProgressSerializer},
    )


class RawParser(BaseParser):
    """Leaves the body unread, whatever it says it is: the service reads the stream itself."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        return {}


class TakesPhotos(ApiView):
    """A viewset whose action ``put_photo`` reads a photo from the request itself, piece by piece."""

    action: str

    def most_bytes(self) -> int:
        return _NO_LIMIT if self.action == "put_photo" else super().most_bytes()

    def answer(self, handler: Callable[..., Response]) -> HttpResponse:
        """A photo's own key makes its PUT repeatable; an Idempotency-Key would have to read its body."""
        if self.action == "put_photo":
            return handler(self.request, *self.args, **self.kwargs)
        return super().answer(handler)


@contextmanager
def telling_where_to_go_on() -> Iterator[None]:
    """409 with what is kept, where the bytes sent do not follow it."""
    try:
        yield
    except OutOfStep as behind:
        extra = {"received": behind.progress.received, "total": behind.progress.total}
        raise Rejection(behind.message, code=behind.code, status=409, extra=extra) from None


def sent_key(text: str) -> UUID:
    """The key in an address, as KEY lets it through."""
    return UUID(text)
