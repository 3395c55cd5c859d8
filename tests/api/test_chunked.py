"""Bodies without a length, which Django by itself would take for empty."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.http.request import HttpHeaders

from shuangjian.api.chunked import ChunkedBodies
from shuangjian.core.errors import Problem
from shuangjian.files.pieces import asked_piece


class Stream(io.BytesIO):
    """Counts what was read of it."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        block = super().read(size)
        self.taken += len(block)
        return block


def through(stream: Stream, limit: int, **environ: Any) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ)
        return []

    ChunkedBodies(application, limit)({"wsgi.input": stream, **environ}, None)  # type: ignore[arg-type]
    return seen


CHUNKED = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}


def test_a_chunked_body_arrives_whole_with_its_length() -> None:
    seen = through(Stream(b"x" * 100), 1000, **CHUNKED)
    assert (seen["CONTENT_LENGTH"], seen["wsgi.input"].read()) == ("100", b"x" * 100)


def test_a_body_beyond_the_limit_is_not_read_on() -> None:
    stream = Stream(b"x" * 10_000_000)
    seen = through(stream, 1_000_000, **CHUNKED)
    assert int(seen["CONTENT_LENGTH"]) > 1_000_000
    assert stream.taken < 1_200_000


@pytest.mark.parametrize(("told", "problems"), [({}, ["Upload-Length"]), ({"HTTP_UPLOAD_LENGTH": "9000000"}, [])])
def test_where_a_photo_was_cut_its_length_is_asked_for_unless_it_was_told(
    told: dict[str, str], problems: list[str]
) -> None:
    seen = through(Stream(b"x" * 9_000_000), 1_000_000, **CHUNKED, **told)
    found: list[Problem] = []
    asked_piece(HttpHeaders(seen), found)
    assert [problem.path for problem in found] == problems


@pytest.mark.parametrize("environ", [{"CONTENT_LENGTH": "5"}, {"HTTP_TRANSFER_ENCODING": "chunked"}])
def test_other_bodies_are_left_alone(environ: dict[str, Any]) -> None:
    stream = Stream(b"12345")
    seen = through(stream, 1000, **environ)
    assert (seen["wsgi.input"], stream.taken) == (stream, 0)
