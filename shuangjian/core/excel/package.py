"""The zip archive around a workbook, judged before any of its XML is parsed.

Sizes that the archive states are never believed: every part is inflated once in small pieces that are thrown away, and
what comes out is counted. Nothing is ever written to disk under a name from the archive.
"""

from __future__ import annotations

import io
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator

from shuangjian.core.excel import refusals
from shuangjian.core.excel.cells import Limits
from shuangjian.core.excel.signatures import refuse_other_formats

PIECE = 64 * 1024

_DIRECTORY_ENTRY = b"PK\x01\x02"
_MOST_PARTS = 1_000  # a workbook with 20 sheets, comments and pictures has about 100
_RATIO = 200  # a sheet of equal cells deflates to about 1:30, a bomb to 1:1000
_RATIO_FROM = 1024 * 1024
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # an LZMA entry itself says how much memory to set aside for it
_FORBIDDEN_XML = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_LONGEST_FORBIDDEN = len(b"<!DOCTYPE")
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    ValueError,
    OSError,
)
_OTHER_PACKAGES = (
    ("word/document.xml", "Word 文档"),
    ("ppt/presentation.xml", "演示文稿"),
    ("xl/workbook.bin", "二进制工作簿（.xlsb）"),
    ("content.xml", "OpenDocument 文件（.ods）"),
    ("index/document.iwa", "Numbers 表格"),
)


class Package:
    """The parts of an archive that has been found harmless in size and shape; names are matched without case."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        """InvalidInput when the file is no .xlsx, not whole, too large in any way, or carries programs."""
        if len(data) > limits.bytes:
            size, most = refusals.megabytes(len(data)), refusals.megabytes(limits.bytes)
            message = f"文件有 {size}，上限是 {most}。请删除图片和与填报无关的工作表，另存后再上传。"
            raise refusals.refusal(refusals.FILE, message, "too-large")
        refuse_other_formats(data)
        if data.count(_DIRECTORY_ENTRY) > _MOST_PARTS:
            raise refusals.too_large_inside()
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except _DAMAGE as error:
            raise refusals.truncated() from error
        self._parts: dict[str, zipfile.ZipInfo] = {}
        entries = self._archive.infolist()
        # An archive inside the first half of a cut file has its own directory: its entries do not begin at byte 0.
        if not entries or min(entry.header_offset for entry in entries) != 0:
            raise refusals.truncated()
        for entry in entries:
            self._admit(entry)
        self._refuse_other_packages()
        self._refuse_programs()
        self._inflate_all(limits)

    def __contains__(self, part: str) -> bool:
        return part.lower() in self._parts

    def pieces(self, part: str) -> Iterator[bytes]:
        """The part's bytes, a piece at a time; KeyError when there is no such part."""
        entry = self._parts[part.lower()]
        try:
            with self._archive.open(entry) as stream:
                while piece := stream.read(PIECE):
                    yield piece
        except _DAMAGE as error:
            raise refusals.damaged(detail=entry.filename[:100]) from error

    def _admit(self, entry: zipfile.ZipInfo) -> None:
        name = entry.filename.replace("\\", "/")  # some exporters write Windows separators
        if name.startswith("/") or ":" in name or ".." in name.split("/") or min(name, default=" ") < " ":
            raise refusals.damaged(detail="压缩包内有非法路径")
        if entry.flag_bits & 0x1:
            message = "文件内容已加密，系统无法读取。请在 Excel 或 WPS 中取消密码、保存后再上传。"
            raise refusals.refusal(refusals.FILE, message, "encrypted")
        if name.endswith("/"):
            return
        if entry.compress_type not in _METHODS:
            raise refusals.damaged(detail="压缩方式不对")
        if name.lower() in self._parts:
            raise refusals.damaged(detail="压缩包内有重名部分")
        self._parts[name.lower()] = entry

    def _refuse_other_packages(self) -> None:
        if "xl/workbook.xml" in self or "[content_types].xml" in self and "_rels/.rels" in self:
            known = [name for part, name in _OTHER_PACKAGES[:3] if part in self]
        else:
            known = [name for part, name in _OTHER_PACKAGES if part in self] or ["压缩包，里面不是工作簿"]
        if known:
            raise refusals.other_format(known[0])

    def _refuse_programs(self) -> None:
        """Macros and embedded objects never run here, but the file is kept as evidence and others may open it."""
        for name in self._parts:
            if posixpath.basename(name).startswith("vbaproject") or name.startswith("xl/macrosheets/"):
                raise refusals.has_macros()
            if name.startswith(("xl/embeddings/", "xl/activex/")):
                message = "工作簿里插入了对象或控件，系统不接收。请删除插入的对象，只保留数据后再上传。"
                raise refusals.refusal(refusals.FILE, message, "embedded")

    def _inflate_all(self, limits: Limits) -> None:
        if sum(entry.file_size for entry in self._parts.values()) > limits.unpacked:
            raise refusals.too_large_inside()
        total = 0
        for part, entry in self._parts.items():
            size, carried = 0, b""
            is_xml = part.endswith((".xml", ".rels"))
            for piece in self.pieces(part):
                size += len(piece)
                total += len(piece)
                if total > limits.unpacked or size > max(_RATIO_FROM, _RATIO * entry.compress_size):
                    raise refusals.too_large_inside()
                if is_xml:
                    carried = carried[-_LONGEST_FORBIDDEN:] + piece
                    if _FORBIDDEN_XML.search(carried):
                        raise refusals.has_doctype()
            if size != entry.file_size:
                raise refusals.damaged(detail=entry.filename[:100])
