"""What may be sent, what is kept of it, and what each bad file is told (``-s`` prints how soon)."""

from __future__ import annotations

import hashlib
import struct
import time
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageOps

from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution
from shuangjian.core.errors import InvalidInput
from shuangjian.files.models import StoredFile
from shuangjian.files.pictures import VISIT_SIDE, checked
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


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long it took (shown by ``pytest -s``). Nothing is asserted: machines differ, the bound is a second."""
    began = time.perf_counter()
    try:
        yield
    finally:
        print(f"{what}: {time.perf_counter() - began:.3f} s")


def huge_png(side: int) -> bytes:
    """A PNG of side × side black pixels: 13,000 × 13,000 pack into some 200 KB."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = bytes(side + 1)
    lines = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


def png_with_text(megabytes: int) -> bytes:
    """A picture of 60 × 40 with a comment that unpacks to so many MB."""
    whole = picture("PNG")
    text = b"Comment\0\0" + zlib.compress(bytes(megabytes * 1024 * 1024), 9)
    bomb = struct.pack(">I", len(text)) + b"zTXt" + text + struct.pack(">I", zlib.crc32(b"zTXt" + text))
    return whole[:33] + bomb + whole[33:]


def odd_exif(tag: int) -> bytes:
    """A JPEG that lies on its side, with one more entry of EXIF: words where a number belongs."""
    entries = struct.pack(">HHHIHH", 2, 0x0112, 3, 1, 6, 0) + struct.pack(">HHI4s", tag, 2, 4, b"abc\0")
    return picture(size=(60, 40), exif=b"Exif\0\0MM\0*\0\0\0\x08" + entries + b"\0\0\0\0")


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "0 字节"),
    "svg": (lambda: b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "SVG"),
    "svg without a head": (lambda: b"  <svg/>", "SVG"),
    "heic": (lambda: b"\x00\x00\x00\x18ftypheic" + bytes(400), "HEIC"),
    "html": (lambda: b"<!DOCTYPE html><html></html>", "网页"),
    "zip": (lambda: b"PK\x03\x04" + bytes(60), "压缩包或 Office 文档"),
    "text named jpg": (lambda: "不是图片".encode(), "按内容看"),
    "gif": (lambda: picture("GIF"), "按内容看"),
    "1-bit, 13,000 × 13,000": (lambda: picture("PNG", (13_000, 13_000), "1"), "13000×13000 像素，超过 1600 万像素"),
    "PNG bomb within 50 million": (lambda: picture("PNG", (7000, 7000), "RGBA"), "超过 1600 万像素"),
    "WebP of 20 million": (lambda: picture("WEBP", (5000, 4001)), "超过 1600 万像素"),
    "progressive JPEG of 20 million": (lambda: picture(size=(5000, 4001), progressive=True), "超过 1600 万像素"),
    "JPEG of 51 million": (lambda: picture(size=(8500, 6001)), "超过 5000 万像素"),
    "PNG with 64 MB of text": (lambda: png_with_text(64), "不完整或已损坏"),
    "avif": (lambda: b"\x00\x00\x00\x1cftypavif" + bytes(400), "HEIC"),
    "script named jpg": (lambda: b"\n<script>alert(1)</script>", "网页"),
    "50 MB": (lambda: b"%PDF-1.7" + bytes(50 * 1024 * 1024), "大于 20 MB"),
    "13,000 × 13,000": (lambda: huge_png(13_000), "13000×13000 像素"),
    "half a JPEG": (lambda: picture(size=(900, 900))[:2000], "不完整或已损坏"),
    "JPEG in name and first bytes only": (lambda: b"\xff\xd8\xff" + b"x" * 500, "不完整或已损坏"),
    "PNG with a broken part": (lambda: picture("PNG")[:40] + b"\x00" * 60, "不完整或已损坏"),
    "WebP in name only": (lambda: b"RIFF\x10\x00\x00\x00WEBP" + bytes(40), "不完整或已损坏"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_file_is_refused_and_nothing_is_kept(org: Institution, person: User, bad: str) -> None:
    made, words = BAD[bad]
    upload = sent(made())
    with pytest.raises(InvalidInput) as refused, timed(bad):
        store(upload, org, "site:1", person, field="photo")
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


@pytest.mark.parametrize("tag", [0x0100, 0x0128, 0x011A])
def test_odd_exif_costs_no_photo(org: Institution, person: User, tag: int) -> None:
    stored = store(sent(odd_exif(tag)), org, "site:1", person)
    with Image.open(location(stored.path)) as kept:
        assert kept.size == (40, 60)


@pytest.mark.parametrize("held", range(1, 9))
def test_a_photo_stands_upright_however_the_camera_was_held(org: Institution, person: User, held: int) -> None:
    corners = Image.new("RGB", (64, 32), "white")
    corners.paste("black", (0, 0, 32, 16))
    exif = Image.Exif()
    exif[0x0112] = held
    written = BytesIO()
    corners.save(written, "PNG", exif=exif)
    stored = store(sent(written.getvalue()), org, "site:1", person)
    with Image.open(BytesIO(written.getvalue())) as raw, Image.open(location(stored.path)) as kept:
        assert kept.tobytes() == ImageOps.exif_transpose(raw).tobytes()


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


def test_a_photo_of_a_visit_is_light_whatever_it_came_as(org: Institution, person: User) -> None:
    taken = noisy(4000, 3000)
    assert 3_500_000 < len(taken) < 6_000_000
    with timed(f"a photo of {len(taken) // 1024} KB"):
        stored = store(sent(taken), org, "visit:1", person, longest_side=VISIT_SIDE)
    with Image.open(location(stored.path)) as kept:
        assert (kept.format, kept.size) == ("JPEG", (2000, 1500))
    print(f"kept in {stored.size // 1024} KB")
    assert stored.size < 900_000
    for kind, mode in (("PNG", "RGBA"), ("WEBP", "RGB"), ("JPEG", "CMYK")):
        as_jpeg = store(
            sent(picture(kind, (3000, 40), mode), "照片.png"), org, "visit:1", person, longest_side=VISIT_SIDE
        )
        assert (as_jpeg.media_type, as_jpeg.name) == ("image/jpeg", "照片.jpg")
        with Image.open(location(as_jpeg.path)) as kept:
            assert (kept.format, kept.mode, max(kept.size)) == ("JPEG", "RGB", 2048)
    for portrait, size in ((6, (30, 2048)), (1, (2048, 30))):
        exif = Image.Exif()
        exif[0x0112] = portrait
        turned = store(sent(picture(size=(4100, 60), exif=exif)), org, "visit:1", person, longest_side=VISIT_SIDE)
        with Image.open(location(turned.path)) as kept:
            assert kept.size == size


def test_what_shines_through_becomes_paper_in_a_photo(org: Institution, person: User) -> None:
    written = BytesIO()
    Image.new("RGBA", (40, 40), (255, 0, 0, 0)).save(written, "PNG")
    stored = store(sent(written.getvalue()), org, "visit:1", person, longest_side=VISIT_SIDE)
    with Image.open(location(stored.path)) as kept:
        assert min(kept.getpixel((20, 20))) > 250


def test_a_visit_takes_photos_only(org: Institution, person: User) -> None:
    with pytest.raises(InvalidInput, match="这是 PDF，这里只收照片"):
        store(sent(b"%PDF-1.7\n"), org, "visit:1", person, longest_side=VISIT_SIDE)
    for raw in (b"GIF89a", b"PK\x03\x04", b"<html>"):
        with pytest.raises(InvalidInput) as refused:
            store(sent(raw), org, "visit:1", person, longest_side=VISIT_SIDE)
        assert "PDF" not in refused.value.message  # a PDF would be refused next


@pytest.mark.parametrize(
    "hidden", [b"PK\x03\x04" + bytes(60), b"%PDF-1.7\n1 0 obj", SCRIPT, b"<?php echo 1;", b"MZ" + bytes(90)]
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("longest_side", [0, VISIT_SIDE])
def test_what_hides_in_or_behind_a_picture_is_not_shown(
    org: Institution, person: User, hidden: bytes, kind: str, longest_side: int
) -> None:
    """A file that is a picture and something else as well: the view is the picture alone, in comments and behind it."""
    hiding: dict[str, object] = (
        {"comment": hidden} if kind == "JPEG" else {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0" + hidden}
    )
    raw = picture(kind, **hiding) + hidden
    assert raw.count(hidden) == 2
    stored = store(sent(raw), org, "visit:1", person, longest_side=longest_side, seal=True)
    assert hidden not in location(stored.path).read_bytes()
    assert location(stored.sealed_path).read_bytes() == raw


def test_a_document_that_is_a_page_as_well_goes_out_as_a_download(org: Institution, person: User) -> None:
    """A PDF is kept as it is, so what keeps a browser from running it is the way it is served (test_download)."""
    stored = store(sent(b"%PDF-1.7\n<html><script>alert(1)</script></html>", "说明.html"), org, "licence:1", person)
    assert (stored.media_type, stored.name, stored.is_picture) == ("application/pdf", "说明.pdf", False)


def test_broken_bytes_are_told_as_damaged_whatever_the_decoder_says(org: Institution) -> None:
    """3,000 pictures with bytes changed at random: each is kept or refused in words, none is an error of the portal."""
    chance, kept = Random(5), 0
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "虚构".encode().decode("latin-1") * 20
    whole = [
        picture(kind, exif=exif, **more)
        for kind, more in (("JPEG", {}), ("JPEG", {"progressive": True}), ("PNG", {}), ("WEBP", {}))
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of broken EXIF
        for _ in range(3000):
            raw = bytearray(chance.choice(whole))
            for _ in range(chance.choice([1, 2, 5, 20])):
                raw[chance.randrange(len(raw))] = chance.randrange(256)
            try:
                kept += bool(checked(bytes(raw), "photo").data)
            except InvalidInput as refused:
                assert refused.problems[0].code in {"damaged", "type", "pixels"}
    assert 0 < kept < 3000


def noisy(width: int, height: int) -> bytes:
    """A photo as a camera takes it, of 12 million pixels some 4 MB: soft shapes under the noise of the sensor."""
    shapes = Image.frombytes("RGB", (width // 8, height // 8), Random(3).randbytes(width // 8 * (height // 8) * 3))
    noise = Image.effect_noise((width, height), 18).convert("RGB")
    written = BytesIO()
    Image.blend(shapes.resize((width, height)), noise, 0.35).save(written, "JPEG", quality=88)
    return written.getvalue()


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
        ("\u2066..\u2069/\u200f门头\x00照.jpg", "门头照.jpg"),
        ("a\x07b\x1b[31mc.png", "ab[31mc.jpg"),
        ("照片.jpg/", "文件.jpg"),
        ("..%2f..%2fpasswd", "%2f.jpg"),
        ("名" * 300 + ".jpg", "名" * 116 + ".jpg"),
        ("门头照", "门头照.jpg"),
        (".htaccess", "htaccess.jpg"),
    ],
)
def test_a_name_is_cleaned(name: str, cleaned: str) -> None:
    assert clean_name(name, "jpg") == cleaned
