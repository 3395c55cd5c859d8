"""The same file sent and confirmed at the same moment, over real connections: one version, whoever is faster."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import Conflict
from shuangjian.intake import imports
from shuangjian.intake.models import ImportBatch, ReturnVersion, WeeklyReturn
from shuangjian.intake.workbook.files import WeekTables
from tests import make
from tests.faults.parallel import together
from tests.intake.workbook.conftest import WEEK, XLSX

pytestmark = pytest.mark.django_db(transaction=True)

NOW = clock.at(WEEK.days[4], 16 * 60)
CALLS = 6


@pytest.fixture
def school() -> Institution:
    make.calendar()
    return make.school(classes=["2026-03-01"])


@pytest.fixture
def filer(school: Institution) -> User:
    return make.user("school", school, username="filer")


def open_one(school: Institution, filer: User, number: int, payload: Any = None) -> ImportBatch:
    content = payload or make.full_payload(school)
    return imports.open_batch(
        school, WEEK, content, file_name="a.xlsx", file_sha256=f"{number:064d}", actor=filer, now=NOW
    )


def test_one_upload_confirmed_many_times_at_once_is_one_version(school: Institution, filer: User) -> None:
    batch = open_one(school, filer, 1)
    results = together([lambda: imports.use_batch(batch, submit=True, actor=filer, now=NOW)] * CALLS)
    assert [result for result in results if isinstance(result, Exception)] == []
    assert ReturnVersion.objects.count() == 1
    assert WeeklyReturn.objects.get().revision == 1


def test_the_same_content_uploaded_many_times_and_confirmed_at_once_is_one_version(
    school: Institution, filer: User
) -> None:
    batches = [open_one(school, filer, number) for number in range(CALLS)]
    assert len({batch.pk for batch in batches}) == CALLS
    results = together(
        [lambda batch=batch: imports.use_batch(batch, submit=True, actor=filer, now=NOW) for batch in batches]
    )
    assert [result for result in results if isinstance(result, Exception)] == []
    assert ReturnVersion.objects.count() == 1


def test_of_two_contents_confirmed_at_once_one_stands_and_the_other_is_told(school: Institution, filer: User) -> None:
    payloads = [make.full_payload(school, homework=[make.item("2026-03-01", "2026-11-03", n)]) for n in (20, 30)]
    batches = [open_one(school, filer, number, payload) for number, payload in enumerate(payloads)]
    results = together(
        [lambda batch=batch: imports.use_batch(batch, submit=True, actor=filer, now=NOW) for batch in batches]
    )
    assert sorted(type(result) for result in results if isinstance(result, Exception)) == [Conflict]
    assert ReturnVersion.objects.count() == 1
    assert ImportBatch.objects.filter(used_at=None).count() == 1  # it can still be confirmed, once it was looked at


def test_one_file_posted_by_many_requests_at_once_is_one_batch(school: Institution, filer: User) -> None:
    week = make.WEEK
    data = WeekTables.of(school, week).template(make.full_payload(school))

    def post() -> Any:
        client = Client()
        client.force_login(filer)
        address = f"/units/{school.code}/returns/{week.key}/workbook/"
        return client.post(address, {"file": SimpleUploadedFile("a.xlsx", data, XLSX)})["Location"]

    if clock.now() < NOW:
        pytest.skip("the clock of this machine stands before the week that the test files")
    assert len(set(together([post] * CALLS))) == 1
    assert ImportBatch.objects.count() == 1
