"""Prints how long every page and list of the API takes in a whole district, and which queries take their time.

    .venv/bin/python manage.py migrate && .venv/bin/python manage.py load_reference_data
    .venv/bin/python manage.py make_world --schools 240 --weeks 12
    .venv/bin/python -m benchmarks.pages                  # 30 requests a page, one after another, in this process
    .venv/bin/python -m benchmarks.pages --only /alerts/ --explain
    .venv/bin/python -m benchmarks.pages --users 20       # officials at their pages, through gunicorn (page_users.py)

Works on the database that DATABASE_URL names, in which it makes accounts and a token of its own, once. The first
requests fill what a process and the server read once; they are not counted. Figures are for the machine that runs it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuangjian.settings.dev")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Count, F  # noqa: E402
from django.test import Client  # noqa: E402

from homework.models import HomeworkItem  # noqa: E402
from shuangjian.accounts.models import User  # noqa: E402
from shuangjian.accounts.tokens import create_api_token  # noqa: E402
from shuangjian.alerts.models import Alert  # noqa: E402
from shuangjian.bureau.models import GuidanceCentre, Institution, Town  # noqa: E402
from shuangjian.core import clock  # noqa: E402
from shuangjian.core.weeks import Week  # noqa: E402
from shuangjian.dashboards.selectors.weeks import chosen_week  # noqa: E402
from shuangjian.intake.models import ReturnVersion, WeeklyReturn  # noqa: E402
from shuangjian.rules.models import Finding  # noqa: E402

SLOW = 0.020  # seconds: a query that takes longer is worth a look
WARM = 2
_BACKEND = "django.contrib.auth.backends.ModelBackend"

#: Who, address, and the bound in milliseconds where one was set.
PAGES: list[tuple[str, str, int | None]] = [
    ("bureau", "/", 200),
    ("centre", "/", 200),
    ("town", "/", 100),
    ("school", "/", 100),
    ("bureau", "/units/", 200),
    ("bureau", "/units/?week={week}&outcome=no_data", 200),
    ("bureau", "/units/{code}/", 100),
    ("bureau", "/units/{code}/returns/", 100),
    ("bureau", "/filings/?state=all", 200),
    ("bureau", "/filings/?by=centre&state=all", 200),
    ("town", "/filings/?state=all", 100),
    ("bureau", "/filings/{code}/", 100),
    ("bureau", "/filings/export/?rows=areas", 200),
    ("bureau", "/returns/review/?week={week}&state=all", 200),
    ("town", "/returns/review/?week={week}&state=all", 100),
    ("bureau", "/alerts/", 200),
    ("bureau", "/alerts/?state=closed", 200),
    ("bureau", "/alerts/?q=示范1", 200),
    ("town", "/alerts/", 100),
    ("bureau", "/alerts/{alert}/", 200),
    ("bureau", "/findings/{finding}/", 200),
    ("bureau", "/rules/", 200),
    ("bureau", "/rules/HW-02/", 200),
    ("bureau", "/search/?q=示范", 200),
    ("bureau", "/search/?q=HW-02", 200),
    ("bureau", "/units/{code}/returns/{week}/", None),
    ("school", "/units/{code}/returns/{week}/", None),
    ("api", "/api/v1/compliance/?level=district&week={week}", None),
    ("api", "/api/v1/compliance/?level=town&week={week}", None),
    ("api", "/api/v1/compliance/?level=institution&week={week}", None),
    ("api", "/api/v1/filings/?week={week}", None),
    ("api", "/api/v1/filings/summary/?level=district&week={week}", None),
    ("api", "/api/v1/filings/summary/?level=town&week={week}", None),
    ("api", "/api/v1/homework-items/", None),
    ("api", "/api/v1/homework-items/?week={week}", None),
    ("api", "/api/v1/homework-items/?institution={code}&week={week}", None),
    ("api", "/api/v1/homework-items/?institution={code}", None),
    ("api", "/api/v1/homework-items/?grade=9&asks_parents=true&week={week}", None),
    ("api", "/api/v1/school-days/?week={week}", None),
    ("api", "/api/v1/service-days/?week={week}", None),
    ("api", "/api/v1/alerts/", None),
    ("api", "/api/v1/findings/", None),
    ("api", "/api/v1/findings/?rule=HW-02&period={week}", None),
    ("api", "/api/v1/weekly-returns/?week={week}", None),
    ("api", "/api/v1/institutions/", None),
]


@dataclass(frozen=True)
class Query:
    seconds: float
    sql: str
    params: Any


@dataclass
class Log:
    """Every query of a request with the time that it took, the fetch of its first rows included."""

    queries: list[Query] = field(default_factory=list)

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.queries.append(Query(time.perf_counter() - began, sql, params))


def main() -> None:
    """Measure the pages that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=30, help="a page")
    parser.add_argument("--only", default="", help="pages whose address holds this text")
    parser.add_argument("--explain", action="store_true", help="the plan of every query over 20 ms")
    parser.add_argument("--users", type=int, default=0, help="at once, through gunicorn")
    parser.add_argument("--seconds", type=int, default=90, help="how long those users stay")
    parser.add_argument("--writes", type=float, default=0.0, help="seconds between write transactions beside them")
    asked = parser.parse_args()
    settings.ALLOWED_HOSTS = ["*"]
    district = District.find()
    pages = [page for page in PAGES if asked.only in page[1]]
    print(district.size())
    if asked.users:
        from benchmarks.page_users import measure_users  # needs what is above

        measure_users(asked.users, asked.seconds, writes=asked.writes)
        return
    print("| who | page | p50 ms | p90 ms | bound | queries | of them ms | KB |\n|---|---|--:|--:|--:|--:|--:|--:|")
    slow: dict[str, Query] = {}
    for who, pattern, bound in pages:
        slow |= _measure(district, who, pattern, bound, asked.requests)
    if slow:
        print(f"\n{len(slow)} queries over {SLOW * 1000:.0f} ms:")
    for query in sorted(slow.values(), key=lambda each: -each.seconds):
        print(f"\n{query.seconds * 1000:.0f} ms  {query.sql[:4000]}")
        if asked.explain:
            _explain(query)


