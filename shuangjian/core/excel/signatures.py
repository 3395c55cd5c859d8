"""What a file is by its first bytes, for the sentence that tells its sender why it is not taken."""

from __future__ import annotations

import codecs

from shuangjian.core.errors import InvalidInput
from shuangjian.core.excel import refusals

ZIP = b"PK\x03\x04"
_OLE2 = bytes.fromhex("D0CF11E0A1B11AE1")
_PREFIXES = (
    (b"%PDF-", "PDF 文件"),
    (b"\x89PNG", "图片"),
    (b"\xff\xd8\xff", "图片"),
    (b"GIF8", "图片"),
    (b"II*\x00", "图片"),
    (b"MM\x00*", "图片"),
    (b"Rar!", "压缩包"),
    (b"7z\xbc\xaf", "压缩包"),
    (b"\x1f\x8b", "压缩包"),
    (b"{\\rtf", "文字文档"),
)
_WEB_PAGE = (b"<html", b"<!doctype html", b"<table", b"<head", b"<meta", b"<style", b"<div", b"mime-version:")
_HEAD = 4_096


def refuse_other_formats(data: bytes) -> None:
    """InvalidInput that names the format, unless the file begins as a zip archive does."""
    if not data:
        raise refusals.refusal(refusals.FILE, "文件是空的（0 字节）。请选择填好的 .xlsx 文件后再上传。", "empty")
    if data.startswith(ZIP):
        return
    if data.startswith(_OLE2):
        raise _old_office(data)
    if ZIP.startswith(data[:4]) or _OLE2.startswith(data[:8]):
        raise refusals.truncated()
    raise refusals.other_format(_name(data))


def _old_office(data: bytes) -> InvalidInput:
    """Excel encrypts an .xlsx into the container of the old formats; the names of its streams are UTF-16."""

    def has(stream: str) -> bool:
        return stream.encode("utf-16-le") in data

    if has("EncryptedPackage"):
        message = "文件设有打开密码，系统无法读取。请在 Excel 或 WPS 中取消打开密码、保存后再上传。"
        return refusals.refusal(refusals.FILE, message, "encrypted")
    if has("WordDocument"):
        return refusals.other_format("旧版 Word 文档（.doc）")
    return refusals.other_format("旧版表格文件（.xls 或 WPS 的 .et）", "old-xls")


def _name(data: bytes) -> str:
    for prefix, name in _PREFIXES:
        if data.startswith(prefix):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" or data[4:8] == b"ftyp":
        return "图片或视频"
    head = data[:_HEAD]
    text = head.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if text.startswith(_WEB_PAGE):
        return "网页文件（只是改了扩展名）"
    if text.startswith(b"<?xml"):
        return "XML 文件（只是改了扩展名）"
    return "文本或 CSV 文件（只是改了扩展名）" if _is_text(head) else "无法识别的文件"


def _is_text(head: bytes) -> bool:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    for encoding in ("utf-8", "gb18030"):
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(head)
        except UnicodeDecodeError:
            continue
        return not any(character < " " and character not in "\t\r\n" for character in text)
    return False
