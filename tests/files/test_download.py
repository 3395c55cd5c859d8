"""Who may see a stored file, and with which headers it goes out."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse

from shuangjian.accounts.models import User
from shuangjian.core.errors import InvalidInput
from shuangjian.core.uploads import _TOO_LARGE
from shuangjian.files.models import StoredFile
from shuangjian.files.services import asked_file, location, store
from tests import make
from tests.files.test_store import picture


@pytest.fixture
def cast(db: None) -> SimpleNamespace:
    east, west = make.town("440113007", "演示东街"), make.town("440113008", "演示西街")
    org = make.training_org(town=east)
    people = {
        "bureau": make.user("bureau"),
        "town": make.user("town", east),
        "other town": make.user("town", west),
        "org": make.user("org", org),
        "other org": make.user("org", make.training_org("虚构培训二部", town=east)),
        "dept": make.user("dept", make.department("SC")),
        "other dept": make.user("dept", make.department("CG")),
        "sysadmin": make.user("sysadmin"),
    }

    def sent(purpose: str, by: str, data: bytes = b"") -> StoredFile:
        return store(SimpleUploadedFile("证照.jpg", data or picture()), org, purpose, people[by])

    return SimpleNamespace(org=org, people=people, sent=sent)


def get(person: User | None, stored: StoredFile, **headers: str) -> object:
    client = Client()
    if person:
        client.force_login(person)
    return client.get(reverse("file", args=[stored.key]), headers=headers)


@pytest.mark.parametrize(
    ("purpose", "by", "seen_by"),
    [
        ("licence:1", "bureau", {"bureau", "town", "org", "dept"}),
        ("rect:ZG-2026-00001:before", "town", {"bureau", "town", "org", "dept"}),
        ("complaint:7", "bureau", {"bureau", "town", "dept"}),
        ("site:7", "town", {"bureau", "town", "dept"}),
        ("complaint:7", "org", {"bureau", "town", "org", "dept"}),
    ],
)
def test_a_file_is_there_for_its_jurisdiction_and_evidence_is_not_for_the_institution(
    cast: SimpleNamespace, purpose: str, by: str, seen_by: set[str]
) -> None:
    stored = cast.sent(purpose, by)
    answers = {name: get(person, stored).status_code for name, person in cast.people.items()}
    assert {name for name, status in answers.items() if status == 200} == seen_by
    assert {status for name, status in answers.items() if name not in seen_by} == {404}
    assert get(None, stored).headers["Location"].startswith("/login/")


def test_it_goes_out_with_its_type_and_name_and_nothing_that_runs(cast: SimpleNamespace) -> None:
    shown = get(cast.people["bureau"], cast.sent("site:1", "town"))
    assert shown["Content-Type"] == "image/jpeg"
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert shown["Content-Disposition"].startswith("inline; filename*=utf-8''")
    assert "sandbox" in shown["Content-Security-Policy"]
    assert shown["Cache-Control"] == "private, no-cache"
    document = get(cast.people["bureau"], cast.sent("licence:1", "town", b"%PDF-1.7\n"))
    assert document["Content-Disposition"].startswith("attachment")


def test_an_unchanged_file_is_not_sent_again_but_the_scope_is_asked_first(cast: SimpleNamespace) -> None:
    stored = cast.sent("site:1", "town")
    etag = get(cast.people["bureau"], stored)["ETag"]
    again = get(cast.people["bureau"], stored, if_none_match=etag)
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    assert get(cast.people["other town"], stored, if_none_match=etag).status_code == 404


def test_an_unknown_key_and_a_lost_file_are_404(cast: SimpleNamespace) -> None:
    client = Client()
    client.force_login(cast.people["bureau"])
    assert client.get(reverse("file", args=[uuid4()])).status_code == 404
    stored = cast.sent("site:1", "town", picture(size=(31, 17)))
    location(stored.path).unlink()
    assert client.get(reverse("file", args=[stored.key])).status_code == 404


def test_a_file_beyond_the_quota_is_told_though_it_was_not_received() -> None:
    request = RequestFactory().post("/", {})
    assert asked_file(request, "photo") is None
    request.META[_TOO_LARGE] = "photo"
    with pytest.raises(InvalidInput, match="大于 20 MB"):
        asked_file(request, "photo")
    assert asked_file(request, "other") is None


def test_the_include_shows_pictures_names_and_the_field(cast: SimpleNamespace) -> None:
    files = [cast.sent("site:1", "town"), cast.sent("site:1", "town", b"%PDF-1.7\n")]
    html = render_to_string("includes/_files.html", {"files": files, "upload": "photo", "error": "文件是空的"})
    assert html.count("<img") == 1
    assert "证照.pdf" in html
    assert 'name="photo"' in html
    assert 'id="id_photo_error"' in html
