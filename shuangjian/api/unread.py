"""Bodies that were answered unread: a photo refused by its head, or one that had arrived before."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

_BLOCK = 64 * 1024
#: What a sender may still have on its way; beyond it the line is cut.
MOST_BYTES = 64 * 1024 * 1024
_LONGEST_SECONDS = 30.0
_IDLE_SECONDS = 5.0


class UnreadBodies:
    """WSGI middleware for gunicorn: takes what the application left of a body off the line, after the answer is sent.

    gunicorn closes a line on which more than 64 KB wait unread. Then the sender's system throws away the answer that
    it had not read yet, or, where it had, the next request on that line fails.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body, line = environ.get("wsgi.input"), environ.get("gunicorn.socket")
        has_body = environ.get("CONTENT_LENGTH", "") not in ("", "0") or "HTTP_TRANSFER_ENCODING" in environ
        answer = self.application(environ, start_response)
        return _Answer(answer, body, line) if has_body and line is not None else answer


class _Answer:
    """The application's answer; closed, as the server does after the last byte, it reads what is left of the body."""

    def __init__(self, answer: Iterable[bytes], body: Any, line: Any) -> None:
        self.answer, self.body, self.line = answer, body, line

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.answer)

    def close(self) -> None:
        try:
            if hasattr(self.answer, "close"):
                self.answer.close()
        finally:
            # Hung up, silent for too long, or not to be read any more: the server closes the line.
            with contextlib.suppress(OSError):
                self._drain()

    def _drain(self) -> None:
        until, left, before = time.monotonic() + _LONGEST_SECONDS, MOST_BYTES, self.line.gettimeout()
        try:
            while left > 0 and time.monotonic() < until:
                self.line.settimeout(_IDLE_SECONDS)
                block = self.body.read(min(_BLOCK, left))
                if not block:
                    return
                left -= len(block)
        finally:
            self.line.settimeout(before)
