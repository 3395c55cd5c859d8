"""Bodies sent in chunks, without a Content-Length: Django would see none of them and take them for empty."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

_BLOCK = 64 * 1024


class ChunkedBodies:
    """WSGI middleware: reads a chunked body up to ``limit`` bytes and hands it on with its length.

    A longer body is not read on: the application sees the length it had reached and refuses it.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]], limit: int) -> None:
        self.application = application
        self.limit = limit

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("wsgi.input_terminated") and "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
            body = self._read(environ["wsgi.input"])
            environ["wsgi.input"] = io.BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
            if len(body) > self.limit:  # nobody takes this for the whole length of a photo: its sender is asked for it
                environ.setdefault("HTTP_UPLOAD_LENGTH", "unknown")
            del environ["HTTP_TRANSFER_ENCODING"]
        return self.application(environ, start_response)

    def _read(self, stream: Any) -> bytes:
        body = bytearray()
        while len(body) <= self.limit:
            block = stream.read(_BLOCK)
            if not block:
                break
            body += block
        return bytes(body)
