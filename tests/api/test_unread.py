"""What an application leaves of a body is read after its answer, within bounds."""

from __future__ import annotations

import io
from typing import Any

import pytest

from shuangjian.api import unread
from shuangjian.api.unread import UnreadBodies


class Line:
    """A socket as gunicorn hands it on."""

    timeout: float | None = None

    def gettimeout(self) -> float | None:
        return self.timeout

    def settimeout(self, seconds: float | None) -> None:
        self.timeout = seconds


class Cut(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise ConnectionResetError


def answered(body: io.BytesIO, **environ: Any) -> Any:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        return [b"refused"]

    said = {"CONTENT_LENGTH": "9", "wsgi.input": body, "gunicorn.socket": Line(), **environ}
    return UnreadBodies(application)(said, None)  # type: ignore[arg-type]


def test_the_answer_comes_first_and_then_the_rest_is_read() -> None:
    body = io.BytesIO(b"x" * 300_000)
    answer = answered(body)
    assert (list(answer), body.tell()) == ([b"refused"], 0)
    answer.close()
    assert body.tell() == 300_000


def test_what_goes_on_for_ever_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "MOST_BYTES", 100_000)
    body = io.BytesIO(b"x" * 300_000)
    answered(body).close()
    assert body.tell() == 100_000


def test_a_line_that_breaks_meanwhile_is_no_error_and_keeps_its_own_timeout() -> None:
    line = Line()
    answered(Cut(), **{"gunicorn.socket": line}).close()
    assert line.timeout is None


def test_without_a_body_the_answer_is_the_application_s_own() -> None:
    """A file is sent by the system call that only the server's own wrapper gets."""
    assert isinstance(answered(io.BytesIO(), CONTENT_LENGTH=""), list)
