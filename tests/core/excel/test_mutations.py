"""Whatever happens to the bytes of a workbook on their way, it is read or refused: no other error comes out."""

import io
import zipfile
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from shuangjian.core.errors import InvalidInput
from shuangjian.core.excel.reading import open_workbook
from shuangjian.core.excel.writing import Between, Column, Kind, WorkbookBuilder
from tests.core.excel.workbooks import packed, unpacked


def _real() -> bytes:
    builder = WorkbookBuilder("周报")
    grade = builder.options("年级", ["一年级", "二年级"])
    columns = [Column("学校"), Column("年级", rule=grade), Column("分钟", Kind.WHOLE, rule=Between(0, 300))]
    sheet = builder.sheet("作业", columns, notices=["请填写"])
    for number in range(3, 30):
        sheet.write(number, ["示范小学", "一年级", number])
    builder.meta({"version": "1"})
    return builder.to_bytes()


REAL = _real()
PARTS = unpacked(REAL)

_change = st.tuples(
    st.sampled_from(["flip", "cut", "double", "insert"]), st.floats(0, 1), st.integers(1, 200), st.binary(max_size=8)
)


def changed(data: bytes, changes: list[tuple[str, float, int, bytes]]) -> bytes:
    for kind, place, length, bytes_ in changes:
        at = int(place * len(data))
        if kind == "flip" and at < len(data):
            data = data[:at] + bytes([data[at] ^ length]) + data[at + 1 :]
        elif kind == "cut":
            data = data[:at] + data[at + length :]
        elif kind == "double":
            data = data[: at + length] + data[at:]
        elif kind == "insert":
            data = data[:at] + bytes_ + data[at:]
    return data


@settings(max_examples=300, deadline=None)
@given(st.lists(_change, min_size=1, max_size=4))
def test_a_file_with_changed_bytes_is_read_or_refused(changes) -> None:
    with suppress(InvalidInput):
        open_workbook(changed(REAL, changes))


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(PARTS)), st.lists(_change, min_size=1, max_size=4))
def test_a_part_with_changed_bytes_in_a_whole_archive_is_read_or_refused(part: str, changes) -> None:
    content = PARTS[part]
    assert isinstance(content, bytes)
    with suppress(InvalidInput):
        open_workbook(packed({**PARTS, part: changed(content, changes)}))


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(PARTS)),
    st.sampled_from(
        [(b"r=", b"q="), (b'"1"', b'"-1"'), (b'"1"', b'"1e400"'), (b"<v>", b"<v>9"), (b"s=", b"t="), (b"rId", b"x")]
    ),
    st.sampled_from([None, "xl/styles.xml", "xl/sharedStrings.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels"]),
)
def test_a_workbook_with_parts_lost_or_references_changed_is_read_or_refused(part, swap, lost) -> None:
    content = PARTS[part]
    assert isinstance(content, bytes)
    with suppress(InvalidInput):
        open_workbook(packed({name: PARTS[name] for name in PARTS if name != lost} | {part: content.replace(*swap)}))


def test_the_workbook_that_these_tests_change_is_whole() -> None:
    assert zipfile.is_zipfile(io.BytesIO(REAL))
    assert len(open_workbook(REAL).sheets["作业"].rows) == 29
