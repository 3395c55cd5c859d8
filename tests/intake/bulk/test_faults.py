"""Spoilt files are named, and nothing of them stays; what was locked is refused by name."""

from __future__ import annotations

import datetime as dt
import re
import resource
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from homework.models import HomeworkItem
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput
from shuangjian.core.weeks import Week
from shuangjian.intake import services
from shuangjian.intake.bulk import load_returns, loading
from shuangjian.intake.models import ReturnVersion, WeeklyReturn
from shuangjian.intake.sections import Form
from shuangjian.journal.models import AuditEntry, EvaluationRequest
from tests import make
from tests.intake.bulk import build

pytestmark = pytest.mark.django_db

NOW = clock.at(dt.date(2026, 11, 9), 9 * 60)
ME = make.Somebody()


@pytest.fixture
def schools() -> list[Institution]:
    make.calendar()
    return [make.school(f"示范{n}小", classes=[f"2026-0{n}-01", f"2026-0{n}-02"]) for n in (3, 4, 5)]


def rows_of(schools: list[Institution], minutes: int = 30) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for school in schools:
        code = school.school.classes.first().code
        item = make.item(code, "2026-11-04", minutes)
        rows += build.lines(school, make.full_payload(school, homework=[item]))
    return rows


def counts() -> dict[str, int]:
    """Rows of every table there is."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        cursor.execute(" UNION ALL ".join(f"SELECT '{table}', count(*) FROM \"{table}\"" for table in tables))
        return dict(cursor.fetchall())


def refused(path: Path, **options: Any) -> InvalidInput:
    """The refusal of a file that leaves every table as it was."""
    before = counts()
    with pytest.raises(InvalidInput) as caught:
        load_returns(path, actor=ME, now=NOW, **options)
    assert counts() == before
    return caught.value


def spoilt(tmp_path: Path, data: bytes) -> list[str]:
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    return [str(problem) for problem in refused(path).problems]


def test_an_empty_file_and_one_with_a_header_only_say_so(schools: Any, tmp_path: Path) -> None:
    assert spoilt(tmp_path, b"")[0].startswith("文件是空的，第一行应为表头：school_code,week,part,")
    assert spoilt(tmp_path, b"\xef\xbb\xbf\n\n")[0].startswith("文件是空的")
    assert spoilt(tmp_path, b"school_code,week,class\n,,\n") == ["文件只有表头，没有数据行，请每项填一行。"]


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    assert "文件打不开" in str(refused(tmp_path / "no.csv").problems[0])


@pytest.mark.parametrize("encoding", ["gbk", "utf-16"])
def test_another_encoding_is_named_with_how_to_save_the_file(
    schools: list[Institution], tmp_path: Path, encoding: str
) -> None:
    (said,) = spoilt(tmp_path, build.text(rows_of(schools)).encode(encoding))
    assert "行：文件不是 UTF-8 编码" in said
    assert "另存为”，文件类型选“CSV UTF-8（逗号分隔）" in said


def test_a_byte_order_mark_comments_and_blank_lines_are_no_mistake(schools: list[Institution], tmp_path: Path) -> None:
    text = build.text(rows_of(schools)).replace("\n", "\r\n# 说明，随便写\r\n,,,\r\n\r\n", 1)
    path = tmp_path / "x.csv"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load_returns(path, actor=ME, now=NOW).written == 3


def test_unknown_and_missing_columns_are_named(schools: Any, tmp_path: Path) -> None:
    said = spoilt(tmp_path, b"school_code,minuts,class,class\n1,2,3,4\n")
    assert any(each.startswith("表头 week：缺少这一列") for each in said)
    assert any(each.startswith("表头 minuts：不认识这一列，可用的列：school_code、week、part、") for each in said)
    assert any(each.startswith("表头 class：这一列出现了两次") for each in said)


def test_nul_characters_are_named_by_line_and_hide_nothing(schools: list[Institution], tmp_path: Path) -> None:
    lines = build.text(rows_of(schools)).split("\n")
    lines[3] = lines[3].replace("2026", "20\x0026", 1)
    lines[-2] = lines[-2].replace("primary", "senior")
    said = spoilt(tmp_path, "\n".join(lines).encode())
    assert len(said) == 2
    assert said[0].startswith("第 4 行：这一行含有空字符（NUL）")
    assert said[1].startswith(f"第 {len(lines) - 1} 行 stage（学段）：")


def test_open_quotes_are_named_by_the_line_on_which_they_open(schools: list[Institution], tmp_path: Path) -> None:
    lines = build.text(rows_of(schools)).split("\n")
    lines[5] = '"' + lines[5]
    assert spoilt(tmp_path, "\n".join(lines).encode())[0] == "第 6 行：这一行不是正确的 CSV，请检查引号是否成对。"


@pytest.mark.parametrize("surplus", ["{code},2026-W45,homework,x,y\n", "{blank}\n", "9,9,9\n"])
def test_ten_megabytes_of_surplus_lines_cost_seconds_and_no_memory(
    schools: list[Institution], tmp_path: Path, surplus: str
) -> None:
    rows = rows_of(schools)
    line = surplus.format(code=schools[0].code, blank="," * (len(build.columns()) - 1))
    path = tmp_path / "x.csv"
    path.write_text(build.text(rows) + line * (10_000_000 // len(line)), encoding="utf-8")
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    if "{blank}" in surplus:
        assert load_returns(path, actor=ME, now=NOW).rows == len(rows)
    else:
        error = refused(path)
        assert len(error.problems) == 200
        assert int(re.findall(r"\d+", error.message)[0]) >= 10_000_000 // len(line)
    assert time.process_time() - began < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kilobytes


def test_one_wrong_cell_in_the_last_school_saves_nothing_of_the_others(
    schools: list[Institution], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "ROWS_AT_A_TIME", 1)  # the others are written before the last is looked at
    rows = rows_of(schools)
    rows[-1]["minutes"] = "９０"
    error = refused(build.write(tmp_path, rows))
    assert [str(problem) for problem in error.problems] == [
        f"第 {len(rows) + 1} 行 minutes（服务分钟数）：“服务分钟数”应为 1–300 的整数（分钟），现为“９０”。"
        "请改用半角数字。没有开展请勾选“当日无课后服务”。"
    ]


def test_a_dry_run_counts_and_writes_nothing(schools: list[Institution], tmp_path: Path) -> None:
    path = build.write(tmp_path, rows_of(schools))
    before = counts()
    result = load_returns(path, actor=ME, now=NOW, is_dry_run=True)
    assert counts() == before
    assert (result.returns, result.written, result.unchanged) == (3, 3, 0)


def test_the_same_file_again_changes_nothing(schools: list[Institution], tmp_path: Path) -> None:
    path = build.write(tmp_path, rows_of(schools))
    assert load_returns(path, actor=ME, now=NOW).written == 3
    before = list(WeeklyReturn.objects.values()), counts()
    result = load_returns(path, actor=ME, now=NOW)
    assert (result.written, result.unchanged) == (0, 3)
    assert list(WeeklyReturn.objects.values()) == before[0]
    before[1]["journal_auditentry"] += 1  # that it was loaded again
    assert counts() == before[1]


def test_a_locked_return_is_refused_by_name_and_the_rest_with_it(schools: list[Institution], tmp_path: Path) -> None:
    load_returns(build.write(tmp_path, rows_of(schools)), actor=ME, now=NOW)
    WeeklyReturn.objects.filter(institution=schools[1]).update(state="locked", locked_at=NOW, remark="已汇总")
    with pytest.raises(Exception) as single:  # noqa: PT011 - compared below
        services.submit_return(
            schools[1], make.WEEK, actor=ME, now=NOW, door="file", payload=make.full_payload(schools[1])
        )
    error = refused(build.write(tmp_path, rows_of(schools, minutes=31)), note="更正")
    (problem,) = error.problems
    assert problem.code == "locked"
    assert f"{schools[1].code} 示范4小 2026-W45" in problem.path
    assert problem.message == single.value.message


def test_what_is_locked_and_filed_again_unchanged_is_no_mistake(schools: list[Institution], tmp_path: Path) -> None:
    path = build.write(tmp_path, rows_of(schools))
    load_returns(path, actor=ME, now=NOW)
    WeeklyReturn.objects.update(state="locked", locked_at=NOW)
    assert load_returns(path, actor=ME, now=NOW).unchanged == 3


def test_a_correction_after_the_lock_needs_a_note(schools: list[Institution], tmp_path: Path) -> None:
    load_returns(build.write(tmp_path, rows_of(schools)), actor=ME, now=NOW)
    WeeklyReturn.objects.update(state="locked", locked_at=NOW, reopened_until=NOW + dt.timedelta(days=1))
    path = build.write(tmp_path, rows_of(schools, minutes=31))
    assert {problem.code for problem in refused(path).problems} == {"required"}
    assert load_returns(path, actor=ME, now=NOW, note="更正时长").written == 3
    assert ReturnVersion.objects.filter(is_correction=True, note="更正时长").count() == 3


def test_only_the_returns_of_the_file_are_touched(schools: list[Institution], tmp_path: Path) -> None:
    draft = make.full_payload(schools[2])
    services.save_draft(schools[2], make.WEEK, draft, actor=ME, now=NOW)
    services.save_draft(schools[0], make.WEEK.plus(-1), {}, actor=ME, now=NOW)
    before = list(WeeklyReturn.objects.order_by("pk").values())
    load_returns(build.write(tmp_path, rows_of(schools[:2])), actor=ME, now=NOW)
    assert list(WeeklyReturn.objects.filter(pk__in=[row["id"] for row in before]).order_by("pk").values()) == before


def test_several_weeks_and_a_shuffled_file_are_one_load(schools: list[Institution], tmp_path: Path) -> None:
    rows = rows_of(schools)
    earlier = make.WEEK.plus(-1)
    for school in schools:
        rows += build.lines(school, make.full_payload(school, earlier), earlier)
    rows.sort(key=lambda row: (row["part"], row.get("day", ""), row["school_code"]))
    assert load_returns(build.write(tmp_path, rows), actor=ME, now=NOW).written == 6
    assert HomeworkItem.objects.count() == 3
    assert EvaluationRequest.objects.filter(cause__startswith="周报提交").count() == 6
    assert AuditEntry.objects.get(act="load_returns").detail["returns"] == 6


def test_the_number_of_queries_does_not_follow_the_number_of_schools(
    schools: list[Institution], tmp_path: Path
) -> None:
    def queries(some: list[Institution]) -> int:
        path = build.write(tmp_path, rows_of(some, minutes=30 + len(some)))
        with CaptureQueriesContext(connection) as captured:
            load_returns(path, actor=ME, now=NOW)
        return len(captured)

    queries(schools)
    assert queries(schools[:1]) == queries(schools[:2])


def test_forms_of_many_are_the_forms_of_each(schools: list[Institution]) -> None:
    asked = [
        (school, week) for school in schools for week in (make.WEEK, Week.parse("2026-W40"), Week.parse("2026-W33"))
    ]
    many = Form.of_many(asked)
    assert many == [Form.of(school, week) for school, week in asked]
    assert any(form.school_days["primary"] for form in many)


def test_the_command_tells_what_became_of_the_file(schools: list[Institution], tmp_path: Path, capsys: Any) -> None:
    rows = rows_of(schools)
    path = build.write(tmp_path, rows)
    call_command("load_returns", path, "--dry-run")
    call_command("load_returns", path, "--draft")
    call_command("load_returns", path, "--note", "补录")
    call_command("load_returns", path)
    assert capsys.readouterr().out.splitlines() == [
        f"周报 3 份、{len(rows)} 行：可提交 3 份，内容未变 0 份。检查完成，没有写入任何数据。",
        f"周报 3 份、{len(rows)} 行：已存为草稿 3 份，内容未变 0 份。",
        f"周报 3 份、{len(rows)} 行：已提交 3 份，其中 3 份取代了原有草稿，内容未变 0 份。",
        f"周报 3 份、{len(rows)} 行：已提交 0 份，内容未变 3 份。",
    ]
    rows[0]["minutes"] = "60分钟"
    with pytest.raises(CommandError, match="文件有 1 处需要修改，没有导入任何数据") as caught:
        call_command("load_returns", build.write(tmp_path, rows))
    assert "\n  第 2 行 minutes（分钟数）：" in str(caught.value)
