"""bin/demo's refusals, and where it keeps its data."""

import os
import pwd
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from shuangjian.local import demo, homes, postgres
from shuangjian.local.postgres import Postgres
from shuangjian.local.problems import Problem
from shuangjian.local.valkey import Valkey
from shuangjian.local.with_services import fresh_home

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run as another user")


@pytest.fixture
def home() -> Iterator[Path]:
    with fresh_home() as folder:
        yield folder


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "8000 "])
def test_a_senseless_port_is_refused(
    port: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(SystemExit):
        demo.parse([])
    assert "is not a port number" in capsys.readouterr().err


def test_defaults_and_environment_choose_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOST", raising=False)
    monkeypatch.delenv("PORT", raising=False)
    assert demo.parse([]).address == "http://127.0.0.1:8000"
    monkeypatch.setenv("HOST", "::1")
    monkeypatch.setenv("PORT", "9000")
    assert demo.parse(["--empty"]) == demo.Options(empty=True, host="::1", port=9000)
    assert demo.parse([]).address == "http://[::1]:9000"


def test_a_busy_port_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Problem, match=f"127.0.0.1 port {port} is in use"):
            demo.claim_port(demo.Options(empty=False, host="127.0.0.1", port=port), patience=0)


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(Problem, match=r"cannot listen on 192.0.2.1 port 8000.*HOST"):
        demo.claim_port(demo.Options(empty=False, host="192.0.2.1", port=8000), patience=0)


def test_a_second_demo_of_the_same_checkout_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "LOCK", tmp_path / "demo.lock")
    options = demo.Options(empty=False, host="127.0.0.1", port=8000)
    with demo.take_lock(options), pytest.raises(Problem, match="already runs in this checkout"):
        demo.refuse_second_demo(options)
    demo.refuse_second_demo(options)


@as_root
def test_below_a_closed_home_the_servers_live_in_temporary_space(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "home"
    (closed / "checkout").mkdir(parents=True)
    closed.chmod(0o700)
    monkeypatch.setattr(homes, "VAR", closed / "checkout" / "var")
    monkeypatch.setattr(homes, "PROJECT", closed / "checkout")
    monkeypatch.setattr(homes, "reachable_temporary_folder", lambda: home)
    chosen = homes.demo_home()
    assert chosen.parent == home
    assert chosen == homes.demo_home(), "a second start finds the data of the first"
    assert postgres.server_can_reach(chosen)


@as_root
def test_the_server_runs_where_its_programs_lie_below_a_closed_folder(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach = postgres.server_can_reach
    monkeypatch.setattr(postgres, "server_can_reach", lambda path: path.name != "postgres" and reach(path))
    server = Postgres(home / "pg", home / "pg.log", durable=False)
    try:
        server.start()
        assert next(server.home.glob("runtime-*/complete")).is_file()
        assert server.sockets.stat().st_mode & 0o077 == 0
        assert server.data.stat().st_mode & 0o077 == 0
    finally:
        assert server.stop()


@as_root
def test_a_temporary_folder_that_somebody_else_made_is_refused(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(homes, "VAR", tmp_path / "var")
    monkeypatch.setattr(homes, "server_can_reach", lambda path: path == home)
    monkeypatch.setattr(homes, "reachable_temporary_folder", lambda: home)
    planted = homes.demo_home()
    nobody = pwd.getpwnam("nobody")
    os.chown(planted, nobody.pw_uid, nobody.pw_gid)
    with pytest.raises(Problem, match="belongs to somebody else"):
        homes.demo_home()
    planted.rmdir()
    planted.symlink_to(tmp_path)
    with pytest.raises(Problem, match="belongs to somebody else"):
        homes.demo_home()


def test_data_survive_a_killed_server_and_a_database_is_made_once(home: Path) -> None:
    server = Postgres(home / "pg", home / "pg.log")
    ask = ["-h", str(server.sockets), "-U", postgres.OWNER, "-d", "world", "-Atc"]
    process = server.start()
    try:
        server.create_database("world")
        psql = str(server.binaries() / "psql")
        subprocess.run([psql, *ask, "CREATE TABLE kept AS SELECT 7 AS n"], check=True, capture_output=True)
        process.kill()
        process.wait()
        server.start()
        server.create_database("world")
        kept = subprocess.run([psql, *ask, "SELECT n FROM kept"], check=True, capture_output=True, text=True)
        assert kept.stdout.strip() == "7"
        zone = subprocess.run([psql, *ask, "SHOW TimeZone"], check=True, capture_output=True, text=True)
        assert zone.stdout.strip() == "Asia/Shanghai"
    finally:
        server.stop()


@as_root
def test_data_of_another_user_are_not_touched(home: Path) -> None:
    server = Postgres(home / "pg", home / "pg.log")
    server.data.mkdir(parents=True)
    with pytest.raises(Problem, match="belong to root"):
        server.start()
    assert not server.sockets.exists()


def test_an_interrupted_initdb_is_redone(home: Path) -> None:
    server = Postgres(home / "pg", home / "pg.log", durable=False)
    (home / "pg" / "data.new").mkdir(parents=True)
    (home / "pg" / "data.new" / "PG_VERSION").write_text("18\n")
    try:
        server.start()
        assert not (home / "pg" / "data.new").exists()
    finally:
        server.stop()


def test_the_broker_is_for_its_owner_alone(home: Path) -> None:
    broker = Valkey(home / "valkey", home / "valkey.log")
    try:
        broker.start()
        assert broker.socket.stat().st_mode & 0o077 == 0
        assert broker.home.stat().st_mode & 0o077 == 0
    finally:
        assert broker.stop()
