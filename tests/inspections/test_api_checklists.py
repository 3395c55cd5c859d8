"""Programs learn the codes of a checklist's items, of the version in use alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from inspections.models import ChecklistItem, ChecklistVersion
from shuangjian.accounts.tokens import create_api_token
from shuangjian.core import clock
from tests.inspections import visit_make

pytestmark = pytest.mark.django_db


def test_the_checklist_in_use_is_told_with_its_items_and_no_draft(django_assert_max_num_queries: Any) -> None:
    in_use = visit_make.checklist()
    draft = ChecklistVersion.objects.create(target=in_use.target, number=9, title="草稿")
    ChecklistItem.objects.create(
        version=draft, order=1, code="A-99", group="示范", text="草稿要点", clause="2.4.2.1", severity=2, kind="other",
        problem_kind="conduct",
    )  # fmt: skip
    token = create_api_token(name="测试", actor=None, expires_at=clock.now() + dt.timedelta(days=1))[1]
    client = Client(headers={"Authorization": f"Bearer {token}"})
    with django_assert_max_num_queries(8):
        listed = client.get("/api/v1/checklists/").json()["results"]
    assert [(each["target"], each["number"]) for each in listed] == [(in_use.target, in_use.number)]
    one = client.get(f"/api/v1/checklists/{in_use.target}/").json()
    assert [each["code"] for each in one["items"]] == list(in_use.items.values_list("code", flat=True))
    assert one["items"][0]["kind"]
    assert client.get("/api/v1/checklists/school/").status_code == 404
    assert client.get("/api/v1/checklists/nobody/").status_code == 404
