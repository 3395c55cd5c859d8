"""A page is answered again without being made again only while nothing was written, and only to its own reader."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shuangjian.alerts.services import acknowledge_alert
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.dashboards.views import kept
from shuangjian.intake.models import Filing
from tests.dashboards.world import NOW, World

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[[str], Client]

#: Session, person, snapshot.
ANSWERED_AGAIN = 3
_TOKENS = re.compile(r'(csrfmiddlewaretoken" value="|X-CSRFToken": ")[A-Za-z0-9]{64}"')


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_kept", kept.Kept())


def look(client: Client, url: str) -> tuple[str, int]:
    """The page without its tokens, and its queries."""
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url)
    assert response.status_code == 200
    text, tokens = _TOKENS.subn("token", response.content.decode())
    assert tokens >= 2, "the page carries its reader's token, and nothing that stands for one"
    assert kept._TOKEN not in text
    return text, len(captured)


def look_again(client: Client, url: str) -> str:
    """The page answered without being made. Others write on the same server (autovacuum does): a few tries."""
    for _ in range(50):
        text, queries = look(client, url)
        if queries == ANSWERED_AGAIN:
            return text
    pytest.fail(f"{url} is made anew each time")


@pytest.mark.parametrize(
    "pattern", ["/", "/units/", "/units/{code}/", "/alerts/", "/alerts/{alert}/", "/findings/{finding}/", "/filings/"]
)
def test_a_page_that_nothing_was_written_since_is_the_same_and_costs_three_queries(
    visit: Visit, world: World, pattern: str
) -> None:
    url = pattern.format(code=world.school.code, alert=world.alert.pk, finding=world.finding.pk)
    bureau = visit("bureau")
    first, queries = look(bureau, url)
    assert queries > ANSWERED_AGAIN
    assert look_again(bureau, url) == first


def test_the_next_page_after_any_write_shows_it(visit: Visit, world: World) -> None:
    bureau, url = visit("bureau"), f"/alerts/{world.alert.pk}/"
    assert "待签收" in look(bureau, url)[0]
    acknowledge_alert(world.alert.pk, actor=world.people["town"], now=NOW)
    shown, queries = look(bureau, url)
    assert "已签收" in shown
    assert queries > ANSWERED_AGAIN
    assert "已签收" in look_again(bureau, url)


def test_a_write_of_another_connection_is_seen_as_soon_as_it_is_committed(visit: Visit, world: World) -> None:
    bureau, url = visit("bureau"), f"/units/{world.school.code}/"

    def rename() -> None:
        Institution.objects.filter(pk=world.school.pk).update(name="示范更名小学")
        connection.close()

    look(bureau, url)
    writer = Thread(target=rename)
    writer.start()
    writer.join()
    assert "示范更名小学" in look(bureau, url)[0]


def test_what_is_not_committed_yet_is_neither_shown_nor_kept(visit: Visit, world: World) -> None:
    bureau, url = visit("bureau"), f"/units/{world.school.code}/"
    with transaction.atomic():
        Institution.objects.filter(pk=world.school.pk).update(name="示范未定小学")
        assert kept.snapshot() is None
        assert "示范未定小学" in look(bureau, url)[0], "a transaction sees its own rows"
        transaction.set_rollback(True)
    assert "示范未定小学" not in look(bureau, url)[0]


def test_a_page_during_which_something_was_written_is_not_kept(
    visit: Visit, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = iter(["1:1:", "1:2:"])
    monkeypatch.setattr(kept, "snapshot", lambda: next(seen))
    look(visit("bureau"), "/")
    assert kept._kept._pages == {}


def test_everybody_gets_pages_of_their_own(visit: Visit, world: World) -> None:
    people = {name: visit(name) for name in ("bureau", "centre", "town", "other town", "school", "other school")}
    made = {name: look(client, "/")[0] for name, client in people.items()}
    assert len(set(made.values())) == len(made)
    assert {name: look_again(client, "/") for name, client in people.items()} == made
    url = f"/units/{world.school.code}/"
    look(people["town"], url)
    assert people["other town"].get(url).status_code == 404
    assert people["other school"].get(url).status_code == 404


def test_a_page_ends_with_its_session_and_with_the_right_to_see_it(visit: Visit, world: World) -> None:
    town = visit("town")
    look(town, "/")
    town.logout()
    assert town.get("/").status_code == 302
    town = visit("town")
    look(town, "/")
    world.people["town"].is_active = False
    world.people["town"].save()
    assert town.get("/").status_code == 302


def test_a_return_falls_due_on_a_page_that_is_kept(visit: Visit, world: World) -> None:
    due_at = clock.at(NOW.date() + dt.timedelta(days=1), 18 * 60)
    Filing.objects.filter(institution=world.silent).update(due_at=due_at)
    url = f"/units/{world.silent.code}/?week=2026-W45"
    with time_machine.travel(due_at - dt.timedelta(seconds=1), tick=False):
        town = visit("town")
        before, _ = look(town, url)
        assert look_again(town, url) == before
    with time_machine.travel(due_at + dt.timedelta(seconds=1), tick=False):
        assert "已逾期" not in before
        assert "已逾期" in look(town, url)[0]


def test_a_message_is_shown_once(visit: Visit, world: World) -> None:
    town, url = visit("town"), f"/alerts/{world.alert.pk}/"
    look(town, url)
    town.post(f"/alerts/{world.alert.pk}/acknowledge/")
    assert "处理期限不变" in look(town, url)[0]
    assert "处理期限不变" not in look(town, url)[0]
    assert "处理期限不变" not in look_again(town, url)


def test_the_token_of_a_page_answered_again_lets_its_reader_act(visit: Visit, world: World) -> None:
    strict: Any = Client(enforce_csrf_checks=True)
    strict.force_login(world.people["town"])
    url = f"/alerts/{world.alert.pk}/"
    look_again(strict, url)
    token = re.search(r'csrfmiddlewaretoken" value="(\w{64})"', strict.get(url).content.decode())
    assert token is not None
    assert strict.post(f"{url}acknowledge/", {"csrfmiddlewaretoken": "x" * 64}).status_code == 403
    assert strict.post(f"{url}acknowledge/", {"csrfmiddlewaretoken": token[1]}).status_code == 302


def test_kept_pages_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_BYTES", 250)
    pages = kept.Kept()
    for number in range(9):
        pages.keep("1:1:", number, b"x" * 100)
    assert 1 <= len(pages._pages) <= 2
    assert pages.page("1:1:", 8) is not None
    assert pages.page("1:2:", 8) is None
