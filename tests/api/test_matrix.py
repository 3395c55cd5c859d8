"""Who gets what status from every address of the API. An address without a row here fails the test.

"own" objects belong to 示范一小 in the eastern town; tokens of the western town and of 示范二小 must get 404 for them.
"""

from __future__ import annotations

import datetime as dt
import uuid
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from shuangjian.alerts.models import Alert
from shuangjian.alerts.rectification_uploads import receive_photo
from shuangjian.alerts.rectifications import order_rectification
from shuangjian.core import clock
from shuangjian.evidence.observation_acts import confirm_observation, record_observation
from shuangjian.journal.models import RunPart
from shuangjian.rules.models import Finding
from tests import make
from tests.api.conftest import WEEK, Call
from tests.api.judged import judge
from tests.inspections import visit_make
from tests.lists import make as list_make
from tests.training_orgs import filing

ROLES = (
    "district_read", "district_write", "town", "other_town", "institution", "other_institution", "expired", "revoked",
    None,
)  # fmt: skip

# Status by role, in the order of ROLES.
PUBLIC = (200,) * 9
LIST = (200, 200, 200, 200, 200, 200, 401, 401, 401)
REFERENCE = LIST
OWN = (200, 200, 200, 404, 200, 404, 401, 401, 401)
WRITE = (403, 200, 200, 404, 200, 404, 401, 401, 401)
CREATE = (403, 201, 201, 404, 201, 404, 401, 401, 401)
FROM_ABOVE = (403, 200, 200, 404, 403, 403, 401, 401, 401)
CLOSE = (403, 200, 200, 404, 403, 404, 401, 401, 401)
BY_PERSON = (403, 403, 403, 404, 403, 404, 401, 401, 401)
BY_SCHOOL = (403, 403, 403, 404, 409, 404, 401, 401, 401)  # 409: the return is not locked
# Of a training institution in the eastern town: no school's token sees or files anything of it.
OF_ORG = (200, 200, 200, 404, 404, 404, 401, 401, 401)
FILE_ORG = (403, 201, 403, 403, 403, 403, 401, 401, 401)
FILE_ABOVE = (403, 201, 201, 422, 403, 403, 401, 401, 401)  # a town files of its own institutions only
ROWS = (
    "training-orgs", "licences", "registrations", "staff", "courses", "course-sessions", "fee-orders", "refunds",
    "consumptions", "ledger", "complaints", "ads",
)  # fmt: skip
DECIDE = (403, 403, 403, 404, 404, 404, 401, 401, 401)  # of two signed-in people, never of a program
RECORD = (403, 201, 201, 404, 403, 403, 401, 401, 401)
ORDER = (403, 201, 201, 404, 403, 404, 401, 401, 401)
HAND_IN = (403, 403, 403, 404, 200, 404, 401, 401, 401)  # by the institution itself
NEVER_BY_PROGRAM = (403, 403, 403, 404, 403, 403, 401, 401, 401)
REMOVE = (403, 204, 204, 404, 403, 403, 401, 401, 401)
REMOVE_OWN = (403, 403, 403, 404, 204, 404, 401, 401, 401)
BY_DISTRICT = (403, 200, 403, 404, 403, 403, 401, 401, 401)
NOWHERE = (404,) * 9
READ_ONLY = (403, 405, 405, 405, 405, 405, 401, 401, 401)

#: An observation at 示范一小, as the API takes it.
SEEN = {"kind": "other", "occurred_on": "2026-11-02", "source": "visit", "text": "示范情况"}

#: What is asked without being kept: whether an order is lawful, and what of a planned course clashes.
_PLANNED = {"category": "subject", "stage": "junior", "mode": "offline"}
PLANS: dict[str, dict[str, Any]] = {
    "clinic-list": {
        **_PLANNED, "lesson_minutes": 45, "paid_on": "2026-09-01", "starts_on": "2026-09-01",
        "lines": [{"subject": "数学", "hours": 60, "amount": 3000}],
    },
    "courses/clashes-list": {
        **_PLANNED, "starts_on": "2026-10-12", "ends_on": "2026-10-18", "slots": "周六 09:00-10:30",
    },
}  # fmt: skip

