"""The frame's context: for signed-in people only, and without a query where there is no frame."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from shuangjian.accounts.models import User
from shuangjian.dashboards.context import shell
from tests import make


class UnreadUser:
    """Stands for request.user where nobody may ask for it."""

    @property
    def is_authenticated(self) -> bool:
        raise AssertionError("the session was read")


@pytest.mark.parametrize("path", ["/api/v1/towns/", "/healthz", "/readyz", "/static/site/js/app.js"])
def test_programs_probes_and_files_cost_no_query(path: str) -> None:
    # Without the db fixture any query would raise.
    request = RequestFactory().get(path)
    request.user = UnreadUser()  # type: ignore[assignment]
    assert shell(request) == {}


def test_whoever_is_not_signed_in_learns_only_whether_data_is_invented(db: None) -> None:
    request = RequestFactory().get("/login/")
    request.user = AnonymousUser()
    assert shell(request) == {"is_demo_data": False}
    make.school(rebuild=False)
    assert shell(request) == {"is_demo_data": True}


def test_whoever_holds_a_one_time_password_gets_no_navigation(db: None) -> None:
    request = RequestFactory().get("/password/")
    request.user = User(username="drill", role_kind="bureau", must_change_password=True)
    assert shell(request) == {"is_demo_data": False}


def test_the_frame_costs_one_query(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    request = RequestFactory().get("/units/")
    request.user = make.user("bureau")
    with django_assert_num_queries(1):
        context = shell(request)
    assert [entry["label"] for entry in context["nav"] if entry["active"]] == ["学校"]
    assert context["scope_trail"] == [{"label": "番禺区", "url": "/"}]
    assert context["is_demo_data"] is False
