"""One streaming pass over an XML part: bounded in elements, depth and length of a token, without entities."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from xml.parsers import expat

from shuangjian.core.excel import refusals

Attributes = dict[str, str]

_NAMESPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",  # "Strict Open XML" in Excel's list of formats
    "http://schemas.openxmlformats.org/package/2006/relationships",
)
_PREFIXES = tuple(f"{namespace} " for namespace in _NAMESPACES)
RELATION_IDS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships id",
    "http://purl.oclc.org/ooxml/officeDocument/relationships id",
)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DEEPEST = 100
_MOST_NAMES = 1_000
# The parser reads an unfinished token again with every piece, so the time for one grows with the square of its length.
_LONGEST_TOKEN = 512 * 1024


@dataclass
class Budget:
    """What is left for one workbook, over all its parts."""

    elements: int
    cells: int
    characters: int

    def spend_characters(self, count: int, path: str) -> None:
        self.characters -= count
        if self.characters < 0:
            message = "工作簿里的文字过多，不像填报用的表。请只保留要填报的内容后再上传。"
            raise refusals.refusal(path, message, "too-many-characters")


def scan(
    pieces: Iterable[bytes],
    budget: Budget,
    start: Callable[[str, Attributes], None],
    end: Callable[[str, str], None],
    *,
    names: frozenset[str],
    texts: frozenset[str] = frozenset(),
    path: str = refusals.FILE,
) -> None:
    """Call ``start`` with the local name and the attributes of each element in ``names``, in the formats' namespaces
    only, and ``end`` with its name and, for those in ``texts``, the characters directly inside it.

    InvalidInput, at ``path``, for XML that is not well-formed, not UTF-8, has a DOCTYPE or leaves the budget.
    """
    handler = _Handler(budget, start, end, names, texts, path)
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = handler.start_element
    parser.EndElementHandler = handler.end_element
    parser.CharacterDataHandler = handler.characters
    parser.StartDoctypeDeclHandler = handler.doctype
    parser.XmlDeclHandler = handler.declaration
    fed = 0
    try:
        for piece in pieces:
            if fed == 0 and (piece.startswith(_UTF16) or b"\0" in piece[:4]):  # the parser would follow the mark
                raise refusals.damaged(path, "XML 编码不是 UTF-8")
            parser.Parse(piece, False)
            fed += len(piece)
            if fed - parser.CurrentByteIndex > _LONGEST_TOKEN:
                raise refusals.damaged(path, "有过长的标记")
        parser.Parse(b"", True)
    except (expat.ExpatError, UnicodeError) as error:
        raise refusals.damaged(path, "XML 格式错误") from error
    handler.close()


class _Handler:
    def __init__(
        self,
        budget: Budget,
        start: Callable[[str, Attributes], None],
        end: Callable[[str, str], None],
        names: frozenset[str],
        texts: frozenset[str],
        path: str,
    ) -> None:
        self._budget = budget
        self._names = names
        self._start = start
        self._end = end
        self._texts = texts
        self._path = path
        self._depth = 0
        self._left = budget.elements
        self._locals: dict[str, str] = {}
        self._collected: list[str] | None = None

    def start_element(self, name: str, attributes: Attributes) -> None:
        self._depth += 1
        self._left -= 1
        if self._left < 0 or self._depth > _DEEPEST:
            message = "内容过多或嵌套过深，不像填报用的表。请只保留要填报的内容，复制到新的模板后再上传。"
            raise refusals.refusal(self._path, message, "too-many-elements")
        local = self._locals.get(name)
        if local is None:
            local = self._wanted(name)
        self._collected = [] if local in self._texts else None
        if local:
            self._start(local, attributes)

    def end_element(self, name: str) -> None:
        self._depth -= 1
        local = self._locals.get(name)
        if local:
            text = "".join(self._collected) if self._collected else ""
            self._collected = None
            self._end(local, text)

    def characters(self, text: str) -> None:
        if self._collected is not None:
            self._collected.append(text)
            self._budget.spend_characters(len(text), self._path)

    def doctype(self, *_: object) -> None:
        raise refusals.has_doctype()

    def declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.lower() not in ("utf-8", "utf8", "us-ascii"):
            raise refusals.damaged(self._path, f"XML 编码 {encoding[:20]} 不是 UTF-8")

    def close(self) -> None:
        self._budget.elements = self._left

    def _wanted(self, name: str) -> str:
        """The local name where it is wanted, else ""; remembered while there are few, for there may be a million."""
        local = name.split(" ", 1)[1] if name.startswith(_PREFIXES) else ""
        if local not in self._names:
            local = ""
        if len(self._locals) < _MOST_NAMES:
            self._locals[name] = local
        return local
