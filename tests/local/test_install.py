"""Installing once, and again when it was interrupted or the locks changed."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shuangjian.local import assets, install
from shuangjian.local.problems import Problem


@pytest.fixture
def locks(tmp_path: Path) -> tuple[Path, ...]:
    uv, packages = tmp_path / "uv.lock", tmp_path / "packages.lock"
    uv.write_text("uv==1")
    packages.write_text("django==1")
    return uv, packages


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """A real environment, but with stand-ins for pip's files."""
    folder = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    site = next(folder.glob("lib/*/site-packages"))
    (site / "pip.py").touch()
    (folder / "bin" / "pip").write_text(f"#!{folder}/bin/python\n")
    return folder


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands that would have been run, by their last word."""
    commands: list[str] = []
    monkeypatch.setattr(install, "run", lambda command, env=None: commands.append(Path(command[-1]).name))
    monkeypatch.setattr(install, "uv_environment", lambda python: {})
    return commands


def test_a_finished_install_costs_nothing(venv: Path, locks: Any, ran: list[str]) -> None:
    assert install.python_packages(venv, locks)
    assert ran == ["uv.lock", "packages.lock"]
    assert not install.python_packages(venv, locks)
    assert ran == ["uv.lock", "packages.lock"]


def test_a_changed_lock_is_installed(venv: Path, locks: Any, ran: list[str]) -> None:
    install.python_packages(venv, locks)
    locks[1].write_text("django==2")
    assert install.python_packages(venv, locks)


def test_an_interrupted_install_is_redone(
    venv: Path, locks: Any, ran: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    install.python_packages(venv, locks)
    locks[1].write_text("django==2")

    def interrupt(command: Any, env: Any = None) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(install, "run", interrupt)
        with pytest.raises(KeyboardInterrupt):
            install.python_packages(venv, locks)
    locks[1].write_text("django==1")
    assert install.python_packages(venv, locks), "back to the old lock, but what is installed is unknown"


def test_an_environment_whose_python_is_gone_is_made_anew(venv: Path, locks: Any, ran: list[str]) -> None:
    install.python_packages(venv, locks)
    (venv / "bin" / "python").unlink()
    (venv / "bin" / "python").symlink_to(venv / "no such python")
    assert not install.is_usable(venv)
    install.python_packages(venv, locks)
    assert venv.name in ran


def test_an_environment_that_was_moved_is_made_anew(venv: Path, locks: Any, ran: list[str], tmp_path: Path) -> None:
    install.python_packages(venv, locks)
    assert install.is_usable(venv)
    moved = venv.rename(tmp_path / "elsewhere")
    assert not install.is_usable(moved), "its scripts still name the Python of the old place"
    install.python_packages(moved, locks)
    assert "elsewhere" in ran


def test_a_python_without_venv_is_told_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Problem, match="apt-get install python3-venv"):
        install.make_venv(tmp_path / "venv")


def test_a_failing_command_is_named() -> None:
    with pytest.raises(Problem, match=r"`false .*exit 1"):
        install.run(["false"])


@pytest.fixture
def node_modules(tmp_path: Path) -> Path:
    folder = tmp_path / "node_modules"
    for source in assets.FILES.values():
        path = folder / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"body{}\n/*# sourceMappingURL=tabler.min.css.map */")
    return folder


def test_assets_are_complete_only_with_every_file_and_the_same_locks(node_modules: Path, tmp_path: Path) -> None:
    vendor = tmp_path / "vendor"
    assert not assets.is_complete(vendor, "1")
    assets.copy_files(node_modules, vendor, "1")
    assert assets.is_complete(vendor, "1")
    assert not assets.is_complete(vendor, "2")
    (vendor / "echarts/echarts.min.js").unlink()
    assert not assets.is_complete(vendor, "1")


def test_an_interrupted_copy_is_not_complete(node_modules: Path, tmp_path: Path) -> None:
    vendor = tmp_path / "vendor"
    assets.copy_files(node_modules, vendor, "1")
    (node_modules / assets.FILES["echarts/NOTICE"]).unlink()
    with pytest.raises(FileNotFoundError):
        assets.copy_files(node_modules, vendor, "1")
    assert not assets.is_complete(vendor, "1")


@pytest.mark.parametrize("mark", [b"/*# sourceMappingURL=a.css.map */", b"//# sourceMappingURL=a.js.map\n"])
def test_source_maps_are_stripped(mark: bytes) -> None:
    assert assets.SOURCE_MAP.sub(b"", b"a{}\n" + mark).strip() == b"a{}"


def test_nothing_else_is_stripped(node_modules: Path, tmp_path: Path) -> None:
    code = b'var a="//example";/*! licence */'
    (node_modules / assets.FILES["echarts/echarts.min.js"]).write_bytes(code)
    assets.copy_files(node_modules, tmp_path / "vendor", "1")
    assert (tmp_path / "vendor/echarts/echarts.min.js").read_bytes() == code
