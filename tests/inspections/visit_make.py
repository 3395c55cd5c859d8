"""Builders for tests of visits: a checklist in use, people of two towns, a visit that is ready to be handed in."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from io import BytesIO
from types import SimpleNamespace
from typing import Any

from django.test import Client
from PIL import Image

from inspections.models import ChecklistItem, ChecklistVersion, Visit
from inspections.services.answers import save_answer
from inspections.services.photos import PhotoProgress, Sent, receive_photo
from inspections.services.visits import Place, hand_in_visit, open_visit, plan_visits, review_visit, save_details
from shuangjian.core import clock
from tests import make

NOW = clock.at(dt.date(2026, 11, 24), 10 * 60)
TODAY = NOW.date()
DUE = dt.date(2026, 12, 4)
#: code, photo rule, kind, severity
ITEMS = (
    ("S-01", "on_failure", "other", 2),
    ("S-02", "optional", "privacy", 3),
    ("S-03", "always", "other", 2),
)
HERE = Place(latitude=22.937244, longitude=113.384129, accuracy_m=12.4)


def checklist(target: str = "subject_org", items: Any = ITEMS) -> ChecklistVersion:
    """A checklist in use."""
    version = ChecklistVersion.objects.create(target=target, number=1, title="示范检查表")
    for order, (code, photo_rule, kind, severity) in enumerate(items, 1):
        ChecklistItem.objects.create(
            version=version, order=order, code=code, group="办学" if order < 3 else "消防", text=f"{code} 要点",
            clause="2.5.1", photo_rule=photo_rule, severity=severity, kind=kind, problem_kind="conduct",
        )  # fmt: skip
    version.state, version.published_at = "published", NOW - dt.timedelta(days=30)
    version.save()
    return version


def cast() -> SimpleNamespace:
    """A training institution in the eastern town, its inspectors, who reviews, and everybody whom it is no business
    of."""
    make.calendar()
    east, west = make.town("440113007", "演示东街"), make.town("440113008", "演示西街")
    org = make.training_org(
        "虚构培训一部", town=east, category="subject", latitude=Decimal("22.937"), longitude=Decimal("113.384")
    )
    other = make.training_org("虚构培训二部", town=west, category="subject")
    return SimpleNamespace(
        list=checklist(),
        east=east,
        west=west,
        org=org,
        other=other,
        first=make.user("inspector", east, username="jiancha1"),
        second=make.user("inspector", east, username="jiancha2"),
        town=make.user("town", east, username="zhenjie1"),
        other_town=make.user("town", west, username="zhenjie2"),
        other_inspector=make.user("inspector", west, username="jiancha3"),
        bureau=make.user("bureau", username="jiaoyuju1"),
        org_person=make.user("org", org, username="jigou1"),
        dept=make.user("dept", make.department("SC"), username="shijian1"),
    )


def jpeg(seed: int = 1, side: int = 64) -> bytes:
    """A small photo; another seed, another photo."""
    written = BytesIO()
    Image.new("RGB", (side, side), (seed * 37 % 256, seed * 91 % 256, seed % 256)).save(written, "JPEG")
    return written.getvalue()


def browser(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def begun(cast: SimpleNamespace, **said: Any) -> Visit:
    """An unannounced visit of both inspectors to the institution."""
    values = {"inspectors": [cast.second], "place": HERE, "now": NOW, "key": uuid.uuid4(), "actor": cast.first, **said}
    return open_visit(cast.org, **values)


def photo(visit: Visit, actor: Any, *, item: str = "", key: uuid.UUID | None = None, seed: int = 1) -> PhotoProgress:
    data = jpeg(seed)
    sent = Sent(total=len(data), name="示范.jpg", item=item)
    return receive_photo(visit.pk, key or uuid.uuid4(), sent=sent, stream=BytesIO(data), actor=actor, now=NOW)


def answer(visit: Visit, code: str, actor: Any, *, revision: int | None = None, **values: Any) -> Any:
    if revision is None:
        known = visit.answers.filter(item__code=code).first()
        revision = known.revision if known is not None else 0
    return save_answer(visit.pk, code, values=values, revision=revision, actor=actor, now=NOW)


def details(visit: Visit, actor: Any, **values: Any) -> Visit:
    visit.refresh_from_db()
    return save_details(visit.pk, values=values, revision=visit.revision, actor=actor, now=NOW)


def filled(cast: SimpleNamespace, visit: Visit | None = None, **failed: Any) -> Visit:
    """A visit with everything that handing in asks for; S-02 fails as ``failed`` says (查实 unless said)."""
    visit = visit or begun(cast)
    answer(visit, "S-01", cast.first, verdict="ok")
    told = {"verdict": "failed", "note": "前台登记本任人翻看", "decision": "confirmed", "due_on": DUE, **failed}
    if told["decision"] != "confirmed":
        told["due_on"] = None
    answer(visit, "S-02", cast.first, **told)
    answer(visit, "S-03", cast.second, verdict="ok")
    photo(visit, cast.second, item="S-03", seed=3)
    result = "ordered" if told["decision"] == "confirmed" else "corrected"
    return details(visit, cast.first, people_met=[{"name": "虚构甲", "post": "校长"}], result=result)


def handed_in(cast: SimpleNamespace, visit: Visit | None = None, **failed: Any) -> Visit:
    return hand_in_visit(filled(cast, visit, **failed).pk, actor=cast.first, now=NOW)


def filed(cast: SimpleNamespace, visit: Visit | None = None, **failed: Any) -> Visit:
    return review_visit(handed_in(cast, visit, **failed).pk, decision="file", actor=cast.town, now=NOW)


def at_school(cast: SimpleNamespace) -> None:
    """At ``cast.school``: ``cast.visit``, under way before a closed door with a photo, and ``cast.planned``."""
    checklist("school")
    people = [make.user("inspector", cast.east) for _ in range(2)]
    now = clock.now()
    cast.planned = plan_visits([cast.school], planned_on=now.date(), inspectors=people, actor=people[0], now=now)[0]
    visit = open_visit(cast.school, key=uuid.uuid4(), inspectors=people, actor=people[0], now=now)
    photo(visit, people[0])
    values = {"result": "closed_door", "summary": "大门关闭"}
    cast.visit = save_details(visit.pk, values=values, revision=visit.revision, actor=people[0], now=now)


def body(route: str, cast: SimpleNamespace) -> Any:
    """What the API takes for a visit of ``at_school``."""
    people = list(cast.visit.inspectors.values_list("person__username", flat=True))
    today = clock.today().isoformat()
    bodies = {
        "visits-list": {"institution": cast.school.code, "planned_on": today, "inspectors": people},
        "visits-detail": {"summary": "示范情况", "revision": cast.visit.revision},
        "visits-hand-in": {"inspector": people[0]},
        "visits-cancel": {"reason": "测试"},
        "visits-photo": jpeg(),
    }
    return bodies.get(route)
