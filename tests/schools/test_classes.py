"""Classes: import, pasted lines, closing; and who may see and change them."""

import datetime as dt
import threading

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from schools.class_services import COLUMNS, add_classes, close_class, import_classes, reopen_class
from schools.models import School, SchoolClass
from shuangjian.bureau.tables import parse_table
from shuangjian.core.errors import InvalidInput, Refused
from shuangjian.journal.models import AuditEntry


def run(text: str):
    return import_classes(parse_table(f"school_code,class_code,pupils\n{text}", COLUMNS), actor=None)


def problems(refused) -> dict[str, str]:
    return {problem.path: problem.message for problem in refused.value.problems}


def test_a_second_import_changes_nothing_and_pupils_may_change(cast):
    text = "440113190001,2026-01-01,42\n440113190002,2026-01-01,40\n"
    assert run(text).as_dict() == {"created": 2, "changed": 0, "unchanged": 0}
    assert run(text).as_dict() == {"created": 0, "changed": 0, "unchanged": 2}
    assert run(text.replace(",42", ",41")).as_dict() == {"created": 0, "changed": 1, "unchanged": 1}
    created = SchoolClass.objects.get(school=cast.east)
    assert (created.school_year, created.grade, created.number, created.pupils) == (2026, 1, 1, 41)
    assert created.stage == "primary"


def test_every_wrong_line_is_named_and_nothing_is_saved(cast):
    with pytest.raises(InvalidInput) as refused:
        run(
            "440113190001,2026-01-01,42\n"
            "999,2026-01-01,42\n"
            "440113190001,2026-1-1,42\n"
            "440113190001,2026-07-01,42\n"
            "440113190001,2026-01-02,0\n"
            "440113190001,2026-01-03,81\n"
            "440113190001,2026-01-04,many\n"
            "440113190001,2026-01-01,42\n"
            "440113190001,2026-10-01,42\n"
            "440113190001,2026-01-00,42\n"
        )
    found = problems(refused)
    assert set(found) == {
        "第 3 行 school_code",
        "第 4 行 class_code",
        "第 5 行 class_code",
        "第 6 行 pupils",
        "第 7 行 pupils",
        "第 8 行 pupils",
        "第 9 行 class_code",
        "第 10 行 class_code",
        "第 11 行 class_code",
    }
    assert "1–6 年级" in found["第 5 行 class_code"]
    assert "2026-07-03" in found["第 4 行 class_code"]
    assert not SchoolClass.objects.exists()


@pytest.mark.parametrize("pupils", ["1", "80"])
def test_the_bounds_of_a_plausible_class_are_inside(cast, pupils):
    assert run(f"440113190001,2026-01-01,{pupils}\n").created == 1


def test_the_command_imports_classes(cast, tmp_path, capsys):
    path = tmp_path / "classes.csv"
    path.write_text("# 演示\nschool_code,class_code,pupils\n440113190001,2026-01-01,42\n", encoding="utf-8-sig")
    call_command("import_classes", str(path))
    assert "班级：新增 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01,42\n2026-01-02,43",
        "2026-01-01\t42\r\n2026-01-02\t43\r\n",
        "2026-01-01，42\n\n2026-01-02，43\n",
        "class_code,pupils\n2026-01-01,42\n2026-01-02,43\n",
    ],
)
def test_lines_may_be_pasted_from_a_spreadsheet_or_typed(cast, text):
    assert add_classes(cast.east, text, actor=cast.filer).created == 2
    entry = AuditEntry.objects.get(act="add_classes")
    assert (entry.actor, entry.institution_id) == (cast.filer, cast.east.pk)


def test_a_wrong_pasted_line_is_named_by_its_place_in_the_field(cast):
    with pytest.raises(InvalidInput) as refused:
        add_classes(cast.east, "2026-01-01,42\n2026-09-01,40\n", actor=cast.filer)
    assert set(problems(refused)) == {"第 2 行 class_code"}


def test_a_class_is_closed_once_and_can_be_reopened(cast):
    add_classes(cast.east, "2026-01-01,42", actor=cast.filer)
    school_class = SchoolClass.objects.get()
    assert close_class(school_class, closed_on=dt.date(2026, 11, 24), actor=cast.filer).closed_on
    with pytest.raises(Refused, match="不必再次停用"):
        close_class(school_class, closed_on=dt.date(2026, 11, 25), actor=cast.filer)
    reopen_class(school_class, actor=cast.filer)
    with pytest.raises(Refused):
        reopen_class(school_class, actor=cast.filer)
    assert SchoolClass.objects.get().closed_on is None
    assert set(AuditEntry.objects.values_list("act", flat=True)) >= {"close_class", "reopen_class"}