def _measure(district: District, who: str, pattern: str, bound: int | None, requests: int) -> dict[str, Query]:
    address, client = district.address(pattern), district.client(who)
    times, size, log = [], 0, Log()
    for number in range(WARM + requests):
        log = Log()
        began = time.perf_counter()
        with connection.execute_wrapper(log):
            response = client.get(address, **district.headers(who))
            body = response.getvalue() if response.streaming else response.content
        if response.status_code != 200:
            print(f"| {who} | {address} | answered {response.status_code}: {body[:200]!r} |", file=sys.stderr)
            return {}
        size = len(body)
        if number >= WARM:
            times.append(time.perf_counter() - began)
    p50, p90 = statistics.median(times) * 1000, _p90(times) * 1000
    mark = "" if bound is None else f"≤ {bound}" if p90 <= bound else f"**> {bound}**"
    in_queries = sum(query.seconds for query in log.queries) * 1000
    figures = f"{p50:.0f} | {p90:.0f} | {mark} | {len(log.queries)} | {in_queries:.0f} | {size // 1024}"
    print(f"| {who} | {pattern} | {figures} |", flush=True)
    return {query.sql[:200] + query.sql[-200:]: query for query in log.queries if query.seconds > SLOW}


def _p90(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.9) - 1] if len(times) > 1 else times[0]


def _explain(query: Query) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, COSTS) {query.sql}", query.params)
        print("\n".join(line for (line,) in cursor.fetchall()))


# Who asks, and for what ------------------------------------------------------------------------------------


@dataclass
class District:
    """What the addresses name, and people to ask for them: the largest school, its town and its centre."""

    names: dict[str, Any]
    people: dict[str, User]
    token: str
    clients: dict[str, Client] = field(default_factory=dict)

    @classmethod
    def find(cls) -> District:
        """In the database as it is; SystemExit where no world was made."""
        filed = Institution.objects.filter(is_fictional=True, weekly_returns__current_version__isnull=False)
        school = filed.annotate(size=Count("school__classes", distinct=True)).order_by("-size", "code").first()
        if school is None:
            sys.exit("No fictional school has filed here: run manage.py make_world first.")
        bureau = _person("bureau")
        week = chosen_week(None, bureau, clock.today())
        names = {
            "code": school.code,
            "week": week.key,
            "alert": Alert.objects.filter(institution=school).values_list("pk", flat=True).first(),
            "finding": Finding.objects.filter(institution=school).values_list("pk", flat=True).first(),
        }
        people = {
            "bureau": bureau,
            "centre": _person("centre", centre=_largest(GuidanceCentre)),
            "town": _person("town", town=_largest(Town)),
            "school": _person("school", institution=school),
        }
        _, token = create_api_token(name="测速", expires_at=clock.now() + dt.timedelta(days=1), actor=None)
        return cls(names, people, token)

    def address(self, pattern: str) -> str:
        return pattern.format(**self.names)

    def client(self, who: str) -> Client:
        if who not in self.clients:
            self.clients[who] = Client(raise_request_exception=True)
            if who in self.people:
                self.clients[who].force_login(self.people[who], _BACKEND)
        return self.clients[who]

    def headers(self, who: str) -> dict[str, Any]:
        return {"headers": {"Authorization": f"Bearer {self.token}"}} if who == "api" else {}

    def size(self) -> str:
        school = Institution.objects.get(code=self.names["code"])
        weeks = WeeklyReturn.objects.values("week").distinct().count()
        return (
            f"{Institution.objects.filter(kind='school').count()} schools, {weeks} weeks, "
            f"{ReturnVersion.objects.count()} versions, {HomeworkItem.objects.count()} items, "
            f"{Finding.objects.count()} findings, {Alert.objects.count()} alerts; "
            f"{school.name} has {school.school.classes.count()} classes; {Week.parse(self.names['week']).key}; "
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        )


def _person(role: str, **unit: Any) -> User:
    user, _ = User.objects.get_or_create(username=f"pages-{role}", defaults={"name": "测速", "role_kind": role, **unit})
    return user


def _largest(model: Any) -> Any:
    return model.objects.annotate(units=Count("institution")).order_by(F("units").desc())[0]


if __name__ == "__main__":
    main()
