"""整改后 photos by API before handing in: each once by its key, cut and resumed, whose they are, and until when."""

from __future__ import annotations

import base64
import hashlib
import threading
import uuid
from io import BytesIO
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from shuangjian.alerts.models import Rectification
from shuangjian.alerts.rectification_photos import MOST_AFTER
from shuangjian.alerts.rectification_uploads import receive_photo
from shuangjian.alerts.rectifications import (
    cancel_rectification,
    hand_in_rectification,
    order_rectification,
    recheck_rectification,
)
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput
from shuangjian.files.models import StoredFile
from shuangjian.journal.models import AuditEntry
from tests import make
from tests.api.conftest import ROOT, Call, paths
from tests.inspections.test_api_photos import Broken, noisy
from tests.inspections.visit_make import jpeg

pytestmark = pytest.mark.django_db
BOSS = make.Somebody()


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def ordered(unit: Institution) -> Rectification:
    return order_rectification(unit, requirement="示范要求", due_on=clock.today(), actor=BOSS)


@pytest.fixture
def item(cast: SimpleNamespace) -> Rectification:
    return ordered(cast.school)


class Sender:
    """Sends photos with one token; ``cut``: the line breaks after so many bytes."""

    def __init__(self, token: str) -> None:
        self.headers = {"Authorization": f"Bearer {token}"}

    def put(self, path: str, data: bytes, *, offset: int = 0, cut: int | None = None, **more: Any) -> Any:
        sent = {**self.headers, "Upload-Offset": str(offset), "Upload-Length": str(len(data)), **more}
        rest, broken = data[offset:], {}
        if cut is not None:
            broken = {"wsgi.input": Broken(rest, cut, raises=bool(cut % 2)), "CONTENT_LENGTH": str(len(rest))}
        body = rest if cut is None else b""
        return Client().generic("PUT", ROOT + path, body, content_type="image/jpeg", headers=sent, **broken)

    def get(self, path: str) -> Any:
        return Client().get(ROOT + path, headers=self.headers)

    def delete(self, path: str) -> Any:
        return Client().delete(ROOT + path, headers=self.headers)


@pytest.fixture
def own(tokens: dict[str, str]) -> Sender:
    return Sender(tokens["institution"])


def address(item: Rectification, key: uuid.UUID | None = None) -> str:
    return f"/rectifications/{item.number}/photos/{key or uuid.uuid4()}/"


def after(item: Rectification) -> list[str]:
    kept = StoredFile.objects.filter(purpose=f"rect:{item.number}:after", institution=item.institution_id)
    return sorted(kept.values_list("sha256", flat=True))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def handed_in(item: Rectification, person: Any) -> None:
    hand_in_rectification(item.pk, account="已改", rectified_on=clock.today(), actor=person)


def test_the_same_photo_sent_three_times_is_there_once_and_part_of_what_is_handed_in(
    item: Rectification, own: Sender, call: Call
) -> None:
    data, path = noisy(1), address(item)
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"
    answers = [own.put(f"{path}?name=%E7%8E%B0%E5%9C%BA.jpg", data, **{"Content-Digest": digest}) for _ in range(3)]
    assert [each.status_code for each in answers] == [201, 200, 200], answers[0].content.decode()
    stored = StoredFile.objects.get()
    told = {
        "received": len(data), "total": len(data), "complete": True, "sha256": sha256(data), "size": stored.size,
        "url": ROOT + path,
    }  # fmt: skip
    assert [each.json() for each in (*answers, own.get(path))] == [told] * 4
    assert stored.name == "现场.jpg"
    assert after(item) == [sha256(data)]
    body = {"account": "已改", "rectified_on": clock.today().isoformat()}
    handed = call("POST", f"/rectifications/{item.number}/hand-in/", "institution", body).json()
    assert [(each["part"], each["sha256"]) for each in handed["photos"]] == [("after", sha256(data))]
    named = call("POST", f"/rectifications/{item.number}/hand-in/", "institution", {**body, "photos": []})
    assert (named.status_code, paths(named)) == (400, ["photos"])
    assert own.put(path, data).status_code == 200  # the answer was lost: still the same photo


@pytest.mark.parametrize("seed", range(3))
def test_cut_at_any_byte_and_resumed_every_photo_arrives_once(item: Rectification, own: Sender, seed: int) -> None:
    random = Random(seed)
    photos = {uuid.uuid4(): noisy(seed * 10 + n) for n in range(3)}
    left = dict.fromkeys(photos, 0)
    while left:
        key = random.choice(sorted(left))
        data, offset = photos[key], left[key]
        cut = None if random.random() < 0.3 else random.randint(0, len(data) - offset)
        for _ in range(random.randint(1, 3)):
            answer = own.put(address(item, key), data, offset=offset, cut=cut)
            assert answer.status_code in (200, 201, 409), answer.content.decode()
        told = own.get(address(item, key)).json()
        assert told["received"] >= offset
        left[key] = told["received"]
        if told["complete"]:
            del left[key]
    assert after(item) == sorted(sha256(data) for data in photos.values())


