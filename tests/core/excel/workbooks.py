"""Workbooks made part by part, as programs other than ours write them, and those that are meant to hurt."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Mapping

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
TYPES = "[Content_Types].xml"
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
WORKBOOK = "xl/workbook.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
STYLES = "xl/styles.xml"

Parts = dict[str, str | bytes]


def packed(parts: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def unpacked(data: bytes) -> Parts:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def worksheet(rows: str, after: str = "", before: str = "") -> str:
    return f'{XML}<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def relations(*of: tuple[str, str, str]) -> str:
    """Relations from (id, last word of the type, target)."""
    each = "".join(f'<Relationship Id="{key}" Type="{OFFICE}/{kind}" Target="{target}"/>' for key, kind, target in of)
    return f'{XML}<Relationships xmlns="{PACKAGE}">{each}</Relationships>'


def plain(
    rows: str = '<row r="1"><c r="A1"><v>1</v></c></row>', *, title: str = "作业", **others: str | bytes
) -> Parts:
    """The fewest parts a workbook can have, with one sheet; ``others`` are strings= and styles=."""
    known = [("r1", "worksheet", "worksheets/sheet1.xml")]
    parts: Parts = {
        TYPES: f'{XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": relations(("r1", "officeDocument", WORKBOOK)),
        WORKBOOK: (
            f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
            f'<sheets><sheet name="{title}" sheetId="1" r:id="r1"/></sheets></workbook>'
        ),
        SHEET: worksheet(rows),
    }
    if "strings" in others:
        parts[STRINGS] = others["strings"]
        known.append(("r2", "sharedStrings", "sharedStrings.xml"))
    if "styles" in others:
        parts[STYLES] = others["styles"]
        known.append(("r3", "styles", "styles.xml"))
    parts[RELATIONS] = relations(*known)
    return parts


def styles(*formats: str | int) -> str:
    """A style part whose cell format n shows the number format n: a built-in number, or a code."""
    codes = "".join(
        f'<numFmt numFmtId="{200 + n}" formatCode="{f}"/>' for n, f in enumerate(formats) if isinstance(f, str)
    )
    used = "".join(f'<xf numFmtId="{200 + n if isinstance(f, str) else f}"/>' for n, f in enumerate(formats))
    return (
        f'{XML}<styleSheet xmlns="{MAIN}"><numFmts>{codes}</numFmts>'
        f'<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>{used}</cellXfs></styleSheet>'
    )


def strings(*items: str) -> str:
    return f'{XML}<sst xmlns="{MAIN}">{"".join(f"<si>{item}</si>" for item in items)}</sst>'


def numbered_rows(first: int, last: int, cells: str = '<c r="A{n}"><v>{n}</v></c>') -> str:
    return "".join(f'<row r="{n}">{cells.format(n=n)}</row>' for n in range(first, last + 1))


def with_lying_size(data: bytes, part: str, stated: int) -> bytes:
    """``data`` with another uncompressed size of ``part`` in both its headers."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entry = archive.getinfo(part)
        directory = archive.start_dir
    changed = bytearray(data)
    changed[entry.header_offset + 22 : entry.header_offset + 26] = stated.to_bytes(4, "little")
    at = changed.index(part.encode(), directory) - 46
    changed[at + 24 : at + 28] = stated.to_bytes(4, "little")
    return bytes(changed)


def _sheet_of(row: str, count: int) -> bytes:
    return packed(plain(row * count))


def _laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE sst [<!ENTITY l0 "哈">{entities}]>'
    text = strings("<t>&l9;</t>").replace("<sst", f"{doctype}<sst", 1)
    return packed(plain(strings=text))


def _external_entity() -> bytes:
    text = strings("<t>&x;</t>").replace("<sst", '<!DOCTYPE sst [<!ENTITY x SYSTEM "file:///etc/hostname">]><sst', 1)
    return packed(plain(strings=text))