#: (route, method) → status by role
TABLE: dict[tuple[str, str], tuple[int, ...]] = {
    ("schema", "GET"): PUBLIC,
    ("docs", "GET"): PUBLIC,
    ("clinic-list", "POST"): PUBLIC,
    ("courses/clashes-list", "POST"): LIST,
    ("unknown", "GET"): NOWHERE,
    ("unknown", "POST"): NOWHERE,
    ("towns-list", "GET"): LIST,
    ("towns-detail", "GET"): OWN,
    ("institutions-list", "GET"): LIST,
    ("institutions-detail", "GET"): OWN,
    ("schools-list", "GET"): LIST,
    ("schools-detail", "GET"): OWN,
    ("classes-list", "GET"): LIST,
    ("calendar-list", "GET"): LIST,
    ("calendar-terms-list", "GET"): REFERENCE,
    ("calendar-breaks-list", "GET"): REFERENCE,
    ("calendar-overrides-list", "GET"): LIST,
    ("clauses-list", "GET"): REFERENCE,
    ("clauses-detail", "GET"): REFERENCE,
    ("rules-list", "GET"): REFERENCE,
    ("rules-detail", "GET"): REFERENCE,
    ("parameters-list", "GET"): REFERENCE,
    ("parameters-detail", "GET"): REFERENCE,
    ("weekly-returns-list", "GET"): LIST,
    ("homework-items-list", "GET"): LIST,
    ("service-days-list", "GET"): LIST,
    ("school-days-list", "GET"): LIST,
    ("filings-list", "GET"): LIST,
    ("filings-summary", "GET"): LIST,
    ("findings-list", "GET"): LIST,
    ("findings-detail", "GET"): OWN,
    ("findings-explain", "GET"): OWN,
    ("alerts-list", "GET"): LIST,
    ("alerts-detail", "GET"): OWN,
    ("alerts-acknowledge", "POST"): WRITE,
    ("alerts-close", "POST"): CLOSE,
    ("alerts-dismiss", "POST"): BY_PERSON,
    ("runs-list", "GET"): LIST,
    ("runs-detail", "GET"): OWN,
    ("compliance-list", "GET"): LIST,
    ("compliance-detail", "GET"): OWN,
    ("return", "GET"): OWN,
    ("return", "PUT"): WRITE,
    ("return", "PUT new"): CREATE,
    ("return-submit", "POST"): WRITE,
    ("return-preview", "POST"): WRITE,
    ("return-withdraw", "POST"): WRITE,
    ("return-send-back", "POST"): FROM_ABOVE,
    ("return-approve", "POST"): BY_PERSON,
    ("return-accept", "POST"): BY_PERSON,
    ("return-lock", "POST"): BY_PERSON,
    ("return-ask-reopen", "POST"): BY_SCHOOL,
    ("return-events", "GET"): OWN,
    ("return-changes", "GET"): OWN,
    ("return-versions", "GET"): OWN,
    ("return-version", "GET"): OWN,
    **{(f"{prefix}-list", "GET"): LIST for prefix in ROWS},
    **{(f"{prefix}-list", "POST"): FILE_ABOVE if prefix in ("ads", "complaints") else FILE_ORG for prefix in ROWS},
    **{(f"{prefix}-detail", "GET"): OF_ORG for prefix in ROWS},
    ("lists-list", "GET"): LIST,
    ("lists-detail", "GET"): OF_ORG,
    ("list-decisions-list", "GET"): LIST,
    ("list-decisions-list", "POST"): DECIDE,
    ("list-decisions-detail", "GET"): OF_ORG,
    ("list-decisions-review", "POST"): DECIDE,
    ("checklists-list", "GET"): REFERENCE,
    ("checklists-detail", "GET"): REFERENCE,
    ("visits-list", "GET"): LIST,
    ("visits-list", "POST"): FILE_ABOVE,
    ("visits-detail", "GET"): OF_ORG,
    ("visits-detail", "PUT"): FROM_ABOVE,
    ("visits-start", "POST"): FROM_ABOVE,
    ("visits-hand-in", "POST"): FROM_ABOVE,
    ("visits-cancel", "POST"): FROM_ABOVE,
    ("visits-review", "POST"): NEVER_BY_PROGRAM,
    ("visits-correct", "POST"): NEVER_BY_PROGRAM,
    ("visits-photo", "GET"): OF_ORG,
    ("visits-photo", "PUT"): FROM_ABOVE,
    ("visits-photo", "DELETE"): REMOVE,
    ("rectifications-list", "GET"): LIST,
    ("rectifications-list", "POST"): ORDER,
    ("rectifications-detail", "GET"): OWN,
    ("rectifications-hand-in", "POST"): HAND_IN,
    ("rectifications-photo", "GET"): OWN,
    ("rectifications-photo", "PUT"): HAND_IN,
    ("rectifications-photo", "DELETE"): REMOVE_OWN,
    ("rectifications-recheck", "POST"): BY_PERSON,
    ("rectifications-change", "POST"): CLOSE,
    ("rectifications-cancel", "POST"): CLOSE,
    ("observations-list", "GET"): LIST,
    ("observations-list", "POST"): RECORD,
    ("observations-detail", "GET"): OWN,
    ("observations-confirm", "POST"): FROM_ABOVE,
    ("observations-refute", "POST"): FROM_ABOVE,
    ("observations-rectify", "POST"): FROM_ABOVE,
    ("observations-withdraw", "POST"): BY_DISTRICT,
    **{(f"complaints-{act}", "POST"): FROM_ABOVE for act in ("check", "link", "duplicate", "decide", "reply")},
    ("complaints-withdraw", "POST"): BY_DISTRICT,
}
_ACTS = (
    "submit", "preview", "withdraw", "send-back", "approve", "accept", "lock", "ask-reopen", "events", "versions",
)  # fmt: skip
_METHODS = {"get": "GET", "post": "POST", "put": "PUT", "patch": "PATCH", "delete": "DELETE"}