def test_a_piece_that_does_not_follow_is_told_where_to_go_on(item: Rectification, own: Sender) -> None:
    data, path = noisy(2), address(item)
    assert own.put(path, data, cut=1000).json()["received"] == 1000
    ahead = own.put(path, data, offset=2000)
    assert (ahead.status_code, ahead.json()["code"], ahead.json()["received"]) == (409, "offset", 1000)
    assert own.put(path, data, offset=1000).status_code == 201


def test_what_is_no_photo_or_too_large_or_wrongly_told_is_refused(item: Rectification, own: Sender) -> None:
    pdf = own.put(address(item), b"%PDF-1.7 nothing")
    assert (pdf.status_code, paths(pdf)) == (422, ["photo"])
    assert own.put(address(item), b"x", **{"Upload-Length": str(50 * 1024 * 1024)}).status_code == 413
    wrong = own.put(address(item), b"x", **{"Upload-Length": "many", "Upload-Offset": "-1", "Content-Digest": "md5"})
    assert paths(wrong) == ["Upload-Length", "Upload-Offset", "Content-Digest"]
    assert own.put(f"{address(item)}?item=S-01", b"x").status_code == 400
    assert not StoredFile.objects.exists()


class TestWhose:
    def test_another_institution_s_rectification_is_not_there(
        self, cast: SimpleNamespace, item: Rectification, own: Sender, tokens: dict[str, str]
    ) -> None:
        path, data, other = address(item), noisy(3), Sender(tokens["other_institution"])
        own.put(path, data, cut=500)
        assert other.get(path).status_code == 404
        assert other.put(path, data, offset=500).status_code == 404
        assert other.delete(path).status_code == 404
        assert own.get(path).json()["received"] == 500

    def test_a_key_is_of_one_rectification_alone(self, cast: SimpleNamespace, item: Rectification, own: Sender) -> None:
        second, key, data = ordered(cast.school), uuid.uuid4(), noisy(4)
        own.put(address(item, key), data)
        refused = own.put(address(second, key), data)
        assert (refused.status_code, refused.json()["code"]) == (409, "other_file")
        assert own.get(address(second, key)).status_code == 404
        another = own.put(address(item, key), noisy(5))
        assert (another.status_code, another.json()["code"]) == (409, "other_file")
        assert after(second) == []

    def test_those_above_send_for_a_suspected_site_alone(
        self, cast: SimpleNamespace, item: Rectification, tokens: dict[str, str]
    ) -> None:
        site = Institution.objects.create(
            code="YS0001", name="虚构点", pinyin="x", kind="suspected_site", town=cast.east, is_fictional=True
        )
        town, data = Sender(tokens["town"]), noisy(5)
        assert town.put(address(ordered(site)), data).status_code == 201
        assert town.put(address(item), data).status_code == 403
        assert after(item) == []


