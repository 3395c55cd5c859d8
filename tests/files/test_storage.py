"""The media storage and its rows agree (I18), no served file has EXIF (I19), and the original is the bureau's alone."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import os
from io import BytesIO, StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from PIL import Image

from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.files.models import StoredFile
from shuangjian.files.partial import receive
from shuangjian.files.services import location, store
from shuangjian.files.storage import check, orphans, remove_orphans
from shuangjian.files.tasks import tidy
from shuangjian.journal.models import AuditEntry
from tests import make
from tests.files.test_store import picture


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, settings: object) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]


@pytest.fixture
def org(db: None) -> Institution:
    return make.training_org(town=make.town("440113007", "演示东街"))


@pytest.fixture
def sealed(org: Institution) -> StoredFile:
    return store(SimpleUploadedFile("门头照.jpg", photo()), org, "visit:1", make.user("bureau"), seal=True)


def photo() -> bytes:
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    return picture(exif=exif)


def aged(path: str, hours: float) -> None:
    then = (clock.now() - dt.timedelta(hours=hours)).timestamp()
    os.utime(location(path), (then, then))


def test_every_row_has_its_file_and_every_file_its_row(org: Institution, sealed: StoredFile) -> None:
    store(SimpleUploadedFile("许可证.pdf", b"%PDF-1.7\n"), org, "licence:1", None)
    receive(
        uuid4(), institution=org, purpose="visit:1", name="", total=50, offset=0, stream=BytesIO(b"x"), actor=None
    )  # fmt: skip
    for path, *_ in os.walk(location("")):
        for name in os.listdir(path):
            aged(str(Path(path, name).relative_to(location(""))), 30)
    report = check(clock.now())
    assert (report.is_sound, report.files) == (True, 3)


def test_a_changed_byte_a_lost_file_and_a_file_without_row_are_found(sealed: StoredFile) -> None:
    raw = bytearray(location(sealed.sealed_path).read_bytes())
    raw[40] ^= 1
    location(sealed.sealed_path).write_bytes(raw)
    location(sealed.path).unlink()
    location("ab").mkdir()
    location("ab/nobody.jpg").write_bytes(b"x")
    aged("ab/nobody.jpg", 25)
    report = check(clock.now())
    assert (report.altered, report.missing, report.orphans) == ([sealed.sealed_path], [sealed.path], ["ab/nobody.jpg"])
    told = StringIO()
    with pytest.raises(CommandError, match="共 2 个文件，缺失 1、内容已变 1、无登记 1"):
        call_command("check_files", stderr=told)
    assert f"内容已变：{sealed.sealed_path}" in told.getvalue()


def test_orphans_of_a_day_are_removed_by_hand_alone_and_younger_ones_stay(
    sealed: StoredFile, caplog: pytest.LogCaptureFixture
) -> None:
    old = [sealed.path, sealed.sealed_path]
    sealed.delete()
    for path in old:
        aged(path, 25)
    location("old-part").write_bytes(b"x")
    aged("old-part", 23.9)
    with caplog.at_level(logging.WARNING):
        tidy()
    assert "2 files have no row" in caplog.text
    assert orphans(clock.now()) == sorted(old)
    assert remove_orphans(clock.now()) == 2
    assert location("old-part").exists()
    told = StringIO()
    call_command("check_files", stdout=told)
    assert "0 个文件与登记的校验值全部相符" in told.getvalue()


def test_what_is_kept_again_is_as_young_as_its_last_row(org: Institution, sealed: StoredFile) -> None:
    aged(sealed.path, 48)
    store(SimpleUploadedFile("门头照.jpg", photo()), org, "visit:2", None)
    StoredFile.objects.all().delete()
    assert sealed.path not in orphans(clock.now())


def test_the_original_lies_under_its_hash_for_the_portal_alone(sealed: StoredFile) -> None:
    digest = hashlib.sha256(photo()).hexdigest()
    assert sealed.sealed_path == f"sealed/{digest[:2]}/{digest}"
    assert location(sealed.sealed_path).read_bytes() == photo()
    assert location(sealed.sealed_path).stat().st_mode & 0o777 == 0o640


def test_only_the_bureau_takes_out_the_original_and_each_time_is_written_down(
    org: Institution, sealed: StoredFile
) -> None:
    people = {
        "town": make.user("town", org.town),
        "org": make.user("org", org),
        "dept": make.user("dept", make.department("SC")),
        "sysadmin": make.user("sysadmin"),
    }
    assert {name: taken(person, sealed).status_code for name, person in people.items()} == dict.fromkeys(people, 403)
    assert taken(None, sealed).headers["Location"].startswith("/login/")
    assert not AuditEntry.objects.filter(act="take_out_original").exists()
    bureau = make.user("bureau", username="second")
    for times in (1, 2):
        response = taken(bureau, sealed)
        assert response.content == photo()
        entries = AuditEntry.objects.filter(act="take_out_original", actor=bureau, target=f"file:{sealed.key}")
        assert entries.count() == times
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Cache-Control"] == "private, no-store"


def test_an_original_that_was_changed_or_never_sealed_is_not_given_out(org: Institution, sealed: StoredFile) -> None:
    bureau = make.user("bureau", username="second")
    plain = store(SimpleUploadedFile("门头照.jpg", photo()), org, "visit:1", None)
    assert taken(bureau, plain).status_code == 404
    location(sealed.sealed_path).write_bytes(photo() + b"x")
    changed = taken(bureau, sealed)
    assert (changed.status_code, "校验值不符" in changed.content.decode()) == (409, True)
    location(sealed.sealed_path).unlink()
    assert taken(bureau, sealed).status_code == 404
    assert not AuditEntry.objects.filter(act="take_out_original").exists()


def test_what_is_served_has_no_exif_though_the_original_has(sealed: StoredFile) -> None:
    client = Client()
    client.force_login(make.user("bureau", username="second"))
    served = client.get(reverse("file", args=[sealed.key])).content
    with (
        Image.open(BytesIO(location(sealed.sealed_path).read_bytes())) as original,
        Image.open(BytesIO(served)) as seen,
    ):
        assert original.getexif().get_ifd(0x8825)
        assert not seen.getexif()
        assert b"Exif" not in served


def taken(person: User | None, stored: StoredFile) -> object:
    client = Client()
    if person:
        client.force_login(person)
    return client.get(reverse("file_original", args=[stored.key]))
