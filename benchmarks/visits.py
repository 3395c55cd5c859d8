"""Prints how long a filed visit takes until its alert shows, and how long saving one answer takes.

    .venv/bin/python -m shuangjian.local.with_services .venv/bin/python -m benchmarks.visits
    … -m benchmarks.visits --visits 5 --answers 50        # small, to try

Everything runs on throw-away servers with the demonstration's world. A filing is ``review_visit``, from its call on;
the wait ends when the finding of the observation and its alert can be read. An answer goes through the page's address.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import time
import uuid
from collections.abc import Sequence
from functools import partial
from io import BytesIO
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuangjian.settings.dev")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from PIL import Image  # noqa: E402

from benchmarks.figures import Figure, tell  # noqa: E402
from benchmarks.served import percentile, portal, until  # noqa: E402
from inspections.choices import PhotoRule, Verdict  # noqa: E402
from inspections.models import ChecklistItem, Visit  # noqa: E402
from inspections.services.answers import save_answer  # noqa: E402
from inspections.services.photos import Sent, receive_photo  # noqa: E402
from inspections.services.planning import checklist_for  # noqa: E402
from inspections.services.visits import hand_in_visit, open_visit, review_visit, save_details  # noqa: E402
from shuangjian.accounts.models import User  # noqa: E402
from shuangjian.alerts.models import Alert  # noqa: E402
from shuangjian.bureau.models import Institution  # noqa: E402
from shuangjian.core import clock  # noqa: E402
from shuangjian.evidence.kinds import find_kind  # noqa: E402
from shuangjian.rules.models import Finding  # noqa: E402

VISITS, ANSWERS = 60, 400
ALERT_BOUND, ANSWER_BOUND = 2.0, 0.2  # seconds: to the 95th and to the 90th percentile
#: Judged by TO-09 as soon as it is confirmed; others are judged at the end of the time to rectify.
_KIND = "privacy"


def main() -> None:
    asked = _asked()
    call_command("migrate", verbosity=0)
    call_command("prepare_demo", stdout=open(os.devnull, "w"))  # noqa: SIM115
    people = [_inspector(f"jiance{number}") for number in (1, 2)]
    officer = User.objects.filter(role_kind="bureau", is_active=True).order_by("pk")[0]
    units = [each for each in Institution.objects.filter(kind="training_org", closed_on=None) if _item(each)]
    print(f"{len(units)} training institutions, {os.cpu_count()} cores", flush=True)
    _tell_answers(*_answers(units[0], people, asked.answers))
    with portal():
        _tell_alerts(*_alerts(units, people, officer, asked.visits))


def _inspector(login: str) -> User:
    person, _ = User.objects.get_or_create(username=login, defaults={"name": "检查员", "role_kind": "inspector"})
    return person


def _item(unit: Institution) -> ChecklistItem | None:
    """The item of the unit's checklist whose failure a rule judges at once."""
    return checklist_for(unit).items.filter(kind=_KIND).order_by("order").first()