class TestUntilWhen:
    def test_what_arrives_after_handing_in_waits_for_the_return(
        self, cast: SimpleNamespace, item: Rectification, own: Sender
    ) -> None:
        data, path = noisy(6), address(item)
        own.put(path, data, cut=500)
        handed_in(item, make.user("school", cast.school))
        assert own.put(path, data, offset=500).status_code == 409
        town = make.user("town", cast.east)
        recheck_rectification(item.pk, is_passed=False, remark="补照片", actor=town)
        assert own.put(path, data, offset=500).status_code == 201

    @pytest.mark.parametrize("end", ["passed", "cancelled"])
    def test_what_is_over_takes_no_photo(
        self, cast: SimpleNamespace, item: Rectification, own: Sender, end: str
    ) -> None:
        if end == "passed":
            handed_in(item, make.user("school", cast.school))
            recheck_rectification(item.pk, is_passed=True, remark="", actor=make.user("town", cast.east))
        else:
            cancel_rectification(item.pk, reason="写错了", actor=BOSS)
        answer = own.put(address(item), noisy(7))
        assert answer.status_code == 409
        assert "请刷新" in answer.json()["detail"]
        assert after(item) == []

    def test_handed_in_while_the_last_bytes_come_the_photo_waits(
        self, cast: SimpleNamespace, item: Rectification, own: Sender
    ) -> None:
        data, key = noisy(8), uuid.uuid4()
        person = make.user("school", cast.school)

        class Slow:
            """Hands in when everything was read, before the end is told."""

            left = [data]

            def read(self, size: int = -1) -> bytes:
                if not self.left:
                    return b""
                handed_in(item, person)
                return self.left.pop()

        def send(stream: Any) -> Any:
            return receive_photo(item.pk, key, total=len(data), offset=0, stream=stream, actor=person)

        with pytest.raises(Exception, match="不能发送照片"):
            send(Slow())
        assert after(item) == []
        assert own.get(address(item, key)).json()["received"] == len(data)
        recheck_rectification(item.pk, is_passed=False, remark="补照片", actor=make.user("town", cast.east))
        assert own.put(address(item, key), data).status_code == 201

    def test_at_most_twelve_and_one_taken_back_makes_room(self, item: Rectification, own: Sender) -> None:
        keys = [uuid.uuid4() for _ in range(MOST_AFTER)]
        for seed, key in enumerate(keys):
            assert own.put(address(item, key), jpeg(seed)).status_code == 201
        refused = own.put(address(item), jpeg(99))
        assert (refused.status_code, paths(refused)) == (422, ["photo"])
        assert own.put(address(item, keys[0]), jpeg(0)).status_code == 200
        assert own.delete(address(item, keys[0])).status_code == 204
        assert own.put(address(item), jpeg(99)).status_code == 201
        assert len(after(item)) == MOST_AFTER


class TestTakenBack:
    def test_it_stays_taken_back_and_its_file_is_kept(self, item: Rectification, own: Sender, call: Call) -> None:
        data, path = noisy(9), address(item)
        assert own.delete(path).json()["code"] == "no_photo"
        own.put(path, data)
        assert [own.delete(path).status_code for _ in range(2)] == [204, 204]
        assert own.put(path, data).status_code == 200
        assert call("GET", f"/rectifications/{item.number}/", "institution").json()["photos"] == []  # type: ignore[attr-defined]
        kept = StoredFile.objects.get()
        assert kept.sha256 == sha256(data)
        assert AuditEntry.objects.filter(act="remove_rectification_photo").count() == 1

    def test_what_was_handed_in_is_not_taken_back_even_when_it_was_returned(
        self, cast: SimpleNamespace, item: Rectification, own: Sender
    ) -> None:
        first, second = address(item), address(item)
        own.put(first, noisy(10))
        handed_in(item, make.user("school", cast.school))
        assert own.delete(first).status_code == 409
        recheck_rectification(item.pk, is_passed=False, remark="补照片", actor=make.user("town", cast.east))
        own.put(second, noisy(11))
        assert own.delete(first).json()["code"] == "handed_in"
        assert own.delete(second).status_code == 204
        assert after(item) == [sha256(noisy(10))]


def test_a_photo_changes_when_the_rectification_was_last_changed_and_not_its_revision(
    item: Rectification, own: Sender, call: Call
) -> None:
    tag = call("GET", f"/rectifications/{item.number}/", "institution")["ETag"]
    own.put(address(item), noisy(12))
    now = Rectification.objects.get()
    assert (now.revision, now.changed_at > item.changed_at) == (item.revision, True)
    body = {"account": "已改", "rectified_on": clock.today().isoformat()}
    address_of = f"/rectifications/{item.number}/hand-in/"
    assert call("POST", address_of, "institution", body, If_Match=tag).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_photos_that_arrive_at_once_only_twelve_are_taken(cast: SimpleNamespace, item: Rectification) -> None:
    person = make.user("school", cast.school)
    refused: list[Exception] = []
    start = threading.Barrier(4)

    def send(seed: int) -> None:
        data = jpeg(seed)
        try:
            start.wait()
            receive_photo(item.pk, uuid.uuid4(), total=len(data), offset=0, stream=Slow(data), actor=person)
        except InvalidInput as error:
            refused.append(error)
        finally:
            connection.close()

    class Slow:
        """Every sender is past the first look before the first one is whole."""

        def __init__(self, data: bytes) -> None:
            self.left = [data]

        def read(self, size: int = -1) -> bytes:
            start.wait(10)
            return self.left.pop() if self.left else b""

    for seed in range(MOST_AFTER - 1):
        data = jpeg(seed)
        receive_photo(item.pk, uuid.uuid4(), total=len(data), offset=0, stream=BytesIO(data), actor=person)
    threads = [threading.Thread(target=send, args=(50 + n,)) for n in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert (len(after(item)), len(refused)) == (MOST_AFTER, 3)
