"""The parts beside the sheets: relations, list of sheets, number formats, shared strings."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from shuangjian.core.excel import refusals, serials
from shuangjian.core.excel.cells import Limits
from shuangjian.core.excel.package import Package
from shuangjian.core.excel.xml_scan import RELATION_IDS, Attributes, Budget, scan

LONGEST_TEXT = 32_767  # what Excel keeps in one cell
_LONGEST_TITLE = 255  # Excel keeps 31; longer ones come from other programs, and this one is shown to people
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_YES = ("1", "true", "on")
_STRING_NAMES = frozenset({"si", "t", "rPh"})
_WORKBOOK = "xl/workbook.xml"


@dataclass
class SheetEntry:
    title: str
    part: str


@dataclass
class Contents:
    """What the workbook part and its relations say; ``strings`` and ``styles`` are parts, "" where there is none."""

    is_1904: bool = False
    sheets: list[SheetEntry] = field(default_factory=list)
    strings: str = ""
    styles: str = ""


@dataclass
class _Relation:
    kind: str
    part: str


def is_yes(value: str | None) -> bool:
    return value is not None and value.lower() in _YES


def read_contents(package: Package, limits: Limits, budget: Budget) -> Contents:
    """The worksheets in the workbook's order, hidden ones too; chart and dialog sheets hold no rows and are left out.

    Links to other workbooks are ignored: nothing follows them, and a formula that uses one is a formula anyway.
    """
    workbook = _workbook_part(package, budget)
    relations = _relations(package, workbook, budget)
    contents = Contents()
    named: list[tuple[str, str]] = []

    def start(name: str, attributes: Attributes) -> None:
        if name == "workbookPr":
            contents.is_1904 = is_yes(attributes.get("date1904"))
        elif name == "sheet":
            identity = next((attributes[key] for key in RELATION_IDS if key in attributes), "")
            named.append((attributes.get("name", ""), identity))
            if len(named) > limits.sheets:
                message = f"工作簿的工作表多于 {limits.sheets} 张。请删除与填报无关的工作表后再上传。"
                raise refusals.refusal(refusals.FILE, message, "too-many-sheets")

    scan(package.pieces(workbook), budget, start, _nothing, names=frozenset({"workbookPr", "sheet"}))
    for relation in relations.values():
        if relation.kind in ("vbaProject", "xlMacrosheet", "xlIntlMacrosheet"):
            raise refusals.has_macros()
        if relation.kind == "sharedStrings" and relation.part in package:
            contents.strings = relation.part
        elif relation.kind == "styles" and relation.part in package:
            contents.styles = relation.part
    contents.sheets = list(_worksheets(package, named, relations))
    if not contents.sheets:
        message = "工作簿里没有可以填写的工作表。请下载最新的模板，填好后再上传。"
        raise refusals.refusal(refusals.FILE, message, "no-sheets")
    return contents


def _worksheets(
    package: Package, named: list[tuple[str, str]], relations: dict[str, _Relation]
) -> Iterator[SheetEntry]:
    titles: set[str] = set()
    for title, identity in named:
        relation = relations.get(identity)
        if not title or len(title) > _LONGEST_TITLE or title.lower() in titles:
            raise refusals.damaged(detail="工作表没有名称、名称过长或重名")
        titles.add(title.lower())
        if relation is not None and relation.kind in ("chartsheet", "dialogsheet"):
            continue
        if relation is None or relation.kind != "worksheet" or relation.part not in package:
            raise refusals.damaged(title, "缺少这张工作表的内容")
        yield SheetEntry(title, relation.part)


def _workbook_part(package: Package, budget: Budget) -> str:
    for relation in _relations(package, "", budget).values():
        if relation.kind == "officeDocument" and relation.part in package:
            return relation.part
    if _WORKBOOK in package:
        return _WORKBOOK
    raise refusals.damaged(detail="缺少工作簿的主要部分")


def _relations(package: Package, source: str, budget: Budget) -> dict[str, _Relation]:
    """Relations of a part by their id; "" is the package. Targets may be absolute (/xl/…) or relative to the part."""
    folder, name = posixpath.split(source)
    part = posixpath.join(folder, "_rels", f"{name}.rels")
    found: dict[str, _Relation] = {}

    def start(element: str, attributes: Attributes) -> None:
        if element == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "").replace("\\", "/")
            path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            kind = attributes.get("Type", "").rsplit("/", 1)[-1]
            found[attributes.get("Id", "")] = _Relation(kind, path)

    if part in package:
        scan(package.pieces(part), budget, start, _nothing, names=frozenset({"Relationship"}))
    return found


def read_formats(package: Package, contents: Contents, budget: Budget) -> list[serials.Format]:
    """What each cell format (the ``s`` of a cell) shows; empty when the workbook has no styles."""
    written: dict[str, serials.Format] = {}
    used: list[str] = []
    inside: list[str] = []

    def start(name: str, attributes: Attributes) -> None:
        if name == "numFmt":
            written[attributes.get("numFmtId", "")] = serials.classify(attributes.get("formatCode", ""))
        elif name == "cellXfs":
            inside.append(name)
        elif name == "xf" and inside:
            used.append(attributes.get("numFmtId", "0"))

    def end(name: str, _text: str) -> None:
        if name == "cellXfs":
            inside.clear()

    if contents.styles:
        scan(package.pieces(contents.styles), budget, start, end, names=frozenset({"numFmt", "cellXfs", "xf"}))
    return [
        written[number] if number in written else serials.built_in(int(number) if number.isdecimal() else 0)
        for number in used
    ]


def read_strings(package: Package, contents: Contents, limits: Limits, budget: Budget) -> list[str]:
    """The shared strings without their formatting and without phonetic readings."""
    strings: list[str] = []
    collector = TextCollector(budget)

    def start(name: str, _attributes: Attributes) -> None:
        if name == "si":
            collector.clear()
            if len(strings) >= limits.strings:
                message = f"工作簿里不同的文字多于 {limits.strings} 条。请只保留要填报的内容，复制到新的模板后再上传。"
                raise refusals.refusal(refusals.FILE, message, "too-many-strings")
        else:
            collector.start(name)

    def end(name: str, text: str) -> None:
        if name == "si":
            strings.append(collector.text(refusals.FILE))
        else:
            collector.end(name, text)

    if contents.strings:
        scan(package.pieces(contents.strings), budget, start, end, names=_STRING_NAMES, texts=frozenset({"t"}))
    return strings


class TextCollector:
    """Puts the runs of one rich text together; ``rPh`` (how to read it aloud) is not part of it."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._runs: list[str] = []
        self._aloud = 0

    def clear(self) -> None:
        self._runs, self._aloud = [], 0

    def start(self, name: str) -> None:
        if name == "rPh":
            self._aloud += 1

    def end(self, name: str, text: str) -> None:
        if name == "rPh":
            self._aloud -= 1
        elif name == "t" and not self._aloud:
            self._runs.append(text)

    def text(self, path: str) -> str:
        return unescape("".join(self._runs), path)


def unescape(text: str, path: str) -> str:
    """The text with _x000D_ and the like as the characters they stand for, except NUL, which no database takes."""
    if len(text) > LONGEST_TEXT:
        message = f"有一格的文字超过 {LONGEST_TEXT} 字。请缩短后再上传。"
        raise refusals.refusal(path, message, "text-too-long")
    return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return match[0] if code == 0 or 0xD800 <= code < 0xE000 else chr(code)


def _nothing(_name: str, _text: str) -> None:
    """For parts of which only the attributes count."""
