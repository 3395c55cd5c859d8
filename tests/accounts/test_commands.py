"""create_accounts and create_api_token: all lines or none, errors by line with their remedy, slips for people."""

from __future__ import annotations

import io
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine
from django.core.management import CommandError, call_command

from shuangjian.accounts.models import ApiToken, User
from shuangjian.accounts.tokens import find_token
from shuangjian.core import clock
from shuangjian.journal.models import AuditEntry

HEAD = "unit_code,role,login,name\n"
GOOD = (
    HEAD
    + ",bureau,jyj-01,演示局一号\n"
    + "440113,系统管理员,root-01,演示系统一号\n"
    + "C-ONE,centre,zx-01,演示中心一号\n"
    + "T-EAST,镇街,ZJ-01,演示镇街一号\n"
    + "S-EAST,school,ｓｃｈ-01,演示填报一号\n"
    + "S-EAST,学校填报员,sch-02,演示填报二号\n"
)


def run(tmp_path: Path, text: str, encoding: str = "utf-8") -> str:
    path = tmp_path / "accounts.csv"
    path.write_bytes(text.encode(encoding))
    out = io.StringIO()
    call_command("create_accounts", str(path), stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_each_line_makes_an_account_and_a_slip(units: SimpleNamespace, tmp_path: Path, encoding: str) -> None:
    with time_machine.travel("2026-11-24T09:00:00+08:00", tick=False):
        printed = run(tmp_path, GOOD.replace("\n", "\r\n"), encoding)
    passwords = re.findall(r"一次性密码：(\S+)", printed)
    logins = re.findall(r"登录名：(\S+)", printed)
    assert logins == ["jyj-01", "root-01", "zx-01", "zj-01", "sch-01", "sch-02"]
    assert printed.count("有效期至：2026-11-27 09:00") == 6
    assert "单位：示范一小\n姓名：演示填报二号" in printed
    for login, password in zip(logins, passwords, strict=True):
        user = User.objects.get(username=login)
        assert user.check_password(password)
        assert user.must_change_password
    assert User.objects.get(username="sch-01").institution == units.east_school
    assert AuditEntry.objects.filter(act="create_account", source="command", actor_label="系统").count() == 6


def test_a_second_run_skips_what_is_there_and_says_so(units: SimpleNamespace, tmp_path: Path) -> None:
    run(tmp_path, GOOD)
    before = list(User.objects.order_by("pk").values())
    printed = run(tmp_path, GOOD + "T-WEST,town,zj-02,演示镇街二号\n")
    assert printed.count("已存在，未改动：") == 6
    assert re.findall(r"登录名：(\S+)", printed) == ["zj-02"]
    assert "新建账号 1 个，已存在 6 个。" in printed
    assert list(User.objects.exclude(username="zj-02").order_by("pk").values()) == before


def test_standard_input_is_read_for_a_dash(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO((HEAD + ",bureau,jyj-01,演示\n").encode())))
    call_command("create_accounts", "-", stdout=io.StringIO())
    assert User.objects.filter(username="jyj-01").exists()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("S-NONE,school,sch-09,演示", "第 8 行 unit_code：没有代码为“S-NONE”的学校"),
        ("T-EAST,school,sch-09,演示", "第 8 行 unit_code：没有代码为“T-EAST”的学校"),
        (",town,zj-09,演示", "第 8 行 unit_code：没有代码为“”的镇街"),
        ("T-EAST,bureau,jyj-09,演示", "第 8 行 unit_code：区教育局账号不属于下级单位：unit_code 请留空或填 440113"),
        ("T-EAST,principal,zj-09,演示", "第 8 行 role：没有角色“principal”。可用：bureau（区教育局）"),
        ("T-EAST,town,张三,演示", "第 8 行 login：登录名为 3–40 个字符"),
        ("T-EAST,town,zj,演示", "第 8 行 login：登录名为 3–40 个字符"),
        ("T-EAST,town,,演示", "第 8 行 login："),
        ("T-EAST,town,zj-09,", "第 8 行 name："),
        ("T-EAST,town,zj-09," + "名" * 41, "第 8 行 name："),
        ("T-WEST,town,zj-01,演示镇街一号", "第 8 行 login：与第 5 行的登录名相同"),
        ("T-WEST,town,there,演示", "第 8 行 login：登录名“there”已属于 演示旧号（番禺区教育局）"),
    ],
)
def test_any_bad_line_is_named_with_its_remedy_and_nothing_is_created(
    units: SimpleNamespace, tmp_path: Path, line: str, said: str
) -> None:
    User.objects.create(username="there", name="演示旧号", role_kind="bureau", password="!")
    with pytest.raises(CommandError, match=r"没有建立任何账号") as refused:
        run(tmp_path, GOOD + line + "\n")
    assert said in str(refused.value)
    assert User.objects.count() == 1
    assert not AuditEntry.objects.filter(act="create_account").exists()


