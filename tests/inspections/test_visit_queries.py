"""Pages of visits take as many queries for many rows as for few."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.inspections.test_visit_pages import page, planned
from tests.inspections.visit_make import begun, browser, filed, filled, photo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_that_hour")]


def test_the_form_takes_as_many_queries_for_one_photo_as_for_ten(
    cast: SimpleNamespace, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    visit = filled(cast)
    client = browser(cast.first)
    with django_assert_max_num_queries(60) as few:
        page(client, "visit", visit.key)
    for seed in range(10):
        photo(visit, cast.first, item="S-01", seed=seed + 20)
    with django_assert_max_num_queries(len(few)) as many:
        page(client, "visit", visit.key)
    assert len(many) == len(few)


@pytest.mark.parametrize("name", ["visits", "visits_today", "visits_of"])
def test_lists_take_as_many_queries_for_two_visits_as_for_eight(
    cast: SimpleNamespace, django_assert_max_num_queries: DjangoAssertNumQueries, name: str
) -> None:
    client = browser(cast.first if name == "visits_today" else cast.town)
    arguments = [cast.org.code] if name == "visits_of" else []
    for _ in range(2):
        planned(cast)
    begun(cast)
    page(client, name, *arguments)
    with django_assert_max_num_queries(60) as few:
        page(client, name, *arguments)
    for _ in range(6):
        planned(cast)
        begun(cast)
    with django_assert_max_num_queries(len(few)) as many:
        page(client, name, *arguments)
    assert len(many) == len(few)


def test_the_record_takes_as_many_queries_for_two_photos_as_for_twelve(
    cast: SimpleNamespace, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client, few_photos = browser(cast.town), filed(cast)
    page(client, "visit", few_photos.key)
    with django_assert_max_num_queries(60) as few:
        page(client, "visit", few_photos.key)
    many_photos = begun(cast)
    for seed in range(10):
        photo(many_photos, cast.first, item="S-01", seed=seed + 20)
    filed(cast, many_photos)
    with django_assert_max_num_queries(len(few)) as many:
        page(client, "visit", many_photos.key)
    assert len(many) == len(few)
