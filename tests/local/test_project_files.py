"""Files that cannot be run here are at least well-formed and say the same as the rest."""

import ast
import json
import sys
from pathlib import Path

import pytest

from shuangjian.local import assets
from shuangjian.local.state import PROJECT

LOCAL = sorted((PROJECT / "shuangjian" / "local").glob("*.py"))


@pytest.mark.parametrize("module", LOCAL, ids=lambda path: path.stem)
def test_the_local_package_needs_nothing_installed(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert name.split(".")[0] in sys.stdlib_module_names or name.startswith("shuangjian.local"), name


def test_the_portal_package_imports_nothing() -> None:
    body = ast.parse((PROJECT / "shuangjian" / "__init__.py").read_text()).body
    assert all(isinstance(statement, ast.Expr) for statement in body)


def test_the_npm_lock_pins_by_content_and_names_no_address() -> None:
    packages = json.loads(assets.PACKAGE_LOCK.read_text())["packages"]
    wanted = json.loads((PROJECT / "package.json").read_text())["dependencies"]
    assert packages[""]["dependencies"] == wanted
    locked = {name: package for name, package in packages.items() if name}
    assert all(package["integrity"].startswith("sha512-") for package in locked.values())
    assert "://" not in assets.PACKAGE_LOCK.read_text()


@pytest.mark.parametrize("lock", sorted(PROJECT.glob("requirements*.lock")), ids=lambda path: path.name)
def test_python_locks_pin_by_content_and_name_no_index(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    entries = text.replace("\\\n", "").splitlines()
    assert entries
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)


def test_the_production_lock_holds_the_tested_versions() -> None:
    def pins(name: str) -> set[str]:
        lines = (PROJECT / name).read_text().splitlines()
        return {line.split(" ")[0] for line in lines if not line.startswith(" ")}

    assert pins("requirements-prod.lock") < pins("requirements.lock")