def test_all_bad_lines_are_named_at_once(units: SimpleNamespace, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refused:
        run(tmp_path, HEAD + "X,school,sch-09,演示\n,,,\nT-EAST,king,zj-09,演示\n")
    message = str(refused.value)
    assert "有 2 处需要修改" in message
    assert "第 2 行 unit_code" in message
    assert "第 4 行 role" in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("login,name\njyj,演示\n", "第 1 行：缺少列 unit_code、role"),
        ("", "第 1 行：缺少列 unit_code、role、login、name"),
    ],
)
def test_a_wrong_head_says_what_it_should_be(db: None, tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CommandError, match=re.escape(said)):
        run(tmp_path, text)


def test_a_file_that_is_not_there_or_no_text_is_named(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="无法读取文件"):
        call_command("create_accounts", str(tmp_path / "none.csv"))
    (tmp_path / "bad.csv").write_bytes(b"\xff\xfe\x00\x81\x00")
    with pytest.raises(CommandError, match=r"编码|缺少列"):
        call_command("create_accounts", str(tmp_path / "bad.csv"))


@pytest.mark.parametrize(
    ("scope", "unit"), [("district", "番禺区"), ("town:T-EAST", "演示东街"), ("institution:S-WEST", "示范二中")]
)
def test_the_last_line_is_the_token_alone(units: SimpleNamespace, scope: str, unit: str) -> None:
    out = io.StringIO()
    call_command("create_api_token", "--scope", scope, "--write", "--days", "7", "--name", "试点", stdout=out)
    plain = out.getvalue().rstrip("\n").splitlines()[-1]
    token = find_token(plain, clock.now())
    assert token is not None
    assert (token.unit_name, token.can_write, token.name) == (unit, True, "试点")
    assert (token.expires_at - clock.now()).days in (6, 7)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--scope", "town:NONE", "--name", "x"], "没有代码为“NONE”的镇街"),
        (["--scope", "institution:NONE", "--name", "x"], "没有代码为“NONE”的单位"),
        (["--scope", "everything", "--name", "x"], "--scope 应为"),
        (["--scope", "town:", "--name", "x"], "--scope 应为"),
        (["--scope", "district", "--name", " "], "--name："),
        (["--scope", "district", "--name", "x", "--days", "0"], "--days 应为 1 至 366"),
    ],
)
def test_a_token_is_refused_with_what_to_mend(db: None, arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=re.escape(said)):
        call_command("create_api_token", *arguments)
    assert not ApiToken.objects.exists()


def test_a_token_is_listed_by_number_and_revoked_once(units: SimpleNamespace) -> None:
    def said(*arguments: str) -> str:
        out = io.StringIO()
        call_command(*arguments, stdout=out)
        return out.getvalue()

    plain = said("create_api_token", "--scope", "town:T-EAST", "--name", "试点").splitlines()[-1]
    number = str(ApiToken.objects.get().pk)
    listed = said("revoke_api_token")
    assert f"{number}  试点  演示东街  只读" in listed
    assert "最近使用 从未" in listed
    assert plain not in listed

    assert "立即失效" in said("revoke_api_token", number)
    assert find_token(plain, clock.now()) is None
    assert said("revoke_api_token") == ""
    with pytest.raises(CommandError, match="已于"):
        call_command("revoke_api_token", number)
    with pytest.raises(CommandError, match="没有编号为 0 的令牌"):
        call_command("revoke_api_token", "0")
