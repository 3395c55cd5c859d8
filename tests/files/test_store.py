"""What may be sent, what is kept of it, and what each bad file is told. Every refusal comes within a second."""

from __future__ import annotations

import hashlib
import struct
import time
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution
from shuangjian.core.errors import InvalidInput
from shuangjian.files.models import StoredFile
from shuangjian.files.services import clean_name, location, store
from shuangjian.journal.models import AuditEntry
from tests import make

SCRIPT = b"<script>alert(1)</script>"


@pytest.fixture
def org(db: None) -> Institution:
    return make.training_org()


@pytest.fixture
def person(org: Institution) -> User:
    return make.user("org", org)


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: object) -> bytes:
    written = BytesIO()
    Image.new(mode, size, "red" if mode != "L" else 90).save(written, kind, **options)
    return written.getvalue()


def sent(data: bytes, name: str = "门头照.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def huge_png(side: int) -> bytes:
    """A PNG of side × side black pixels: 13,000 × 13,000 pack into some 200 KB."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = bytes(side + 1)
    lines = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "0 字节"),
    "svg": (lambda: b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "SVG"),
    "svg without a head": (lambda: b"  <svg/>", "SVG"),
    "heic": (lambda: b"\x00\x00\x00\x18ftypheic" + bytes(400), "HEIC"),
    "html": (lambda: b"<!DOCTYPE html><html></html>", "网页"),
    "zip": (lambda: b"PK\x03\x04" + bytes(60), "压缩包或 Office 文档"),
    "text named jpg": (lambda: "不是图片".encode(), "按内容看"),
    "gif": (lambda: picture("GIF"), "按内容看"),
    "50 MB": (lambda: b"%PDF-1.7" + bytes(50 * 1024 * 1024), "大于 20 MB"),
    "13,000 × 13,000": (lambda: huge_png(13_000), "13000×13000 像素"),
    "half a JPEG": (lambda: picture(size=(900, 900))[:2000], "不完整或已损坏"),
    "JPEG in name and first bytes only": (lambda: b"\xff\xd8\xff" + b"x" * 500, "不完整或已损坏"),
    "PNG with a broken part": (lambda: picture("PNG")[:40] + b"\x00" * 60, "不完整或已损坏"),
    "WebP in name only": (lambda: b"RIFF\x10\x00\x00\x00WEBP" + bytes(40), "不完整或已损坏"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_file_is_refused_within_a_second_and_nothing_is_kept(org: Institution, person: User, bad: str) -> None:
    made, words = BAD[bad]
    upload = sent(made())
    began = time.perf_counter()
    with pytest.raises(InvalidInput) as refused:
        store(upload, org, "site:1", person, field="photo")
    assert time.perf_counter() - began < 1
    (problem,) = refused.value.problems
    assert problem.path == "photo"
    assert words in problem.message
    assert not StoredFile.objects.exists()
    assert not AuditEntry.objects.filter(act="store_file").exists()


@pytest.mark.parametrize(
    ("kind", "mode", "media_type"),
    [
        ("JPEG", "RGB", "image/jpeg"),
        ("JPEG", "CMYK", "image/jpeg"),
        ("JPEG", "L", "image/jpeg"),
        ("PNG", "RGBA", "image/png"),
        ("PNG", "P", "image/png"),
        ("WEBP", "RGB", "image/webp"),
    ],
)
def test_a_picture_is_kept_and_told_by_its_content(
    org: Institution, person: User, kind: str, mode: str, media_type: str
) -> None:
    stored = store(sent(picture(kind, mode=mode), "照片.exe"), org, "site:1", person)
    assert stored.media_type == media_type
    assert stored.name.startswith("照片.")
    assert not stored.name.endswith(".exe")
    with Image.open(location(stored.path)) as kept:
        assert (kept.format, kept.size) == (kind, (60, 40))
    assert stored.size == location(stored.path).stat().st_size


def test_exif_is_gone_the_picture_stands_upright_and_the_hash_is_of_what_was_received(
    org: Institution, person: User
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010F] = "虚构相机".encode().decode("latin-1")
    exif.get_ifd(0x8825)[1] = "N"  # where it was taken
    raw = picture(exif=exif, comment=b"secret")
    stored = store(sent(raw), org, "site:1", person)
    assert stored.sha256 == hashlib.sha256(raw).hexdigest()
    data = location(stored.path).read_bytes()
    assert hashlib.sha256(data).hexdigest() in stored.path
    with Image.open(BytesIO(data)) as kept:
        assert not kept.getexif()
        assert kept.size == (40, 60)
    assert b"secret" not in data


def test_a_script_behind_a_picture_is_not_kept(org: Institution, person: User) -> None:
    stored = store(sent(picture() + SCRIPT), org, "site:1", person)
    assert SCRIPT not in location(stored.path).read_bytes()
    with Image.open(location(stored.path)) as kept:
        kept.load()


def test_a_pdf_is_kept_as_it_is(org: Institution, person: User) -> None:
    raw = b"%PDF-1.7\n" + bytes(1000)
    stored = store(sent(raw, "许可证.pdf"), org, "licence:1", person)
    assert (stored.media_type, location(stored.path).read_bytes()) == ("application/pdf", raw)
    assert stored.sha256 == hashlib.sha256(raw).hexdigest()


def test_a_large_photo_is_made_smaller(org: Institution, person: User) -> None:
    stored = store(sent(picture(size=(6000, 3000))), org, "site:1", person)
    with Image.open(location(stored.path)) as kept:
        assert kept.size == (4096, 2048)


def test_the_same_content_lies_in_the_storage_once(org: Institution, person: User) -> None:
    first, second = (store(sent(picture()), org, f"site:{n}", person) for n in (1, 2))
    assert first.path == second.path
    assert first.key != second.key
    assert len(list(Path(location(first.path)).parent.iterdir())) == 1


def test_the_act_is_in_the_journal(org: Institution, person: User) -> None:
    stored = store(sent(picture()), org, "site:1", person)
    entry = AuditEntry.objects.get(act="store_file")
    assert (entry.actor, entry.institution, entry.detail["sha256"]) == (person, org, stored.sha256)


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("../../etc/passwd.jpg", "passwd.jpg"),
        ("..\\..\\boot.jpg", "boot.jpg"),
        ("..", "文件.jpg"),
        ("", "文件.jpg"),
        ("一\r\nSet-Cookie: x.jpg", "一Set-Cookie: x.jpg"),
        ("照片\u202egnp.exe", "照片gnp.jpg"),
        ("零\u200b宽.JPG", "零宽.jpg"),
        ("名" * 300 + ".jpg", "名" * 116 + ".jpg"),
        ("门头照", "门头照.jpg"),
        (".htaccess", "htaccess.jpg"),
    ],
)
def test_a_name_is_cleaned(name: str, cleaned: str) -> None:
    assert clean_name(name, "jpg") == cleaned
