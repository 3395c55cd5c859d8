"""What a received file is, told by its content and never by its name, and what of it is kept."""

from __future__ import annotations

import struct
import warnings
import zlib
from dataclasses import dataclass
from io import BytesIO

from PIL import ExifTags, Image, UnidentifiedImageError

from shuangjian.core.errors import InvalidInput, Problem
from shuangjian.core.uploads import MOST_BYTES

#: A camera of 2026 takes 12 to 50 million pixels; decoding more would take a worker's memory.
MOST_PIXELS = 50_000_000
#: What cannot be decoded at half its size lies in memory whole: PNG, WebP, and JPEG that sharpens as it loads.
_MOST_PIXELS_AT_ONCE = 16_000_000
#: What is kept is made smaller than this, so that a page of photos stays light. Print at A3 needs no more.
LONGEST_SIDE = 4096
#: Of a photo of a visit, whose original is sealed: a face plate or a notice on a wall is still read at this size.
VISIT_SIDE = 2048
_JPEG_QUALITY = 88
_VISIT_QUALITY = 75
_PDF = b"%PDF-"
#: EXIF orientation → what sets the picture upright.
_UPRIGHT: dict[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
#: What Pillow raises over broken bytes, in one decoder or another.
_DAMAGED = (
    UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError, struct.error, zlib.error,
    EOFError, LookupError, OverflowError,
)  # fmt: skip
_ACCEPTED = "请上传 JPEG、PNG、WebP 图片或 PDF"
_PHOTOS_ALONE = "请拍照，或上传 JPEG、PNG、WebP 图片"


@dataclass(frozen=True)
class Content:
    """What is kept: its bytes, their media type, and the ending that a name of this type has."""

    data: bytes
    media_type: str
    ending: str


@dataclass(frozen=True)
class _Format:
    pillow: str
    media_type: str
    ending: str
    with_alpha: bool


_JPEG = _Format("JPEG", "image/jpeg", "jpg", with_alpha=False)
_PNG = _Format("PNG", "image/png", "png", with_alpha=True)
_WEBP = _Format("WEBP", "image/webp", "webp", with_alpha=True)


@dataclass(frozen=True)
class _View:
    """As what a picture is drawn anew."""

    kind: _Format
    longest_side: int
    quality: int


def checked(raw: bytes, field: str) -> Content:
    """The content to keep of ``raw``: a PDF as it is, a picture drawn anew without EXIF or anything behind its end.

    InvalidInput at ``field`` for everything else, before it is decoded.
    """
    _weighed(raw, field)
    if raw.startswith(_PDF):
        return Content(raw, "application/pdf", "pdf")
    kind = _picture_format(raw)
    if kind is None:
        raise _refused(field, _what_it_is(raw), "type")
    return _drawn_anew(raw, kind, _View(kind, LONGEST_SIDE, _JPEG_QUALITY), field)


def checked_photo(raw: bytes, field: str, longest_side: int) -> Content:
    """As ``checked``, of photos alone: whatever they came as, they are shown as a JPEG of at most ``longest_side``."""
    _weighed(raw, field)
    kind = _picture_format(raw)
    if kind is None:
        is_pdf = raw.startswith(_PDF)
        what = "这是 PDF，这里只收照片（JPEG、PNG、WebP）。" if is_pdf else _what_it_is(raw, of_photo=True)
        raise _refused(field, what, "type")
    return _drawn_anew(raw, kind, _View(_JPEG, longest_side, _VISIT_QUALITY), field)


def _weighed(raw: bytes, field: str) -> None:
    if not raw:
        raise _refused(field, "文件是空的（0 字节），请重新选择；手机照片请等上传完成。", "empty")
    if len(raw) > MOST_BYTES:
        raise too_large(field)


def too_large(field: str) -> InvalidInput:
    """What a file beyond the quota is refused with, whether or not its bytes were received."""
    most = MOST_BYTES // 1024 // 1024
    return _refused(field, f"文件大于 {most} MB，没有保存。请缩小图片或拆分 PDF 后再上传。", "too_large")


def _picture_format(raw: bytes) -> _Format | None:
    if raw.startswith(b"\xff\xd8\xff"):
        return _JPEG
    if raw.startswith(b"\x89PNG\r\n\x1a\n"):
        return _PNG
    if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
        return _WEBP
    return None


def _what_it_is(raw: bytes, *, of_photo: bool = False) -> str:
    head = raw[:1024].lstrip(b"\xef\xbb\xbf\r\n\t ").lower()
    if raw[4:8] == b"ftyp" and raw[8:12] in (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif"):
        return "这是 HEIC 照片。请在手机相机设置中选“兼容性最佳”，或另存为 JPEG 后上传。"
    if b"<svg" in head:
        return "不接受 SVG 图形，请导出为 PNG 后上传。"
    accepted = _PHOTOS_ALONE if of_photo else _ACCEPTED
    if raw.startswith(b"PK\x03\x04"):
        return f"这是压缩包或 Office 文档。{accepted}{'' if of_photo else '；文档请另存为 PDF'}。"
    if head.startswith((b"<!doctype", b"<html", b"<?xml", b"<script")):
        return f"这是网页，不是图片。{accepted}。"
    no_paper = "" if of_photo else "，也不是 PDF"
    return f"按内容看，这不是图片{no_paper}（不看文件名后缀）。{accepted}。"


def _drawn_anew(raw: bytes, kind: _Format, view: _View, field: str) -> Content:
    try:
        with warnings.catch_warnings():
            # Pillow warns of large pictures; the bound below refuses them.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(BytesIO(raw), formats=[kind.pillow])
            _bounded(picture, field)
            if kind is _JPEG:
                _decode_smaller(picture, view.longest_side)
            return Content(_encoded(picture, view), view.kind.media_type, view.kind.ending)
    except _DAMAGED as error:
        message = "图片不完整或已损坏，打不开。请在原设备上打开核对，重新导出后上传。"
        raise _refused(field, message, "damaged") from error


def _bounded(picture: Image.Image, field: str) -> None:
    width, height = picture.size
    by_parts = picture.format == "JPEG" and not picture.info.get("progressive")
    most = MOST_PIXELS if by_parts else _MOST_PIXELS_AT_ONCE
    if width * height > most:
        message = f"图片为 {width}×{height} 像素，超过 {most // 10_000} 万像素，没有保存。请缩小后上传。"
        raise _refused(field, message, "pixels")


def _decode_smaller(picture: Image.Image, longest_side: int) -> None:
    """Decode a large JPEG at a half, a quarter or an eighth: quicker by as much, and sharper than scaling it after.

    A tenth short of the side asked for is near enough: half of a camera's 4,000 or 4,032 pixels is just below 2,048.
    """
    share = longest_side * 0.9 / max(picture.size)
    if share < 1:
        width, height = picture.size
        picture.draft("RGB", (max(1, int(width * share)), max(1, int(height * share))))


def _orientation(picture: Image.Image) -> object:
    """How the camera was held; EXIF that cannot be read says nothing. (Pillow's own turning writes EXIF, and fails.)"""
    try:
        return picture.getexif().get(ExifTags.Base.Orientation)
    except _DAMAGED:
        return None


def _encoded(picture: Image.Image, view: _View) -> bytes:
    has_alpha = "A" in picture.getbands() or "transparency" in picture.info
    mode = "RGBA" if has_alpha else "RGB"
    plain = picture if picture.mode == mode else picture.convert(mode)
    plain.thumbnail((view.longest_side, view.longest_side), reducing_gap=2.0)
    turn = _UPRIGHT.get(_orientation(picture))
    if turn is not None:
        plain = plain.transpose(turn)
    if has_alpha and not view.kind.with_alpha:
        paper = Image.new("RGB", plain.size, "white")
        paper.paste(plain, mask=plain.getchannel("A"))
        plain = paper
    plain.info.clear()  # EXIF, colour profile, comments: save() would write some of them again
    written = BytesIO()
    if view.kind is _PNG:
        plain.save(written, "PNG", optimize=False)
    else:
        plain.save(written, view.kind.pillow, quality=view.quality)
    return written.getvalue()


def _refused(field: str, message: str, code: str) -> InvalidInput:
    return InvalidInput([Problem(field, message, code)], message)
