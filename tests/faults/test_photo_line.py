"""Photos over a real line to the real server: cut, reset, the server killed in the middle; and far too large ones."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from inspections.models import Visit, VisitPhoto
from shuangjian.accounts.tokens import create_api_token
from shuangjian.core import clock
from shuangjian.files.models import PartialUpload, StoredFile
from shuangjian.files.partial import PARTS
from tests.files.test_store import noisy, timed
from tests.inspections import visit_make
from tests.processes import folder, until

__all__ = ["folder"]


class Server:
    """gunicorn as it runs in production (one worker here), at a socket of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = str(folder / "s")
        self.media = folder / "media"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        settings = connection.settings_dict
        host = settings["HOST"] or settings["OPTIONS"].get("host", "")
        secret = f":{settings['PASSWORD']}" if settings["PASSWORD"] else ""
        name = settings["NAME"]
        where = f"/{name}?host={host}" if host.startswith("/") else f"{host}:{settings['PORT'] or 5432}/{name}"
        environment = {
            **os.environ,
            "DATABASE_URL": f"postgres://{settings['USER']}{secret}@{where}",
            "REDIS_URL": "redis://localhost:1/0",  # nobody rings here
            "DATABASE_ROLE": "app",
            "DJANGO_SETTINGS_MODULE": "shuangjian.settings.dev",
            "MEDIA_ROOT": str(self.media),
        }
        command = [
            sys.executable, "-m", "gunicorn", "shuangjian.wsgi:application", "--bind", f"unix:{self.socket}",
            "--worker-class", "gthread", "--threads", "4", "--no-control-socket",
        ]  # fmt: skip
        with (self.folder / "web.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        until(self._answers, "the server answers")

    def kill(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None
            Path(self.socket).unlink(missing_ok=True)

    def line(self) -> socket.socket:
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(30)
        line.connect(self.socket)
        return line

    def asked(self, head: bytes) -> tuple[int, dict[str, Any]]:
        """The answer to a request without body."""
        with self.line() as line:
            line.sendall(head + b"\r\n")
            return answer_on(line)

    def _answers(self) -> bool:
        try:
            return self.asked(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n")[0] == 200
        except OSError:
            return False


def answer_on(line: socket.socket) -> tuple[int, dict[str, Any]]:
    """Status and JSON body of the answer; ({} for another body)."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        more = line.recv(65536)
        assert more, raw
        raw += more
    head, _, body = raw.partition(b"\r\n\r\n")
    length = next((int(row[15:]) for row in head.lower().split(b"\r\n") if row.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += line.recv(65536)
    return int(head.split()[1]), json.loads(body) if body.startswith(b"{") else {}


@pytest.fixture
def server(transactional_db: None, folder: Path, settings: Any) -> Iterator[Server]:
    running = Server(folder)
    settings.MEDIA_ROOT = running.media
    yield running
    running.kill()


@pytest.fixture
def sender(server: Server) -> SimpleNamespace:
    """A visit under way, and the head of a PUT of one of its photos."""
    cast = visit_make.cast()
    _, token = create_api_token(
        name="手机",
        actor=None,
        town=cast.east,
        can_write=True,
        expires_at=clock.now() + visit_make.dt.timedelta(days=1),
    )
    visit = visit_make.begun(cast)
    server.start()
    return SimpleNamespace(visit=visit, token=token)


def head(sender: SimpleNamespace, key: uuid.UUID, *, offset: int, total: int, method: str = "PUT") -> bytes:
    rows = [
        f"{method} /api/v1/visits/{sender.visit.key}/photos/{key}/ HTTP/1.1", "Host: localhost", "Connection: close",
        f"Authorization: Bearer {sender.token}",
    ]  # fmt: skip
    if method == "PUT":
        rows += [f"Upload-Offset: {offset}", f"Upload-Length: {total}", f"Content-Length: {total - offset}"]
        rows += ["Content-Type: image/jpeg"]
    return "".join(f"{row}\r\n" for row in rows).encode()


def received(server: Server, sender: SimpleNamespace, key: uuid.UUID) -> int:
    status, told = server.asked(head(sender, key, offset=0, total=0, method="GET"))
    return int(told["received"]) if status == 200 else 0


def settled(server: Server, sender: SimpleNamespace, key: uuid.UUID) -> int:
    """What is kept once the server is done with what it had read of a line that broke."""
    before = -1
    while (now := received(server, sender, key)) != before:
        before = now
        time.sleep(0.3)
    return now


def test_cut_reset_and_with_the_server_killed_the_photo_arrives_once(server: Server, sender: SimpleNamespace) -> None:
    """Each way to break off: the phone hangs up, the line is reset (what the kernel had not handed on is lost), the
    server is killed. Each time the count says where to go on."""
    data, key, chance = noisy(1600, 1200), uuid.uuid4(), Random(7)
    assert len(data) > 500_000
    at = 0
    for how in ("hang up", "reset", "kill", "hang up", "reset"):
        sent = chance.randrange(90_000, 130_000)
        line = server.line()
        line.sendall(head(sender, key, offset=at, total=len(data)) + b"\r\n" + data[at : at + sent])
        if how == "kill":
            until(lambda: received(server, sender, key) > at, "a piece is kept", 20)  # noqa: B023
            server.kill()
            server.start()
        elif how == "hang up":
            line.shutdown(socket.SHUT_WR)
            until(lambda: received(server, sender, key) == at + sent, "all is kept", 20)  # noqa: B023
        else:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            line.close()
            until(lambda: received(server, sender, key) > at, "what was read is kept", 20)  # noqa: B023
        line.close()
        now = settled(server, sender, key)
        assert at < now <= at + sent
        at = now
    with server.line() as line:
        line.sendall(head(sender, key, offset=at, total=len(data)) + b"\r\n" + data[at:])
        status, told = answer_on(line)
    assert (status, told["complete"], told["sha256"]) == (201, True, hashlib.sha256(data).hexdigest())
    assert (VisitPhoto.objects.count(), StoredFile.objects.count()) == (1, 1)
    assert Path(server.media, StoredFile.objects.get().sealed_path).read_bytes() == data
    assert not list(Path(server.media, PARTS).iterdir())


def test_fifty_megabytes_are_refused_before_they_are_sent(server: Server, sender: SimpleNamespace) -> None:
    """The answer comes to the head alone: not one byte of the body was sent."""
    with server.line() as line, timed("50 MB refused"):
        line.sendall(head(sender, uuid.uuid4(), offset=0, total=50 * 1024 * 1024) + b"\r\n")
        status, told = answer_on(line)
    assert (status, told["code"]) == (413, "too_large")
    assert "大于 20 MB" in told["detail"]
    assert not PartialUpload.objects.exists()


def test_the_answer_to_what_was_not_read_reaches_a_sender_who_sends_it_all_first(
    server: Server, sender: SimpleNamespace
) -> None:
    """As most clients do: the whole body, then the answer. Reset instead, they would know nothing of the refusal."""
    body = bytes(50 * 1024 * 1024)
    for _ in range(3):
        with server.line() as line:
            line.sendall(head(sender, uuid.uuid4(), offset=0, total=len(body)) + b"\r\n" + body)
            status, told = answer_on(line)
        assert (status, told["code"]) == (413, "too_large")


def test_on_one_line_a_photo_may_be_sent_three_times(server: Server, sender: SimpleNamespace) -> None:
    """What has arrived is not read again, and yet the line stays fit for the next request."""
    data, key = noisy(800, 600), uuid.uuid4()
    assert len(data) > 100_000
    request = head(sender, key, offset=0, total=len(data)).replace(b"Connection: close", b"Connection: keep-alive")
    with server.line() as line:
        answers = []
        for _ in range(3):
            line.sendall(request + b"\r\n" + data)
            answers.append(answer_on(line))
    assert [status for status, _ in answers] == [201, 200, 200]
    assert {told["sha256"] for _, told in answers} == {hashlib.sha256(data).hexdigest()}
    assert VisitPhoto.objects.count() == 1


def test_slow_phones_keep_nobody_waiting(server: Server, sender: SimpleNamespace) -> None:
    """Three of four threads wait for phones that send a little now and then; the fourth takes a photo meanwhile."""
    data, slow = noisy(800, 600), [uuid.uuid4() for _ in range(3)]
    lines = []
    for key in slow:
        line = server.line()
        line.sendall(head(sender, key, offset=0, total=len(data)) + b"\r\n" + data[:2000])
        lines.append(line)
    key = uuid.uuid4()
    with timed("a photo beside three slow ones"), server.line() as line:
        line.sendall(head(sender, key, offset=0, total=len(data)) + b"\r\n" + data)
        assert answer_on(line)[0] == 201
    for n in range(3):
        time.sleep(0.5)
        for line in lines:
            line.sendall(data[2000 + n * 1000 : 3000 + n * 1000])
    for line in lines:
        line.close()
    for each in slow:
        until(lambda: received(server, sender, each) == 5000, "what the slow one sent is kept", 20)  # noqa: B023
    assert Visit.objects.get().photos.count() == 1
