"""Photos over a bad line, cut at any byte and resumed, in any order, sent again: each is there once. Who sees them."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import uuid
from io import BytesIO
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from inspections.models import Visit, VisitPhoto
from inspections.services.visits import open_visit, review_visit
from shuangjian.accounts.tokens import create_api_token
from shuangjian.core import clock
from shuangjian.files.models import StoredFile
from tests import make
from tests.api.conftest import ROOT, paths
from tests.inspections import visit_make
from tests.inspections.visit_make import NOW, begun, handed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(cast: SimpleNamespace) -> SimpleNamespace:
    later = clock.now() + dt.timedelta(days=1)
    for name, town in (("token", cast.east), ("other_token", cast.west)):
        setattr(cast, name, create_api_token(name=name, actor=None, town=town, can_write=True, expires_at=later)[1])
    return cast


def noisy(seed: int, side: int = 96) -> bytes:
    """A photo that no encoder makes small."""
    written = BytesIO()
    Image.frombytes("RGB", (side, side), Random(seed).randbytes(side * side * 3)).save(written, "JPEG", quality=90)
    return written.getvalue()


class Broken:
    """A body whose line breaks after ``cut`` bytes."""

    def __init__(self, data: bytes, cut: int, *, raises: bool) -> None:
        self.stream, self.raises = BytesIO(data[:cut]), raises

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        if not data and self.raises:
            raise ConnectionResetError("the line broke")
        return data

    readline = read


def put(
    token: str, path: str, data: bytes, *, offset: int = 0, cut: int | None = None, query: str = "", **more: Any
) -> Any:
    rest = data[offset:]
    sent = {"Authorization": f"Bearer {token}", "Upload-Offset": str(offset), "Upload-Length": str(len(data)), **more}
    broken: dict[str, Any] = {}
    if cut is not None:
        broken = {"wsgi.input": Broken(rest, cut, raises=bool(cut % 2)), "CONTENT_LENGTH": str(len(rest))}
    body = rest if cut is None else b""
    return Client().generic("PUT", ROOT + path + query, body, content_type="image/jpeg", headers=sent, **broken)


def progress(token: str, path: str) -> Any:
    return Client().get(ROOT + path, headers={"Authorization": f"Bearer {token}"})


def address(visit: Visit, key: uuid.UUID | None = None) -> str:
    return f"/visits/{visit.key}/photos/{key or uuid.uuid4()}/"


def test_a_photo_sent_in_one_piece_is_there_with_its_hash(cast: SimpleNamespace) -> None:
    visit, data = begun(cast), noisy(1)
    path, digest = address(visit), hashlib.sha256(data)
    said = f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    query = "?item=S-01&caption=%E5%89%8D%E5%8F%B0&taken_at=2026-11-24T09:30:00%2B08:00&latitude=22.9&longitude=113.3"
    answer = put(cast.token, path, data, query=query, **{"Content-Digest": said})
    assert answer.status_code == 201, answer.content.decode()
    assert answer.json() == {
        "received": len(data), "total": len(data), "complete": True, "sha256": digest.hexdigest(),
        "size": VisitPhoto.objects.get().stored.size, "url": ROOT + path,
    }  # fmt: skip
    photo = VisitPhoto.objects.get()
    assert (photo.item.code, photo.caption, str(photo.latitude)) == ("S-01", "前台", "22.900000")  # type: ignore[union-attr]
    assert photo.stored.sealed_path
    again = put(cast.token, path, data, query=query)
    assert (again.status_code, again.json()["complete"]) == (200, True)
    assert progress(cast.token, path).json() == answer.json()


@pytest.mark.parametrize("seed", range(8))
def test_cut_at_any_byte_and_resumed_in_any_order_every_photo_arrives_once(cast: SimpleNamespace, seed: int) -> None:
    """Each message is sent one to three times, whatever was answered; half of the breaks raise, half just end."""
    random = Random(seed)
    visit = begun(cast)
    photos = {uuid.uuid4(): noisy(seed * 10 + n) for n in range(4)}
    left = dict.fromkeys(photos, 0)
    while left:
        key = random.choice(sorted(left))
        data, offset = photos[key], left[key]
        cut = None if random.random() < 0.3 else random.randint(0, len(data) - offset)
        for _ in range(random.randint(1, 3)):
            answer = put(cast.token, address(visit, key), data, offset=offset, cut=cut, query="?item=S-01")
            assert answer.status_code in (200, 201, 409), answer.content.decode()
        told = progress(cast.token, address(visit, key)).json()
        assert told["received"] >= offset
        left[key] = told["received"]
        if told["complete"]:
            del left[key]
    kept = {each.key: each.stored.sha256 for each in VisitPhoto.objects.select_related("stored")}
    assert kept == {key: hashlib.sha256(data).hexdigest() for key, data in photos.items()}
    assert StoredFile.objects.filter(purpose=f"visit:{visit.number}").count() == 4


def test_a_piece_that_does_not_follow_is_told_where_to_go_on(cast: SimpleNamespace) -> None:
    visit, data = begun(cast), noisy(2)
    path = address(visit)
    assert put(cast.token, path, data, cut=1000).json() == {
        "received": 1000, "total": len(data), "complete": False, "sha256": "", "size": 0, "url": "",
    }  # fmt: skip
    ahead = put(cast.token, path, data, offset=2000)
    assert (ahead.status_code, ahead.json()["code"], ahead.json()["received"]) == (409, "offset", 1000)
    assert put(cast.token, path, data, offset=1000).status_code == 201


@pytest.mark.parametrize(
    ("data", "where"),
    [(b"%PDF-1.7 nothing", "photo"), (b"<svg xmlns='x'/>", "photo"), (b"\x89PNG but no more", "photo")],
)
def test_what_is_no_photo_is_refused_and_leaves_nothing(cast: SimpleNamespace, data: bytes, where: str) -> None:
    visit = begun(cast)
    answer = put(cast.token, address(visit), data)
    assert answer.status_code == 422
    assert paths(answer) == [where]
    assert not VisitPhoto.objects.exists()
    assert not StoredFile.objects.exists()


def test_beyond_20_mb_nothing_is_read(cast: SimpleNamespace) -> None:
    headers = {"Authorization": f"Bearer {cast.token}", "Upload-Length": str(50 * 1024 * 1024)}
    answer: Any = Client().generic("PUT", ROOT + address(begun(cast)), b"x", content_type="image/jpeg", headers=headers)
    assert answer.status_code == 413


def test_everything_wrong_with_what_is_said_of_a_photo_is_told_at_once(cast: SimpleNamespace) -> None:
    visit = begun(cast)
    wrong = {"Upload-Length": "many", "Upload-Offset": "-1", "Content-Digest": "md5=:x:"}
    answer = put(cast.token, address(visit), b"x", query="?taken_at=yesterday&latitude=north", **wrong)
    assert paths(answer) == ["Upload-Length", "Upload-Offset", "Content-Digest", "taken_at", "latitude"]
    assert paths(put(cast.token, address(visit), b"x", query="?item=Z-99")) == ["item"]
    assert put(cast.token, address(visit), b"x", query="?colour=red").status_code == 400


def test_a_removed_photo_stays_removed_when_it_is_sent_again_and_its_file_stays(cast: SimpleNamespace) -> None:
    visit, data, key = begun(cast), noisy(3), uuid.uuid4()
    path = address(visit, key)
    put(cast.token, path, data)
    headers = {"Authorization": f"Bearer {cast.token}"}
    for _ in range(2):
        assert Client().delete(ROOT + path, headers=headers).status_code == 204
    assert put(cast.token, path, data).json()["complete"]
    assert visit.photos.get().removed_at is not None
    assert StoredFile.objects.filter(sha256=hashlib.sha256(data).hexdigest()).exists()
    read: Any = Client().get(f"{ROOT}/visits/{visit.key}/", headers=headers)
    assert read.json()["photos"] == []


def test_a_key_of_another_visit_is_neither_answered_nor_taken(cast: SimpleNamespace) -> None:
    first, second, data, key = begun(cast), begun(cast), noisy(4), uuid.uuid4()
    put(cast.token, address(first, key), data)
    assert put(cast.token, address(second, key), data).status_code == 409
    assert progress(cast.token, address(second, key)).status_code == 404
    half = uuid.uuid4()
    put(cast.token, address(first, half), data, cut=100)
    assert progress(cast.token, address(second, half)).status_code == 404


def test_a_photo_that_arrives_after_handing_in_waits_for_the_visit_to_be_returned(cast: SimpleNamespace) -> None:
    visit, data, key = begun(cast), noisy(5), uuid.uuid4()
    put(cast.token, address(visit, key), data, cut=500)
    handed_in(cast, visit)
    assert put(cast.token, address(visit, key), data, offset=500).status_code == 409
    review_visit(visit.pk, decision="return", remark="补照片", actor=cast.town, now=NOW)
    assert put(cast.token, address(visit, key), data, offset=500).json()["complete"]


class TestWhoSees:
    def test_photos_of_a_visit_are_404_for_the_other_town_s_program(self, cast: SimpleNamespace) -> None:
        visit, data, key = begun(cast), noisy(6), uuid.uuid4()
        put(cast.token, address(visit, key), data)
        assert progress(cast.other_token, address(visit, key)).status_code == 404
        assert put(cast.other_token, address(visit, key), data).status_code == 404

    def test_the_file_is_shown_to_those_who_see_the_visit_and_to_nobody_else(
        self, cast: SimpleNamespace, client: Client
    ) -> None:
        visit = begun(cast)
        key = visit_make.photo(visit, cast.first).photo.stored.key  # type: ignore[union-attr]
        # On another visit to the same institution: sees the institution, and not what others photographed there.
        stranger = make.user("inspector", cast.east)
        open_visit(cast.org, key=uuid.uuid4(), actor=stranger, now=NOW)
        joining = make.user("dept", make.department("XF"))
        visit.departments.add(joining.department)
        school = make.user("school", make.school("示范一小", town=cast.east))
        expected = {
            cast.first: 200, cast.second: 200, cast.town: 200, cast.bureau: 200, joining: 200,
            stranger: 404, cast.other_town: 404, cast.other_inspector: 404, cast.org_person: 404, cast.dept: 404,
            school: 404,
        }  # fmt: skip
        for person, status in expected.items():
            client.force_login(person)
            assert client.get(f"/files/{key}/").status_code == status, person

    def test_inspectors_keep_their_photos_after_filing_when_the_institution_is_out_of_their_scope(
        self, cast: SimpleNamespace, client: Client
    ) -> None:
        visit = visit_make.filed(cast)
        key = visit.photos.all()[0].stored.key
        client.force_login(cast.first)
        assert client.get(f"/files/{key}/").status_code == 200


def test_another_photo_under_a_key_that_has_arrived_is_refused_and_not_lost_in_silence(cast: SimpleNamespace) -> None:
    visit, data, key = begun(cast), noisy(5), uuid.uuid4()
    path = address(visit, key)
    put(cast.token, path, data)
    longer = put(cast.token, path, data + b"more")
    other = bytes(reversed(data))
    said = f"sha-256=:{base64.b64encode(hashlib.sha256(other).digest()).decode()}:"
    as_long = put(cast.token, path, other, **{"Content-Digest": said})
    assert [(answer.status_code, answer.json()["code"]) for answer in (longer, as_long)] == [(409, "key_taken")] * 2
    assert visit.photos.get().stored.sha256 == hashlib.sha256(data).hexdigest()
