"""Reading CSV tables as people save them."""

import pytest

from shuangjian.bureau.tables import parse_table, parsed_date, read_table
from shuangjian.core.errors import InvalidInput

TEXT = "# 来源：演示\ncode,name\n\n1,市桥街道\n# 中间的注释\n2,沙头街道\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_it_reads_utf8_with_or_without_bom_and_gbk(tmp_path, encoding):
    path = tmp_path / "towns.csv"
    path.write_bytes(TEXT.replace("\n", "\r\n").encode(encoding))
    lines = read_table(path, ("code", "name"))
    assert [(line.number, line.values) for line in lines] == [
        (4, {"code": "1", "name": "市桥街道"}),
        (6, {"code": "2", "name": "沙头街道"}),
    ]


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("", "", "文件是空的"),
        ("code\n1\n", "表头 name", "缺少这一列"),
        ("code,name,colour\n", "表头 colour", "不认识这一列"),
        ("code,name,name\n", "表头 name", "出现了两次"),
        ("code,name\n1\n", "第 2 行", "有 1 列，应有 2 列"),
        ('code,name\n1,"甲\n', "第 2 行", "引号"),
    ],
)
def test_it_says_where_a_table_is_wrong(text, path, words):
    with pytest.raises(InvalidInput) as refused:
        parse_table(text, ("code", "name"))
    assert refused.value.problems[0].path == path
    assert words in refused.value.problems[0].message


def test_it_refuses_a_file_that_is_no_text(tmp_path):
    path = tmp_path / "towns.csv"
    path.write_bytes(b"\xff\xfe\xff\xff")
    with pytest.raises(InvalidInput, match="1 处"):
        read_table(path, ("code",))


def test_it_refuses_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InvalidInput) as refused:
        read_table(tmp_path / "none.csv", ("code",))
    assert "请检查路径" in refused.value.problems[0].message


@pytest.mark.parametrize("text", ["2026-09-01", "2026/9/1"])
def test_dates_may_be_written_as_excel_does(text):
    assert str(parsed_date(text)) == "2026-09-01"


@pytest.mark.parametrize("text", ["", "2026-02-30", "9月1日", "20260901"])
def test_other_dates_are_refused_with_an_example(text):
    with pytest.raises(ValueError, match="请写作 2026-09-01"):
        parsed_date(text)
