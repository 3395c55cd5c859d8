"""Prints the figures of the Excel door: template, upload and check of a large school's week, and refusals.

    .venv/bin/python -m shuangjian.local.with_services .venv/bin/python -m benchmarks.workbook

Times are those of the server, measured through Django's test client on a throw-away database; middleware, session and
templates included. Figures are for the machine that runs it; on a busy one the server's own processor time says more.
"""

from __future__ import annotations

import io
import logging
import os
import statistics
import time
from collections.abc import Callable
from random import Random
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "shuangjian.settings.dev"
django.setup()

import openpyxl  # noqa: E402
from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402

from schools.models import SchoolClass  # noqa: E402
from shuangjian.accounts.models import User  # noqa: E402
from shuangjian.bureau.models import Institution  # noqa: E402
from shuangjian.core import clock  # noqa: E402
from shuangjian.core.weeks import Week  # noqa: E402
from shuangjian.intake.models import ImportBatch  # noqa: E402
from shuangjian.intake.sections import Form  # noqa: E402
from shuangjian.intake.workbook.files import WeekTables  # noqa: E402

CLASSES = 30
ITEMS = 900
TIMES = 7
HOST = "127.0.0.1"


def main() -> None:
    """Make one large school within the fictional world, then measure."""
    logging.disable(logging.WARNING)  # each refusal is logged as a refused request
    call_command("migrate", verbosity=0)
    call_command("prepare_demo", stdout=open(os.devnull, "w"))  # noqa: SIM115
    week = Week.of(clock.today())  # the fictional world has filed the weeks before
    school = _large_school()
    client = Client(SERVER_NAME=HOST)
    client.force_login(_filer(school))
    payload = _payload(school, week)
    tables = WeekTables.of(school, week)
    data = tables.template(payload)
    print(
        f"{CLASSES} classes, {len(payload['homework'])} items, {len(data) / 1024:.0f} KB, "
        f"{os.cpu_count()} cores, week {week.key}"
    )
    base = f"/units/{school.code}/returns/{week.key}/workbook"
    _say("blank template", 500, lambda: _expect(client.get(f"{base}.xlsx"), 200))
    _say(f"template with {ITEMS} items in it", None, lambda: tables.template(payload))
    _say("upload → check with findings", 2000, lambda: _upload_and_check(client, base, data))
    for name, bad in _refusals(data):
        _say(f"refused: {name}", 1000, lambda bad=bad: _expect(_post(client, base, bad), 422))


def _large_school() -> Institution:
    """The first fictional primary school, with as many classes as the figures speak of."""
    schools = Institution.objects.filter(kind="school", is_fictional=True, stages=["primary"]).order_by("code")
    school = schools.first()
    assert school is not None
    known = set(SchoolClass.objects.filter(school_id=school.pk).values_list("code", flat=True))
    year = max(known)[:4]
    wanted = [(grade, number) for number in range(1, 10) for grade in range(1, 7)]
    for grade, number in wanted:
        code = f"{year}-{grade:02d}-{number:02d}"
        if len(known) < CLASSES and code not in known:
            SchoolClass.objects.create(
                school_id=school.pk, code=code, school_year=int(year), grade=grade, number=number, pupils=40
            )
            known.add(code)
    return school


def _filer(school: Institution) -> User:
    account = User(username=f"benchmark-{User.objects.count()}", name="填报员", role_kind="school", institution=school)
    account.set_unusable_password()
    account.save()
    return account


def _payload(school: Institution, week: Week) -> dict[str, Any]:
    """A complete week with ITEMS items, some of them too long."""
    form, random = Form.of(school, week), Random(1)  # noqa: S311 - a load, not a secret
    days = [day.isoformat() for day in form.school_days["primary"]]
    codes = SchoolClass.objects.filter(school_id=school.pk).order_by("code").values_list("code", flat=True)
    subjects = ["语文", "数学", "英语", "科学", "道德与法治", "劳动", "音乐", "美术"]
    cells = [(code, day, subject) for code in codes[:CLASSES] for day in days for subject in subjects]
    homework = [
        {
            "class": code,
            "day": day,
            "subject": subject,
            "minutes": random.randint(5, 15),
            "written": True,
            "optional": False,
            "kind": "layered",
            "done_at_school": 0.9,
            "marked_by": "teacher",
            "asks_parents": False,
            "published_on": day,
            "publication": f"公示 {number}",
        }
        for number, (code, day, subject) in enumerate(sorted(random.sample(cells, ITEMS)))
    ]
    taken = {(row["class"], row["day"]) for row in homework}
    return {
        "homework": homework,
        "homework_none": [{"class": code, "day": day} for code in codes for day in days if (code, day) not in taken],
        "class_off": [],
        "school_day": [{"stage": "primary", "day": day, "first_lesson": "08:20", "arrival": "08:00"} for day in days],
        "after_school": [
            {"stage": "primary", "day": day, "minutes": 90, "wanting": 900, "served": 900, "content": ["homework"]}
            for day in days
        ],
        "service_none": [],
    }


def _upload_and_check(client: Client, base: str, data: bytes) -> None:
    ImportBatch.objects.all().delete()
    answer = _post(client, base, data)
    _expect(answer, 302)
    _expect(client.get(answer["Location"]), 200)


def _refusals(data: bytes) -> list[tuple[str, bytes]]:
    def edited(change: Callable[[Any], None]) -> bytes:
        book, buffer = openpyxl.load_workbook(io.BytesIO(data)), io.BytesIO()
        change(book)
        book.save(buffer)
        return buffer.getvalue()

    def every_cell(book: Any) -> None:
        for row in range(4, ITEMS + 4):
            book["作业"].cell(row, 4).value = "６０"

    def surplus(book: Any) -> None:
        for row in range(4, 10_004):
            book["作业"].cell(row, 1).value = "三年级（1）班"

    return [
        ("another week's template", edited(lambda book: book["_meta"].__setitem__("B3", "2026-W30"))),
        (f"{ITEMS} wrong cells", edited(every_cell)),
        ("10,000 rows", edited(surplus)),
        ("cut in half", data[: len(data) // 2]),
        ("a picture", b"\x89PNG\r\n\x1a\n" + bytes(2_000_000)),
    ]


def _post(client: Client, base: str, data: bytes) -> Any:
    return client.post(f"{base}/", {"file": SimpleUploadedFile("week.xlsx", data)})


def _expect(answer: Any, status: int) -> None:
    if answer.status_code != status:
        raise SystemExit(f"expected {status}, got {answer.status_code}: {answer.content[:2000].decode()}")


def _say(what: str, bound: int | None, call: Callable[[], object]) -> None:
    call()
    times, own = [], []
    for _ in range(TIMES):
        began, used = time.perf_counter(), time.process_time()
        call()
        times.append((time.perf_counter() - began) * 1000)
        own.append((time.process_time() - used) * 1000)
    bounded = f" (bound {bound})" if bound else ""
    print(
        f"{what}: median {statistics.median(times):.0f} ms, best {min(times):.0f} ms{bounded}; "
        f"of it the server's own work {statistics.median(own):.0f} ms"
    )


if __name__ == "__main__":
    main()