def routes() -> dict[str, set[str]]:
    """Every route below /api/ with the methods that it answers, from the URL resolver."""
    found: dict[str, set[str]] = {}

    def walk(patterns: list[Any]) -> None:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns)
            elif isinstance(pattern, URLPattern):
                actions = getattr(pattern.callback, "actions", None)
                methods = {_METHODS[name] for name in actions if name in _METHODS} if actions else {"GET"}
                assert pattern.name, f"{pattern.pattern} has no name"
                found.setdefault(pattern.name, set()).update(methods)

    walk([p for p in get_resolver().url_patterns if isinstance(p, URLResolver) and str(p.pattern) == "api/"])
    return found


def test_every_route_and_method_has_a_row() -> None:
    known: dict[str, set[str]] = {}
    for route, method in TABLE:
        known.setdefault(route, set()).add(method.split()[0])
    missing = {
        f"{route} {method}" for route, methods in routes().items() for method in methods - known.get(route, set())
    }
    assert not missing, f"give these a row in TABLE, with the status for each role: {sorted(missing)}"
    assert not known.keys() - routes().keys(), "these rows name routes that are gone"


def address(route: str, cast: SimpleNamespace) -> str:
    """The route's address for an object of 示范一小."""
    week = {"code": cast.school.code, "week": WEEK.key}
    arguments: dict[str, dict[str, Any]] = {
        "towns-detail": {"code": cast.east.code},
        "institutions-detail": {"code": cast.school.code},
        "schools-detail": {"code": cast.school.code},
        "compliance-detail": {"code": cast.school.code},
        "runs-detail": {"pk": RunPart.objects.filter(institution=cast.school).values_list("run", flat=True)[0]},
        "clauses-detail": {"id": "2.1.1"},
        "checklists-detail": {"target": cast.visit.checklist.target},
        "rules-detail": {"code": "HW-02"},
        "parameters-detail": {"name": "homework.daily_minutes"},
        **dict.fromkeys(["return-version", "return-changes"], {**week, "number": 1}),
        **dict.fromkeys(["findings-detail", "findings-explain"], {"pk": cast.finding.pk}),
        **dict.fromkeys(
            [f"alerts-{act}" for act in ("detail", "acknowledge", "close", "dismiss")], {"pk": cast.alert.pk}
        ),
        **dict.fromkeys(["return", *(f"return-{act}" for act in _ACTS)], week),
    }
    arguments |= {f"{prefix}-detail": {"pk": key} for prefix, key in cast.rows.items() if prefix != "complaints"}
    for act in ("detail", "rectify", "withdraw", "confirm", "refute"):
        found = cast.clue if act in ("confirm", "refute") else cast.found
        arguments[f"observations-{act}"] = {"number": found.number}
    arguments["complaints-detail"] = {"number": cast.rows["complaints"]}
    arguments |= {act: {"number": number} for act, (number, _) in filing.acts(cast).items()}
    for act in ("detail", "hand-in", "recheck", "change", "cancel"):
        arguments[f"rectifications-{act}"] = {"number": cast.rectification.number}
    arguments["rectifications-photo"] = {"number": cast.rectification.number, "photo": cast.photo}
    arguments |= dict.fromkeys(["list-decisions-detail", "list-decisions-review"], {"pk": cast.decision.pk})
    arguments["lists-detail"] = {"pk": cast.decision.opened.pk}
    for act in ("detail", "start", "hand-in", "cancel", "review", "correct"):
        visit = cast.planned if act in ("start", "cancel") else cast.visit
        arguments[f"visits-{act}"] = {"key": visit.key}
    arguments["visits-photo"] = {"key": cast.visit.key, "photo": cast.visit.photos.get().key}
    arguments["training-orgs-detail"] = {"code": cast.org.code}
    if route == "unknown":
        return "/api/v1/no-such-thing/"
    return reverse(f"api:{route}", kwargs=arguments.get(route, {}))