def _answers(unit: Institution, people: Sequence[User], count: int) -> tuple[list[float], list[float]]:
    """(seconds through the page, seconds of the service alone) of each saving, one after another."""
    visit = open_visit(unit, key=uuid.uuid4(), inspectors=people, actor=people[0])
    codes = list(checklist_for(unit).items.values_list("code", flat=True))
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(people[0])
    revisions = dict.fromkeys(codes, 0)
    pages, services = [], []
    for number in range(count):
        code, verdict = codes[number // 2 % len(codes)], ("ok", "na")[number // 2 // len(codes) % 2]
        values = {"verdict": verdict if number % 2 else "failed", "note": f"第 {number} 次"}
        began = time.perf_counter()
        if number % 2:
            address = reverse("visit_answer", args=[visit.key, code])
            said = {**values, "revision": str(revisions[code])}
            answer = client.post(address, said, headers={"Accept": "application/json"})
            pages.append(time.perf_counter() - began)
            if answer.status_code != 200:
                raise SystemExit(f"{address}: {answer.status_code} {answer.content[:300]!r}")
            revisions[code] = answer.json()["revision"]
        else:
            revisions[code] = save_answer(
                visit.pk, code, values=values, revision=revisions[code], actor=people[0]
            ).revision
            services.append(time.perf_counter() - began)
    return sorted(pages), sorted(services)


def _alerts(
    units: Sequence[Institution], people: Sequence[User], officer: User, count: int
) -> tuple[list[float], list[float]]:
    """(seconds of the filing itself, seconds until finding and alert show) of each visit, one after another."""
    filings, waits = [], []
    for number in range(count):
        unit = units[number % len(units)]
        item = _item(unit)
        assert item is not None
        visit = _handed_in(unit, item, people)
        began = time.perf_counter()
        review_visit(visit.pk, decision="file", actor=officer)
        filings.append(time.perf_counter() - began)
        found = visit.answers.get(item=item).observation
        assert found is not None
        until(partial(_shows, unit, item, f"observation:{found.number}"), f"the alert of {found.number}")
        waits.append(time.perf_counter() - began)
    return sorted(filings), sorted(waits)


def _handed_in(unit: Institution, failed: ChecklistItem, people: Sequence[User]) -> Visit:
    actor, due = people[0], clock.today() + dt.timedelta(days=10)
    visit = open_visit(unit, key=uuid.uuid4(), inspectors=people, actor=actor)
    for item in checklist_for(unit).items.order_by("order"):
        values: dict[str, Any] = {"verdict": Verdict.NOT_APPLICABLE}
        if item == failed:
            values = {"verdict": Verdict.FAILED, "note": "测量", "decision": "confirmed", "due_on": due}
            if item.photo_rule != PhotoRule.OPTIONAL:
                _photo(visit, item, actor)
        save_answer(visit.pk, item.code, values=values, revision=0, actor=actor)
    said = {"result": "ordered", "people_met": [{"name": "虚构甲", "post": ""}]}
    save_details(visit.pk, values=said, revision=visit.revision, actor=actor)
    return hand_in_visit(visit.pk, actor=actor)


def _photo(visit: Visit, item: ChecklistItem, actor: User) -> None:
    written = BytesIO()
    Image.new("RGB", (64, 64), visit.pk % 256).save(written, "JPEG")
    sent = Sent(total=len(written.getvalue()), item=item.code)
    receive_photo(visit.pk, uuid.uuid4(), sent=sent, stream=BytesIO(written.getvalue()), actor=actor)


def _shows(unit: Institution, item: ChecklistItem, about: str) -> bool:
    kind = find_kind(item.kind)
    assert kind is not None
    found = Finding.objects.open().filter(institution=unit, rule=kind.rule, about=about).first()
    if found is None:
        return False
    return Alert.objects.unclosed().filter(institution=unit, rule=kind.rule, period=found.period).exists()


def _tell_alerts(filings: list[float], waits: list[float]) -> None:
    half, most, own = percentile(waits, 50), percentile(waits, 95), percentile(filings, 50)
    tell(
        Figure(
            f"a visit filed → its finding and alert, {len(waits)} visits through the worker",
            f"p50 {half * 1000:.0f} ms, p95 {most * 1000:.0f} ms, max {waits[-1] * 1000:.0f} ms",
            f"the filing itself, p50 {own * 1000:.0f} ms, p95 {percentile(filings, 95) * 1000:.0f} ms",
            f"{half / own:.1f} ×",
            f"p95 ≤ {ALERT_BOUND:g} s",
            most <= ALERT_BOUND,
        )
    )


def _tell_answers(pages: list[float], services: list[float]) -> None:
    half, most, own = percentile(pages, 50), percentile(pages, 90), percentile(services, 50)
    tell(
        Figure(
            f"one answer saved by the page, {len(pages)} answers",
            f"p50 {half * 1000:.0f} ms, p90 {most * 1000:.0f} ms, max {pages[-1] * 1000:.0f} ms",
            f"the service alone, p50 {own * 1000:.0f} ms, p90 {percentile(services, 90) * 1000:.0f} ms",
            f"{half / own:.1f} ×",
            f"p90 ≤ {ANSWER_BOUND * 1000:.0f} ms",
            most <= ANSWER_BOUND,
        )
    )


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.visits", description=__doc__)
    parser.add_argument("--visits", type=int, default=VISITS)
    parser.add_argument("--answers", type=int, default=ANSWERS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