def url_of(school: School) -> str:
    return reverse("classes", args=[school.institution.code])


@pytest.mark.parametrize(
    ("who", "status"),
    [("bureau", 200), ("centre", 200), ("town", 200), ("filer", 200), ("outsider", 404), ("sysadmin", 404)],
)
def test_the_page_is_seen_inside_the_jurisdiction_only(cast, client, who, status):
    client.force_login(getattr(cast, who))
    assert client.get(url_of(cast.east)).status_code == status


@pytest.mark.parametrize(
    ("who", "status"),
    [("bureau", 302), ("filer", 302), ("centre", 403), ("town", 403), ("outsider", 404), ("sysadmin", 404)],
)
def test_the_school_and_the_bureau_add_classes_and_nobody_else(cast, client, who, status):
    client.force_login(getattr(cast, who))
    response = client.post(url_of(cast.east), {"act": "many", "lines": "2026-01-01,42"})
    assert response.status_code == status
    assert SchoolClass.objects.exists() is (status == 302)


def test_one_class_is_added_by_its_form(cast, client):
    client.force_login(cast.filer)
    data = {"act": "one", "school_year": "2026", "grade": "3", "number": "7", "pupils": "39"}
    client.post(url_of(cast.east), data)
    assert SchoolClass.objects.get().code == "2026-03-07"
    assert client.post(url_of(cast.east), data | {"grade": "7"}).status_code == 422  # a primary school has no grade 7


def test_wrong_pasted_lines_are_shown_with_what_was_typed(cast, client):
    client.force_login(cast.filer)
    response = client.post(url_of(cast.east), {"act": "many", "lines": "2026-01-01,42\n2026-08-01,40"})
    assert response.status_code == 422
    text = response.content.decode()
    assert "第 2 行 班级代码" in text
    assert "2026-08-01,40" in text
    assert not SchoolClass.objects.exists()


@pytest.mark.parametrize(("who", "status"), [("filer", 302), ("bureau", 302), ("town", 403), ("outsider", 404)])
def test_a_class_is_closed_and_reopened_by_school_or_bureau(cast, client, who, status):
    add_classes(cast.east, "2026-01-01,42", actor=None)
    client.force_login(getattr(cast, who))
    close, reopen = (
        reverse("class_state", args=[cast.east.institution.code, "2026-01-01", act]) for act in ("close", "reopen")
    )
    assert client.post(close).status_code == status
    assert (SchoolClass.objects.get().closed_on is not None) is (status == 302)
    assert client.post(reopen).status_code == status
    assert SchoolClass.objects.get().closed_on is None


def test_a_class_of_another_school_is_not_found_under_ones_own(cast, client):
    add_classes(cast.west, "2026-01-01,42", actor=None)
    client.force_login(cast.filer)
    assert (
        client.post(reverse("class_state", args=[cast.east.institution.code, "2026-01-01", "close"])).status_code == 404
    )


@pytest.mark.django_db(transaction=True)
def test_two_people_may_add_the_same_class_at_the_same_moment(cast):
    """Without the school's lock the second would not see the first one's row and break the unique constraint."""
    outcomes = []

    def second():
        try:
            outcomes.append(add_classes(cast.east, "2026-01-01,42", actor=None).unchanged)
        except IntegrityError as error:
            outcomes.append(error)
        finally:
            connection.close()

    with transaction.atomic():
        add_classes(cast.east, "2026-01-01,42", actor=None)
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(timeout=1)  # the other one waits for this transaction, whatever it waits with
    thread.join(timeout=10)
    assert outcomes == [1]


def test_a_pasted_head_line_in_words_is_passed_over_and_lines_are_counted_as_the_person_sees_them(cast):
    assert add_classes(cast.east, "班级代码,学生数\n2026-01-07,40", actor=None).created == 1
    with pytest.raises(InvalidInput) as refused:
        add_classes(cast.east, "abc", actor=None)
    assert [problem.path for problem in refused.value.problems] == ["第 1 行"]