def _lying() -> bytes:
    """A part of 200 MB that says it has 100 bytes."""
    press = zlib.compressobj(9, zlib.DEFLATED, -15)
    pressed = b"".join(press.compress(b" " * 1_000_000) for _ in range(200)) + press.flush()
    parts = packed({**plain(), "docProps/app.xml": "x" * 100})
    with zipfile.ZipFile(io.BytesIO(parts)) as archive:
        entry, directory = archive.getinfo("docProps/app.xml"), archive.start_dir
    start = entry.header_offset + 30 + len(entry.filename)
    changed = bytearray(parts[:start] + pressed + parts[start + entry.compress_size :])
    moved = len(pressed) - entry.compress_size
    changed[entry.header_offset + 18 : entry.header_offset + 22] = len(pressed).to_bytes(4, "little")
    at = changed.index(b"docProps/app.xml", directory + moved) - 46
    changed[at + 20 : at + 24] = len(pressed).to_bytes(4, "little")
    end = changed.rindex(b"PK\x05\x06")
    changed[end + 16 : end + 20] = (directory + moved).to_bytes(4, "little")
    return bytes(changed)


def _many_entries() -> bytes:
    return packed({**plain(), **{f"x/{n}": b"" for n in range(40_000)}})


def _strings_within_the_size() -> bytes:
    """Shared strings whose sizes raise no doubt: only their number is wrong."""
    return packed(plain(strings=strings(*(f"<t>{n * 7919 % 999_983}</t>" for n in range(400_000)))))


def _cells_within_the_size() -> bytes:
    row = "".join(f'<c s="{n % 7}"/>' for n in range(60))
    return packed(plain("".join(f'<row r="{n}" ht="{n % 89}">{row}</row>' for n in range(1, 20_000))))


BOMBS: dict[str, Callable[[], bytes]] = {
    "corners A1 and XFD1048576": lambda: packed(
        plain('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
    ),
    "1,000,000 equal rows": lambda: _sheet_of('<row r="1"/>', 1_000_000),
    "1,000,000 numbered rows": lambda: packed(plain("".join(f'<row r="{n}"/>' for n in range(1, 1_000_001)))),
    "1,000,000 rows without numbers and with a value": lambda: _sheet_of("<row><c><v>1</v></c></row>", 1_000_000),
    "10,000 surplus rows": lambda: packed(plain(numbered_rows(1, 13_000))),
    "5,000,000 cells in one row": lambda: _sheet_of("<c/>", 5_000_000),
    "6,000,000 shared strings": lambda: packed(plain(strings=strings("").replace("<si></si>", "<si/>" * 6_000_000))),
    "400,000 different shared strings": _strings_within_the_size,
    "1,200,000 cells that only carry a format": _cells_within_the_size,
    "1,300,000 empty elements in one string": lambda: packed(
        plain(strings=strings("".join(f'<r a="{n}"/>' for n in range(1_300_000))))
    ),
    "one tag of 20 MB": lambda: packed(
        plain(f"<row {' '.join(f'a{n}={chr(34)}{n}{chr(34)}' for n in range(1_100_000))}/>")
    ),
    "one text of 10 MB": lambda: packed(
        plain(strings=strings("<t>" + "".join(f"{n:x}" for n in range(1_900_000)) + "𠀀</t>"))
    ),
    "merged A1:XFD1048576 and a million more": lambda: packed(
        {
            **plain(),
            SHEET: worksheet(
                "",
                "<mergeCells>"
                + "".join(f'<mergeCell ref="A{n}:XFD{n}"/>' for n in range(1, 600_000))
                + "</mergeCells>",
            ),
        }
    ),
    "billion laughs": _laughs,
    "a file of this machine as an entity": _external_entity,
    "200 MB that state 100 bytes": _lying,
    "200 MB of blanks": lambda: packed({**plain(), "docProps/app.xml": b" " * 200_000_000}),
    "40,000 entries": _many_entries,
}

_TEXT = "一段文字\U00020000"

LARGEST: dict[str, Callable[[], bytes]] = {
    "900 × 14": lambda: packed(
        plain(numbered_rows(1, 900, "".join(f'<c r="{c}{{n}}"><v>{{n}}</v></c>' for c in "ABCDEFGHIJKLMN")))
    ),
    "3,000 × 60 texts": lambda: packed(
        plain(
            numbered_rows(
                1, 3_000, "".join(f'<c t="inlineStr"><is><t>{_TEXT}{{n}}.{c}</t></is></c>' for c in range(60))
            )
        )
    ),
}