def body(route: str, cast: SimpleNamespace) -> Any:
    if route in PLANS:
        return PLANS[route]
    if route in (
        "return-withdraw",
        "return-send-back",
        "return-ask-reopen",
        "alerts-close",
        "alerts-dismiss",
        "visits-cancel",
    ):
        return {"reason": "测试"}
    if route.startswith("visits-"):
        return visit_make.body(route, cast)
    if route == "list-decisions-review":
        return {"approve": True}
    if route == "list-decisions-list":
        return {
            "institution": cast.org.code, "act": "entry", "kind": "white", "criteria": "2026-1",
            "decision_no": "示范8号", "effective_on": "2026-11-10", "reason": "示范",
        }  # fmt: skip
    if route in ("observations-refute", "observations-withdraw"):
        return {"reason": "查无此事"}
    if route in filing.acts(cast):
        return filing.acts(cast)[route][1]
    if route == "observations-list":
        return {**SEEN, "institution": cast.school.code}
    if route in ("return", "return-submit", "return-preview"):
        return make.full_payload(cast.school, WEEK)
    return {**filing.bodies(cast), **rectifying(cast)}.get(route.removesuffix("-list"))


def rectifying(cast: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """What the acts on a rectification take."""
    today = clock.today()
    later = (today + dt.timedelta(days=9)).isoformat()
    return {
        "rectifications": {"alert": cast.alert.pk, "requirement": "示范要求", "due_on": later},
        "rectifications-hand-in": {"account": "已改好", "rectified_on": today.isoformat()},
        "rectifications-recheck": {"is_passed": True},
        "rectifications-change": {"requirement": "示范要求", "due_on": later, "reason": "设备未到"},
        "rectifications-cancel": {"reason": "测试"},
        "rectifications-photo": visit_make.jpeg(),
    }


@pytest.fixture
def own(cast: SimpleNamespace) -> SimpleNamespace:
    judge(cast)
    cast.finding = Finding.objects.get(rule="HW-02", institution=cast.school)
    cast.alert = Alert.objects.get(rule="HW-02", institution=cast.school)
    filing.build(cast)
    seen = {**SEEN, "occurred_on": dt.date.fromisoformat(SEEN["occurred_on"])}
    cast.clue, cast.found = (record_observation(cast.school, actor=make.Somebody(), **seen) for _ in range(2))
    confirm_observation(cast.found.pk, actor=make.Somebody())
    cast.rectification = order_rectification(
        cast.school, requirement="示范要求", due_on=clock.today(), actor=make.Somebody()
    )
    cast.photo, data = uuid.uuid4(), visit_make.jpeg()
    sender = make.user("school", cast.school)
    receive_photo(cast.rectification.pk, cast.photo, total=len(data), offset=0, stream=BytesIO(data), actor=sender)
    cast.decision = list_make.decided(cast.org)
    visit_make.at_school(cast)
    return cast


def answer_of(call: Call, method: str, path: str, role: str | None, content: Any) -> Any:
    """What the address answers, with everything it did undone."""
    with transaction.atomic():
        answer = call(method, path, role, content)
        transaction.set_rollback(True)
    return answer


def test_every_address_answers_as_the_table_says(own: SimpleNamespace, call: Call) -> None:
    wrong = []
    for (route, method), statuses in TABLE.items():
        path, content = address(route, own), body(route, own)
        if method == "PUT new":
            path, content = path.replace(WEEK.key, WEEK.next_key), {}
        for role, expected in zip(ROLES, statuses, strict=True):
            answer = answer_of(call, method.split()[0], path, role, content)
            if answer.status_code != expected:
                wrong.append(f"{route} {method} as {role}: {answer.status_code}, expected {expected}")
            if expected >= 400:
                assert answer["Content-Type"] == "application/problem+json", (route, role)
                # What refuses must not name what lies behind it.
                assert own.school.name not in answer.content.decode(), (route, role)
    assert not wrong, "\n".join(wrong)


def test_nothing_that_is_only_read_can_be_written(own: SimpleNamespace, call: Call) -> None:
    for route, methods in routes().items():
        for method in {"POST", "PUT", "PATCH", "DELETE"} - methods:
            if route in ("schema", "docs", "unknown", "clinic-list"):  # open without a token
                continue
            for role in ("district_write", "district_read", None):
                answer = answer_of(call, method, address(route, own), role, {})
                assert answer.status_code == READ_ONLY[ROLES.index(role)], (route, method, role)
