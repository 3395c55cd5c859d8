"""Teachers in public service are matched by hash alone; no identity number is kept, shown or logged."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shuangjian.accounts.models import User
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Refused
from shuangjian.journal.models import AuditEntry, EvaluationRequest
from tests import make
from tests.training_orgs import make as training
from training_orgs.identity import identity_hash
from training_orgs.in_service_list import read_list
from training_orgs.models import InServiceList, InServiceTeacher, Qualification
from training_orgs.services.people import mark_certificate_lent, upload_in_service_hashes

TODAY = dt.date(2026, 11, 10)
NOW = clock.at(TODAY, 10 * 60)
# Valid by their check digits, of nobody: an area code that is not in use.
NUMBERS = ("990101199001010019", "990101199001010035", "990101197001010052")
A, B, C = (identity_hash(number) for number in NUMBERS)


@pytest.fixture(autouse=True)
def today(db: None) -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def bureau(db: None) -> User:
    return make.user("bureau")


def upload(text: str, actor: User, label: str = "示范名单") -> InServiceList:
    return upload_in_service_hashes(text.encode(), label=label, as_of=TODAY, actor=actor, now=NOW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{A}\n{B}\n", [(A, None, None), (B, None, None)]),
        (f"hash,valid_from,valid_until\n{A},2010-09-01,2026-08-31\n", [(A, dt.date(2010, 9, 1), dt.date(2026, 8, 31))]),
        (f"\ufeff标识;开始\r\n# 说明\r\n\r\n{A.upper()};2010/9/1\r\n", [(A, dt.date(2010, 9, 1), None)]),
        (f"{A},,2026-08-31\n{A},,2026-08-31\n", [(A, None, dt.date(2026, 8, 31))]),
    ],
)
def test_a_list_is_one_hash_a_line_or_a_csv(text: str, expected: list[tuple[str, object, object]]) -> None:
    read = read_list(text.encode())
    assert [(each.identity_hash, each.valid_from, each.valid_until) for each in read] == expected


@pytest.mark.parametrize(
    "line",
    [
        NUMBERS[0],
        f"{A},{NUMBERS[0]}",
        f"张某,{NUMBERS[0]},2010-09-01",
        "990101 19900101 0019",
        "990101-19900101-0019",
        "９９０１０１１９９００１０１００１５",
        "99010119900101001x",
        "990101900101001",
        f'"{NUMBERS[0]}"',
    ],
)
def test_a_file_with_an_identity_number_is_refused_whole_and_the_number_is_said_nowhere(
    bureau: User, line: str
) -> None:
    upload(f"{C}\n", bureau)
    with pytest.raises(InvalidInput) as refused:
        upload(f"{A}\n{line}\n", bureau)
    said = refused.value.message + "".join(map(str, refused.value.problems))
    assert "第 2 行像是含有身份证号" in said
    assert "hash_identities" in said
    assert not any(part in said for part in (NUMBERS[0], "19900101", line))
    assert list(InServiceTeacher.objects.values_list("identity_hash", flat=True)) == [C]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "没有标识"),
        ("abc\n", "64 位的加密标识"),
        (f"{A},2026-13-01\n", "没有这一天"),
        (f"{A},去年\n", "日期应写作"),
        (f"{A},2026-09-01,2026-08-31\n", "早于开始日期"),
        (f"{A}\n{A},2026-09-01\n", "与第 1 行是同一标识"),
        (f"{A},,,数学老师\n", "最多三列"),
    ],
)
def test_what_is_wrong_is_placed_and_nothing_is_replaced(bureau: User, text: str, words: str) -> None:
    upload(f"{C}\n", bureau)
    with pytest.raises(InvalidInput) as refused:
        upload(text, bureau)
    assert any(words in problem.message for problem in refused.value.problems)
    assert InServiceList.objects.count() == 1
    assert InServiceTeacher.objects.get().identity_hash == C


def test_the_new_list_replaces_the_old_and_only_institutions_whose_match_changed_are_judged(bureau: User) -> None:
    staffed = [training.org(f"虚构培训{number}部") for number in range(4)]
    for unit, digest in zip(staffed, (A, B, C, ""), strict=True):
        training.staff(unit, identity_hash=digest)
    upload(f"{A}\n{B}\n", bureau)
    EvaluationRequest.objects.all().delete()
    upload(f"{A}\n{B},,2026-08-31\n{C}\n", bureau)  # A is as before, B has retired, C is new
    asked = set(EvaluationRequest.objects.values_list("institution", flat=True))
    assert asked == {staffed[1].pk, staffed[2].pk}
    assert InServiceTeacher.objects.count() == 3
    assert set(InServiceTeacher.objects.values_list("source", flat=True)) == {InServiceList.objects.latest("pk").pk}
    assert list(InServiceList.objects.order_by("pk").values_list("hashes", flat=True)) == [2, 3]
    entry = AuditEntry.objects.filter(act="upload_in_service_list").latest("pk")
    assert (entry.detail["hashes"], entry.detail["institutions"]) == (3, 2)


def test_a_large_list_takes_as_many_statements_as_a_small_one(bureau: User) -> None:
    def statements(size: int) -> int:
        text = "\n".join(f"{number:064x}" for number in range(size))
        with CaptureQueriesContext(connection) as seen:
            upload(text, bureau)
        return len(seen)

    assert statements(3000) == statements(3)


def test_a_certificate_that_was_lent_is_marked_and_the_institution_judged(bureau: User) -> None:
    unit = training.org()
    person = training.staff(unit)
    paper = Qualification.objects.create(
        staff=person, number="Z-1", holder_name=person.name, valid_from=dt.date(2015, 7, 1)
    )
    EvaluationRequest.objects.all().delete()
    with pytest.raises(InvalidInput):
        mark_certificate_lent(paper.pk, reason=" ", actor=bureau)
    mark_certificate_lent(paper.pk, reason="经查实借给他人", actor=bureau)
    paper.refresh_from_db()
    assert paper.is_lent
    assert list(EvaluationRequest.objects.values_list("institution", flat=True)) == [unit.pk]
    with pytest.raises(Conflict):
        mark_certificate_lent(paper.pk, reason="再次", actor=bureau)
    mark_certificate_lent(paper.pk, reason="核查有误", actor=bureau, is_lent=False)
    paper.refresh_from_db()
    assert not paper.is_lent


@pytest.mark.parametrize("role", ["town", "org", "dept"])
def test_nobody_but_the_bureau_touches_the_list(role: str) -> None:
    unit = {"town": make.town, "org": make.training_org, "dept": make.department}[role]()
    person = make.user(role, unit)
    with pytest.raises(Refused, match="只有区教育局"):
        upload(f"{A}\n", person)
    client = Client()
    client.force_login(person)
    assert client.get(reverse("in_service")).status_code == 403


def test_the_page_shows_counts_and_no_hash(bureau: User) -> None:
    training.staff(training.org(), identity_hash="")
    client = Client()
    client.force_login(bureau)
    sent = {
        "label": "示范名单",
        "as_of": str(TODAY),
        "file": SimpleUploadedFile("list.csv", f"{A}\n{B},,2026-08-31\n".encode()),
    }
    assert client.post(reverse("in_service"), sent).status_code == 302
    page = client.get(reverse("in_service")).content.decode()
    assert "比对名单有 2 个标识，其中 1 个今天在职" in page
    assert A not in page
    wrong = {"label": "x", "as_of": str(TODAY), "file": SimpleUploadedFile("raw.csv", f"{NUMBERS[0]}\n".encode())}
    answer = client.post(reverse("in_service"), wrong)
    assert answer.status_code == 422
    assert "像是含有身份证号" in answer.content.decode()
    assert NUMBERS[0] not in answer.content.decode()
    lent = {"institution": "无", "number": "无", "is_lent": "1", "reason": "查实"}
    answer = client.post(reverse("certificate_lent"), lent)
    assert answer.status_code == 422
    assert "没有登记这个资格证号" in answer.content.decode()


def test_the_command_hashes_outside_and_what_it_prints_is_a_list(tmp_path: Path, bureau: User) -> None:
    source, printed = tmp_path / "numbers.csv", io.StringIO()
    source.write_text(f"身份证号,开始,结束\n{NUMBERS[0]},2010-09-01,\n{NUMBERS[1]}\n", encoding="gb18030")
    with CaptureQueriesContext(connection) as seen:
        call_command("hash_identities", str(source), stdout=printed)
    assert len(seen) == 0
    assert printed.getvalue().splitlines() == ["hash,valid_from,valid_until", f"{A},2010-09-01,", B]
    assert upload(printed.getvalue(), bureau).hashes == 2


def test_the_command_prints_nothing_where_a_number_is_wrong(tmp_path: Path) -> None:
    source, printed = tmp_path / "numbers.txt", io.StringIO()
    source.write_text(f"{NUMBERS[0]}\n990101199001010016\n", encoding="utf-8")
    with pytest.raises(CommandError, match="第 2 行") as refused:
        call_command("hash_identities", str(source), stdout=printed)
    assert printed.getvalue() == ""
    assert "990101199001010016" not in str(refused.value)
