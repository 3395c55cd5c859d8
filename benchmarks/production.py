"""Starts the portal by hand as docker-compose.yml does, walks through it, and says what held.

    .venv/bin/python -m benchmarks.production [--port 8123]

External servers with production's settings, the migration as owner, static files collected, then web, worker and beat
with the commands and environment of the file (settings.prod, the restricted role), behind an invented proxy. Exit code
1 when anything does not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.portal import DATABASE, HOST, PARTS, Answer, Portal, own_portal, until
from shuangjian.local.state import PROJECT
from tests.local.production.files import postgres_settings

_YEAR = 365 * 24 * 3600
_ROWS = """SELECT (SELECT count(*) FROM intake_returnversion), (SELECT count(*) FROM homework_homeworkitem),
  (SELECT count(*) FROM rules_finding), (SELECT count(*) FROM alerts_alert), (SELECT count(*) FROM accounts_user),
  (SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'), (SELECT count(*) FROM pg_trigger)"""
_OWN_PASSWORD = "benchmark-own-2026"  # noqa: S105 - of a database that lives for half a minute


class Walk:
    """The steps, each printed as it is taken; ``failed`` names those that did not hold."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.failed: list[str] = []
        self.cookies: dict[str, str] = {}
        self.began = time.monotonic()

    def holds(self, what: str, is_so: bool, told: str = "") -> None:
        print(f"{time.monotonic() - self.began:5.1f} s  {'ok ' if is_so else 'NOT'}  {what}{told and ': ' + told}")
        sys.stdout.flush()
        if not is_so:
            self.failed.append(what)

    def browse(self, method: str, path: str, fields: Mapping[str, str] | None = None) -> Answer:
        """A request of a browser that keeps its cookies."""
        extra = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = None
        if fields is not None:
            body = urlencode({**fields, "csrfmiddlewaretoken": self.cookies.get("csrftoken", "")}).encode()
            extra |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"https://{HOST}"}
            extra |= {"Referer": f"https://{HOST}{path}"}
        answer = self.portal.ask(method, path, body=body, extra=extra)
        for line in answer.cookies:
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return answer


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--port", type=int, default=8123)
    with own_portal(parser.parse_args().port) as portal:
        walk = Walk(portal)
        slip, token = prepare(walk)
        portal.start_parts()
        walk.holds("/readyz is green", portal.ask("GET", "/readyz").status == 200)
        servers(walk)
        sign_in(walk, slip)
        static_files(walk)
        transport(walk)
        submit(walk, token)
        health_checks(walk)
        restore(walk)
        leave(walk)
    print(f"{len(walk.failed)} things did not hold" if walk.failed else "everything held", flush=True)
    return bool(walk.failed)


def prepare(walk: Walk) -> tuple[str, str]:
    """Migrate, collect static files, make a small world; the bureau's one-time password and a token of the API."""
    portal = walk.portal
    portal.migrate()
    walk.holds("the migration ran as owner", True)
    portal.manage("collectstatic", "--noinput", "--verbosity", "0")
    walk.holds("static files are collected", (PROJECT / "var" / "static" / "staticfiles.json").is_file())
    portal.manage("load_reference_data")
    portal.manage("make_world", "--schools", "6", "--weeks", "1", "--size", "0.25", "--no-evaluate")
    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8") as file:
        file.write("unit_code,role,login,name\n,bureau,jiaoyuju,虚构科室\n")
        file.flush()
        slips = portal.manage("create_accounts", file.name)
    token = portal.manage("create_api_token", "--scope", "district", "--write", "--name", "虚构系统").split()[-1]
    (slip,) = re.findall(r"一次性密码：(\S+)", slips)
    return slip, token


def servers(walk: Walk) -> None:
    """The database runs with the file's settings, and the portal's sessions have the restricted role."""
    portal = walk.portal
    wanted = postgres_settings(portal.files)
    durable = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
    rows = dict(line.split("|") for line in _asked(portal, "SELECT name, current_setting(name) FROM pg_settings"))
    values = {name: rows[next(known for known in rows if known.lower() == name)] for name in {**wanted, **durable}}
    walk.holds("the database runs with the file's settings, durable", values == {**wanted, **durable})
    (work_mem,) = _asked(portal, "SHOW work_mem")
    walk.holds("work_mem is the server's own for ordinary sessions", work_mem == "4MB", work_mem)
    asked = "SELECT datlocprovider, datlocale, datcollate FROM pg_database WHERE datname = current_database()"
    (collation,) = _asked(portal, asked)
    walk.holds("text sorts by the built-in C.UTF-8", collation == "b|C.UTF-8|C.UTF-8", collation)
    # Web and worker at least have a session by now; a session of the owner's login that became the restricted role
    # may add to the audit journal and take nothing from it.
    named = _asked(portal, "SELECT DISTINCT application_name FROM pg_stat_activity WHERE application_name <> 'psql'")
    walk.holds("web and worker are connected", {"web", "worker"} <= set(named), ", ".join(sorted(filter(None, named))))
    script = (
        "from django.db import connection as c; k = c.cursor(); k.execute('SELECT current_user'); print(*k.fetchone())"
    )
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", script],
        env=portal.environment("worker"), cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    walk.holds("the parts run as the restricted role", done.stdout.strip() == "portal_app", done.stdout.strip())


def sign_in(walk: Walk, slip: str) -> None:
    """First login with the slip, the change that it forces, and the bureau's page."""
    walk.browse("GET", "/login/")
    signed = walk.browse("POST", "/login/", {"login": "jiaoyuju", "password": slip})
    walk.holds("login with the one-time password", signed.status == 302, str(signed.status))
    secure = [line for line in signed.cookies if line.startswith("sessionid=") and "Secure" in line]
    walk.holds("the session's cookie is sent over TLS only", len(secure) == 1)
    forced = walk.browse("GET", "/")
    walk.holds("it leads to a password of one's own", forced.headers.get("Location") == "/password/")
    fields = {"current": slip, "new": _OWN_PASSWORD, "again": _OWN_PASSWORD}
    changed = walk.browse("POST", "/password/", fields)
    home = walk.browse("GET", "/")
    walk.holds("and then to the bureau's page", (changed.status, home.status) == (302, 200) and "区教育局" in home.text)


def static_files(walk: Walk) -> None:
    """Every file that the page names comes with a name of its content and may be kept for ever, compressed."""
    page = walk.browse("GET", "/").text
    paths = sorted(set(re.findall(r'(?:src|href)="(/static/[^"#?]+)', page)))
    walk.holds(
        "the page names its static files by content", bool(paths) and all(map(_is_hashed, paths)), str(len(paths))
    )
    for path in paths:
        answer = walk.portal.ask("GET", path, extra={"Accept-Encoding": "gzip"})
        kept = answer.headers.get("Cache-Control", "")
        age = re.search(r"max-age=(\d+)", kept)
        is_kept = age is not None and int(age[1]) >= _YEAR and "immutable" in kept
        is_small = answer.headers.get("Content-Encoding") == "gzip" or len(answer.body) < 2000 or "woff" in path
        walk.holds(f"{path} is kept for ever", answer.status == 200 and is_kept and is_small, kept)


def transport(walk: Walk) -> None:
    """Plain HTTP is sent to TLS, probes are not, strangers' host names are refused, and nothing is debugged."""
    plain = {"X-Forwarded-Proto": "http"}
    redirected = walk.portal.ask("GET", "/login/", extra=plain)
    walk.holds("plain HTTP is sent to TLS", redirected.headers.get("Location") == f"https://{HOST}/login/")
    walk.holds("the probe answers without TLS", walk.portal.ask("GET", "/healthz", extra=plain).status == 200)
    walk.holds(
        "a stranger's host name is refused", walk.portal.ask("GET", "/", extra={"Host": "evil.example"}).status == 400
    )
    age = walk.portal.ask("GET", "/login/").headers.get("Strict-Transport-Security", "")
    walk.holds("browsers stay with TLS", f"max-age={_YEAR}" in age, age)
    missing = walk.browse("GET", "/no-such-page/")
    walk.holds(
        "an unknown page tells nothing about the code", missing.status == 404 and "urlconf" not in missing.text.lower()
    )


def submit(walk: Walk, token: str) -> None:
    """A school reports too short a service through the API; its alert comes through worker and database."""
    auth = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def api(method: str, path: str, body: Any = None, **extra: str) -> Answer:
        sent = None if body is None else json.dumps(body).encode()
        return walk.portal.ask(method, f"/api/v1/{path}", body=sent, extra={**auth, **extra})

    filed = [each for each in api("GET", "weekly-returns/").json["results"] if each["state"] == "submitted"]
    where = f"schools/{filed[0]['institution']}/weekly-returns/{filed[0]['week']}/"
    payload = api("GET", where).json["payload"]
    minutes = 17
    for row in payload["after_school"]:
        row["minutes"] = minutes
    began = time.monotonic()
    key = {"Idempotency-Key": "production-walk"}
    first, again = (api("POST", f"{where}submit/", payload, **key) for _ in range(2))
    walk.holds("a return is submitted through the API", first.status == 200, str(first.status))
    replayed = again.headers.get("Idempotency-Replayed")
    walk.holds("sent again with its key it answers the same", again.body == first.body and replayed == "true")
    query = f"?rule=AS-02&institution={filed[0]['institution']}&is_open=true"

    def found() -> bool:
        return any(each["observed"] == minutes for each in api("GET", f"findings/{query}").json["results"])

    until(found, "the finding did not come", 30)
    walk.holds("its finding is there", True, f"{time.monotonic() - began:.1f} s after the submit")
    alerts = api("GET", f"alerts/{query}").json["results"]
    walk.holds("and its alert, once", [each["period"] for each in alerts].count(filed[0]["week"]) == 1)
    walk.holds("/readyz is green after it", walk.portal.ask("GET", "/readyz").status == 200)


def health_checks(walk: Walk) -> None:
    """The commands of the file say that web and worker are well, and say otherwise of a worker that is not there."""
    portal = walk.portal
    _, *web = portal.files.services["web"]["healthcheck"]["test"]
    web = [sys.executable, *(word.replace(":8000/", f":{portal.port}/") for word in web[1:])]
    walk.holds("the web's healthcheck passes", _exit_code(web, portal.environment("web")) == 0)
    _, line = portal.files.services["worker"]["healthcheck"]["test"]
    worker = [sys.executable, "-m", *shlex.split(line.replace("$$HOSTNAME", os.uname().nodename))]
    walk.holds("the worker's healthcheck passes", _exit_code(worker, portal.environment("worker")) == 0)
    portal.kill("worker")
    worker[-1] = "2"
    walk.holds("and fails when the worker is dead", _exit_code(worker, portal.environment("worker")) != 0)
    portal.start("worker")


def restore(walk: Walk) -> None:
    """The dump of docs/production.md, taken while everything runs, makes an equal database."""
    portal = walk.portal
    programs, at = portal.postgres.binaries(), ["-h", portal.postgres.sockets, "-U", "portal"]
    dumped = portal.home / "backup.dump"
    portal.postgres.create_database("restored")
    with dumped.open("wb") as file:
        subprocess.run([programs / "pg_dump", *at, "-Fc", DATABASE], stdout=file, check=True)
    with dumped.open("rb") as file:
        command = [programs / "pg_restore", *at, "-d", "restored", "--single-transaction"]
        walk.holds(
            "the backup restores without an error", subprocess.run(command, stdin=file, check=False).returncode == 0
        )
    counts = [_asked(portal, _ROWS, database) for database in (DATABASE, "restored")]
    walk.holds("and holds as many rows of each kind", counts[0] == counts[1], counts[1][0])


def leave(walk: Walk) -> None:
    """Each part leaves by itself within its grace period when it is asked to."""
    began = time.monotonic()
    log = walk.portal.logs / "worker.log"
    until(lambda: log.read_bytes().count(b" ready.") == 2, "the second worker was not ready")
    for part in PARTS:
        walk.portal.running[part].terminate()
    codes = [walk.portal.running[part].wait(40) for part in PARTS]
    walk.holds(
        "web, worker and beat leave when asked", codes == [0, 0, 0], f"{time.monotonic() - began:.1f} s, {codes}"
    )


def _asked(portal: Portal, query: str, database: str = DATABASE) -> list[str]:
    tool = portal.postgres.binaries() / "psql"
    command = [tool, "-h", portal.postgres.sockets, "-U", "portal", "-d", database, "-XAtc", query]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def _exit_code(command: list[str], environment: Mapping[str, str]) -> int:
    return subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, check=False).returncode


def _is_hashed(path: str) -> bool:
    return re.search(r"\.[0-9a-f]{12}\.\w+$", Path(path).name) is not None


if __name__ == "__main__":
    sys.exit(main())
