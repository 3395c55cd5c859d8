"""The note by which commands find a running demo."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from shuangjian.local import state


@pytest.fixture
def note(tmp_path: Path) -> Path:
    return tmp_path / "var" / "run.json"


def test_a_running_demo_is_found(note: Path) -> None:
    state.write_run_file(note, database_url="postgres://a", redis_url="redis://b", address="http://c")
    assert state.read_run_file(note) == {
        "database_url": "postgres://a",
        "redis_url": "redis://b",
        "address": "http://c",
    }


def test_only_the_owner_may_read_the_note(note: Path) -> None:
    state.write_run_file(note, database_url="postgres://a")
    assert note.stat().st_mode & 0o077 == 0


def test_without_a_demo_nothing_is_found(note: Path) -> None:
    assert state.read_run_file(note) == {}
    state.remove_run_file(note)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"pid": "x"}', '{"database_url": "postgres://a"}'])
def test_a_damaged_note_counts_as_none(note: Path, content: str) -> None:
    note.parent.mkdir()
    note.write_text(content)
    assert state.read_run_file(note) == {}


def test_the_note_of_a_killed_demo_counts_as_none(note: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    state.write_run_file(note, database_url="postgres://a")
    noted = json.loads(note.read_text())
    gone.wait()
    note.write_text(json.dumps({**noted, "pid": gone.pid}))
    assert state.read_run_file(note) == {}


def test_a_dead_process_that_nobody_waited_for_is_gone() -> None:
    zombie = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert zombie.stdout is not None
    zombie.stdout.read()
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    assert state.process_birth(zombie.pid) is None
    zombie.wait()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system tells no start times")
def test_a_process_number_given_to_another_process_is_recognised(note: Path) -> None:
    state.write_run_file(note, database_url="postgres://a")
    noted = json.loads(note.read_text())
    note.write_text(json.dumps({**noted, "birth": "1"}))
    assert state.read_run_file(note) == {}
