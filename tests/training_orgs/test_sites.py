"""Who opens the record of a suspected site, through the platform's registry, and that nothing more is seen by it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from shuangjian.bureau.models import Institution, Town
from shuangjian.bureau.sites import SeenSite, open_site, site_choices, towns_for_sites
from shuangjian.core.errors import InvalidInput, Refused
from shuangjian.journal.models import AuditEntry
from tests import make

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 11, 10)


@pytest.fixture
def towns() -> tuple[Town, Town]:
    return make.town("440113007", "演示东街"), make.town("440113008", "演示西街")


def seen(town: Town, **more: object) -> SeenSite:
    return SeenSite("示范花园 3 栋 1201 疑似补习点", town, "示范花园 3 栋 1201", DAY, **more)  # type: ignore[arg-type]


def test_an_inspector_opens_a_site_in_the_own_town_and_sees_nothing_of_it_before_a_visit(
    towns: tuple[Town, Town],
) -> None:
    inspector = make.user("inspector", towns[0])
    site = open_site(seen(towns[0], pupils=12, licence_state="neither"), actor=inspector)
    assert (site.kind, site.town, site.training_org.uscc) == ("suspected_site", towns[0], None)
    sighting = site.sightings.get()
    assert (sighting.source, sighting.pupils, sighting.licence_state) == ("检查", 12, "neither")
    entries = AuditEntry.objects.filter(institution_id=site.pk)
    assert set(entries.values_list("act", "actor_label")) >= {("open_site", inspector.audit_label)}
    assert not Institution.objects.visible_to(inspector).exists()
    client = Client()
    client.force_login(inspector)
    assert client.get(reverse("training_org", args=[site.code])).status_code == 404
    make.open_visit(site, inspector, on=DAY)
    assert client.get(reverse("training_org", args=[site.code])).status_code == 200


def test_a_site_in_another_town_is_refused_at_the_town_and_nothing_is_kept(towns: tuple[Town, Town]) -> None:
    for person in (make.user("inspector", towns[0]), make.user("town", towns[0])):
        with pytest.raises(InvalidInput) as refused:
            open_site(seen(towns[1]), actor=person)
        assert [problem.path for problem in refused.value.problems] == ["town"]
    assert not Institution.objects.exists()


def test_inspectors_of_the_bureau_and_of_register_departments_open_sites_in_any_town(towns: tuple[Town, Town]) -> None:
    for unit in (None, make.department("SC")):
        assert set(towns_for_sites(make.user("inspector", unit))) == set(towns)
    site = open_site(seen(towns[1]), actor=make.user("inspector"))
    assert site.town == towns[1]


def test_nobody_else_opens_a_site(towns: tuple[Town, Town]) -> None:
    school = make.school(town=towns[0], rebuild=False)
    people = [make.user("school", school), make.user("dept", make.department("SC")), make.user("sysadmin")]
    people.append(make.user("inspector", make.department("CG")))
    fresh = make.user("inspector", towns[0])
    fresh.must_change_password = True
    for person in [*people, fresh]:
        assert not towns_for_sites(person).exists()
        with pytest.raises(Refused) as refused:
            open_site(seen(towns[0]), actor=person)
        assert refused.value.status == 403


def test_a_photo_that_cannot_be_kept_leaves_no_site(towns: tuple[Town, Town]) -> None:
    broken = SimpleUploadedFile("site.jpg", b"<svg/>", content_type="image/jpeg")
    with pytest.raises(InvalidInput):
        open_site(seen(towns[0]), photos=[broken], actor=make.user("inspector", towns[0]))
    assert not Institution.objects.exists()


def test_the_choices_are_those_of_the_register() -> None:
    categories, papers = site_choices()
    assert "subject" in dict(categories)
    assert set(dict(papers)) == {"neither", "registration_only", "licence_only", "both"}
