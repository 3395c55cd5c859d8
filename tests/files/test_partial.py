"""A file that comes in pieces over a bad line: kept as far as it came, once, whoever sends it how often."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import threading
from io import BytesIO
from random import Random
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.http.request import UnreadablePostError
from PIL import Image

from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Refused
from shuangjian.files import partial
from shuangjian.files.models import PartialUpload, StoredFile
from shuangjian.files.partial import PARTS, OutOfStep, Progress, forget_stale, progress, receive
from shuangjian.files.services import location
from shuangjian.journal.models import AuditEntry
from tests import make


class Line:
    """Gives ``data`` in bits of at most ``bit`` bytes and breaks after ``until`` of them, or just ends there."""

    def __init__(self, data: bytes, until: int | None = None, bit: int = 7000, breaks: bool = True) -> None:
        self.left = data if until is None else data[:until]
        self.bit = bit
        self.breaks = breaks and until is not None
        self.reads = 0

    def read(self, size: int = -1, /) -> bytes:
        self.reads += 1
        given, self.left = self.left[: min(size, self.bit)], self.left[min(size, self.bit) :]
        if not given and self.breaks:
            raise UnreadablePostError("the client went away")
        return given


@pytest.fixture
def org(db: None) -> Institution:
    return make.training_org()


@pytest.fixture
def person(org: Institution) -> User:
    return make.user("bureau")


@pytest.fixture(scope="module")
def photo() -> bytes:
    """A photo of some 250 KB: noise, so that no two stretches of it are alike."""
    written = BytesIO()
    Image.frombytes("RGB", (400, 300), Random(6).randbytes(400 * 300 * 3)).save(written, "JPEG", quality=92)
    return written.getvalue()


def send(
    key: UUID, data: bytes, org: Institution, person: User, *, offset: int = 0, line: Line | None = None, **said: object
) -> Progress:
    what: dict = {"purpose": "visit:1", "name": "门头.jpg", "total": len(data), **said}
    return receive(key, institution=org, offset=offset, stream=line or Line(data[offset:]), actor=person, **what)


def part(key: UUID) -> bytes:
    return location(f"{PARTS}/{key}").read_bytes()


def test_a_file_that_comes_whole_is_stored_and_its_part_is_gone(org: Institution, person: User, photo: bytes) -> None:
    key = uuid4()
    done = send(key, photo, org, person, sha256=hashlib.sha256(photo).hexdigest())
    assert (done.received, done.total, done.is_complete) == (len(photo), len(photo), True)
    assert done.stored is not None
    assert (done.stored.sha256, done.stored.name) == (hashlib.sha256(photo).hexdigest(), "门头.jpg")
    assert not location(f"{PARTS}/{key}").exists()
    assert AuditEntry.objects.filter(act="store_file").count() == 1


@pytest.mark.parametrize("breaks", [True, False], ids=["the line breaks", "the body ends early"])
def test_what_came_before_the_end_is_kept_and_the_rest_follows(
    org: Institution, person: User, photo: bytes, breaks: bool
) -> None:
    key = uuid4()
    cut = send(key, photo, org, person, line=Line(photo, until=100_001, breaks=breaks))
    assert (cut.received, cut.is_complete) == (100_001, False)
    assert progress(key, person) == cut
    assert part(key) == photo[:100_001]
    done = send(key, photo, org, person, offset=100_001)
    assert done.stored is not None
    assert done.stored.sha256 == hashlib.sha256(photo).hexdigest()


def test_cut_at_random_bytes_and_sent_again_each_time_it_is_the_same_file(
    org: Institution, person: User, photo: bytes
) -> None:
    chance = Random(60)
    for _ in range(5):
        key, at = uuid4(), 0
        while True:
            until = chance.randrange(1, len(photo) // 2)
            now = send(
                key, photo, org, person, offset=at, line=Line(photo[at:], until=until, bit=chance.randrange(1, 9000))
            )
            if now.is_complete:
                break
            with pytest.raises(OutOfStep) as told:
                send(key, photo, org, person, offset=at)
            assert told.value.progress.received == now.received > at
            at = now.received
        assert now.stored is not None
        assert now.stored.sha256 == hashlib.sha256(photo).hexdigest()
    assert StoredFile.objects.count() == 5


def test_the_same_key_after_completion_answers_the_same_file_and_reads_nothing(
    org: Institution, person: User, photo: bytes
) -> None:
    key = uuid4()
    first = send(key, photo, org, person)
    line = Line(photo)
    for offset in (0, 100, len(photo)):
        assert send(key, photo, org, person, offset=offset, line=line) == first
    assert line.reads == 0
    assert StoredFile.objects.count() == 1


@pytest.mark.parametrize("offset", [1, 99_999, 250_000, -1])
def test_bytes_that_do_not_follow_are_refused_with_the_count_and_not_read(
    org: Institution, person: User, photo: bytes, offset: int
) -> None:
    line = Line(photo)
    with pytest.raises(OutOfStep, match="已收到 0 字节") as told:
        send(uuid4(), photo, org, person, offset=offset, line=line)
    assert (told.value.status, told.value.progress.received, line.reads) == (409, 0, 0)


@pytest.mark.parametrize("other", ["institution", "total", "sha256", "purpose"])
def test_a_key_is_of_one_file_only(org: Institution, person: User, photo: bytes, other: str) -> None:
    key = uuid4()
    send(key, photo, org, person, line=Line(photo, until=1000), sha256="a" * 64)
    said: dict = {
        "institution": {},
        "total": {"total": len(photo) + 1},
        "sha256": {"sha256": "b" * 64},
        "purpose": {"purpose": "visit:2"},
    }[other]
    to = make.training_org("虚构培训二部") if other == "institution" else org
    for at in (1000, 0):
        with pytest.raises(Conflict, match="另一个文件"):
            send(key, photo, to, person, offset=at, **said)
    assert PartialUpload.objects.get(key=key).received == 1000


def test_a_wrong_hash_is_told_and_the_key_is_free_again(org: Institution, person: User, photo: bytes) -> None:
    key = uuid4()
    with pytest.raises(InvalidInput, match="校验值不符"):
        send(key, photo, org, person, sha256="a" * 64)
    assert (StoredFile.objects.exists(), PartialUpload.objects.exists()) == (False, False)
    assert not location(f"{PARTS}/{key}").exists()
    assert send(key, photo, org, person, sha256=hashlib.sha256(photo).hexdigest().upper()).is_complete


def test_what_is_no_photo_is_told_at_its_end_and_nothing_is_kept(org: Institution, person: User) -> None:
    key = uuid4()
    with pytest.raises(InvalidInput, match="SVG"):
        send(key, b"<svg/>", org, person)
    assert (StoredFile.objects.exists(), PartialUpload.objects.exists()) == (False, False)
    assert not location(f"{PARTS}/{key}").exists()


@pytest.mark.parametrize(
    ("total", "status", "words"), [(50 * 1024 * 1024, 413, "大于 20 MB"), (0, 422, "0 字节"), (-1, 422, "0 字节")]
)
def test_what_is_too_large_or_empty_is_refused_before_a_byte_is_read(
    org: Institution, person: User, total: int, status: int, words: str
) -> None:
    line = Line(b"x" * 100)
    with pytest.raises(Refused, match=words) as refused:
        send(uuid4(), b"", org, person, total=total, line=line)
    assert (refused.value.status, line.reads) == (status, 0)
    assert not PartialUpload.objects.exists()


def test_a_body_longer_than_it_said_is_read_no_further(org: Institution, person: User, photo: bytes) -> None:
    line = Line(photo + b"x" * 5000, bit=10**6)
    assert send(uuid4(), photo, org, person, line=line).is_complete
    assert line.left == b"x" * 5000


def test_a_disk_that_lost_the_part_is_told_by_the_count(org: Institution, person: User, photo: bytes) -> None:
    key = uuid4()
    send(key, photo, org, person, line=Line(photo, until=50_000))
    os.truncate(location(f"{PARTS}/{key}"), 20_000)
    with pytest.raises(OutOfStep) as told:
        send(key, photo, org, person, offset=50_000)
    assert told.value.progress.received == 20_000
    assert send(key, photo, org, person, offset=20_000).is_complete


def test_a_crash_between_disk_and_row_costs_a_repetition_only(
    org: Institution, person: User, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = uuid4()
    with monkeypatch.context() as crash:
        crash.setattr(partial, "_progress", _Once(partial._progress, fails_at=2))
        with pytest.raises(RuntimeError):
            send(key, photo, org, person, line=Line(photo, until=30_000))
    assert (PartialUpload.objects.get(key=key).received, len(part(key))) == (0, 30_000)
    assert send(key, photo, org, person).is_complete


def test_whole_but_not_stored_is_stored_by_whoever_comes_next(
    org: Institution, person: User, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = uuid4()
    with monkeypatch.context() as crash:
        crash.setattr(partial, "store", _Once(None, fails_at=1))
        with pytest.raises(RuntimeError):
            send(key, photo, org, person)
    assert progress(key, person) == Progress(key, len(photo), len(photo))
    assert send(key, photo, org, person).is_complete


class _Once:
    """Stands for ``function`` and fails at one call."""

    def __init__(self, function: object, fails_at: int) -> None:
        self.function = function
        self.left = fails_at

    def __call__(self, *args: object, **said: object) -> object:
        self.left -= 1
        if self.left == 0:
            raise RuntimeError("the process was killed here")
        return self.function(*args, **said)  # type: ignore[operator]


def test_a_full_disk_is_told_and_what_came_before_stays(
    org: Institution, person: User, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = uuid4()
    send(key, photo, org, person, line=Line(photo, until=9_000))

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(partial.os, "pwrite", full)
        with pytest.raises(Refused, match="存储空间不足") as refused:
            send(key, photo, org, person, offset=9_000)
    assert refused.value.status == 503
    assert send(key, photo, org, person, offset=9_000).is_complete


def test_progress_is_for_those_who_may_see_the_institution(org: Institution, person: User, photo: bytes) -> None:
    key = uuid4()
    send(key, photo, org, person, line=Line(photo, until=1000))
    assert progress(key, make.user("town", make.town("440113008", "演示西街"))) is None
    assert progress(uuid4(), person) is None


def test_the_original_is_sealed_and_the_view_is_small(org: Institution, person: User, photo: bytes) -> None:
    stored = send(uuid4(), photo, org, person, seal=True, longest_side=100).stored
    assert stored is not None
    assert location(stored.sealed_path).read_bytes() == photo
    assert stored.size < len(photo) / 10


def test_uploads_that_nobody_goes_on_with_are_forgotten_and_others_stay(
    org: Institution, person: User, photo: bytes
) -> None:
    stale, fresh, done = uuid4(), uuid4(), uuid4()
    for key in (stale, fresh):
        send(key, photo, org, person, line=Line(photo, until=1000))
    send(done, photo, org, person)
    long_ago = clock.now() - partial.KEPT_FOR - dt.timedelta(minutes=1)
    PartialUpload.objects.filter(key__in=[stale, done]).update(touched_at=long_ago)
    assert forget_stale(clock.now()) == 1
    assert not location(f"{PARTS}/{stale}").exists()
    assert part(fresh) == photo[:1000]
    assert set(PartialUpload.objects.values_list("key", flat=True)) == {fresh, done}
    assert send(done, photo, org, person).is_complete
    assert StoredFile.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_is_never_received_inside_a_transaction(photo: bytes) -> None:
    org, person = make.training_org(), make.user("bureau")
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        send(uuid4(), photo, org, person)


class Together:
    """A line whose senders read their bits in step, so that each piece is fought for."""

    def __init__(self, data: bytes, barrier: threading.Barrier) -> None:
        self.line = Line(data, bit=20_000)
        self.barrier = barrier

    def read(self, size: int = -1, /) -> bytes:
        with contextlib.suppress(threading.BrokenBarrierError):  # the other was refused or is done
            self.barrier.wait(timeout=2)
        return self.line.read(size)


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partial, "_PIECE_BYTES", 1)


@pytest.mark.django_db(transaction=True)
def test_two_senders_of_one_key_at_once_make_one_whole_file(small_pieces: None, photo: bytes) -> None:
    org, person = make.training_org(), make.user("bureau")
    key, barrier = uuid4(), threading.Barrier(2)
    files: list[str] = []
    refusals: list[int] = []

    def one() -> None:
        try:
            at, line = 0, Together(photo, barrier)
            while True:
                try:
                    now = receive(
                        key, institution=org, purpose="visit:1", name="门头.jpg", total=len(photo), offset=at,
                        stream=line, actor=person,
                    )  # fmt: skip
                except OutOfStep as told:
                    at = told.progress.received
                    refusals.append(at)
                    line = Together(photo[at:], barrier)
                    continue
                assert now.stored is not None
                files.append(now.stored.sha256)
                return
        finally:
            barrier.abort()
            connection.close()

    senders = [threading.Thread(target=one) for _ in range(2)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(timeout=30)
    assert files == [hashlib.sha256(photo).hexdigest()] * 2
    assert refusals, "the two never met: the test proves nothing"
    assert StoredFile.objects.count() == 1
    assert AuditEntry.objects.filter(act="store_file").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_slow_sender_holds_nobody_up(photo: bytes) -> None:
    """While one waits for its client, another of the same key is answered: the lock is not held between pieces."""
    org, person = make.training_org(), make.user("bureau")
    key, go_on, reading = uuid4(), threading.Event(), threading.Event()

    class Slow(Line):
        def read(self, size: int = -1, /) -> bytes:
            if self.reads == 1:
                reading.set()
                assert go_on.wait(timeout=20)
            return super().read(size)

    told: list[int] = []

    def slow() -> None:
        try:
            send(key, photo, org, person, line=Slow(photo))
        except OutOfStep as refused:
            told.append(refused.progress.received)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert reading.wait(timeout=10)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '1s'")
    try:
        assert send(key, photo, org, person).is_complete
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 0")
        go_on.set()
        thread.join(timeout=20)
    assert told == [len(photo)]
    assert StoredFile.objects.count() == 1
