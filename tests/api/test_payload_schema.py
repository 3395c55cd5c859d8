"""The description of a return's content says of every key and field what the checks say, and is never stricter."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator

from afterschool.choices import CONTENTS
from homework.choices import ITEM_KINDS, MARKERS, SUBJECTS
from shuangjian.bureau.models import Institution
from shuangjian.intake.columns import OMIT, CellCheck, Column
from shuangjian.intake.sections import Form, all_sections
from tests import make
from tests.api.conftest import WEEK, Call

FORM = Form(Institution(), WEEK, {})
COLUMNS = [
    pytest.param(key, column, id=f"{key}.{column.name}")
    for section in all_sections()
    for key, columns in section.columns(FORM).items()
    for column in columns
]
#: What may stand in a cell; the ends of every range, and of the wrong kind.
PROBES: list[Any] = [
    None, True, False, -1, 0, 1, 0.5, 0.9, 1.0, 1.5, 60, 240, 241, 300, 301, 9999, 10000, 1e309, "", "1", "x" * 10,
    "x" * 11, "x" * 20, "x" * 21, "x" * 200, "x" * 201, "04:59", "05:00", "06:00", "08:20", "12:00", "24:00", "8:20",
    "2021-09-01", "2026-11-02", "2026-11-08", "2026-11-30", "2026-13-01", "primary", "junior", "senior", *SUBJECTS,
    *ITEM_KINDS, *MARKERS, [], ["homework"], list(CONTENTS), ["homework", "homework"], ["x"], [1], {}, {"a": 1},
]  # fmt: skip


@pytest.fixture(scope="module")
def payload() -> dict[str, Any]:
    accept = {"Accept": "application/vnd.oai.openapi+json"}
    schema = json.loads(Client().get("/api/v1/schema/", headers=accept).content)
    described: dict[str, Any] = schema["components"]["schemas"]["Payload"]
    for method, tail in (("put", ""), ("post", "submit/"), ("post", "preview/")):
        operation = schema["paths"][f"/api/v1/schools/{{code}}/weekly-returns/{{week}}/{tail}"][method]
        body = operation["requestBody"]["content"]["application/json"]["schema"]
        assert body == {"$ref": "#/components/schemas/Payload"}
    return described


def test_every_key_of_every_section_is_described_and_no_other(payload: dict[str, Any]) -> None:
    keys = {key for section in all_sections() for key in section.columns(FORM)}
    assert payload["properties"].keys() == keys
    assert keys == {"homework", "homework_none", "class_off", "school_day", "after_school", "service_none"}
    assert payload["additionalProperties"] is False
    assert payload["properties"]["class_off"]["description"] == "作业：本周无课"


@pytest.mark.parametrize(("key", "column"), COLUMNS)
def test_every_field_is_described_by_its_label_type_range_and_codes(
    payload: dict[str, Any], key: str, column: Column
) -> None:
    row = payload["properties"][key]["items"]
    described = row["properties"][column.name]
    assert described["description"].startswith(column.label)
    assert "type" in described, "give the check of this column a schema"
    assert (column.name in row["required"]) is column.is_required
    assert ("null" in described["type"]) is (column.default is OMIT or column.name == "alternative")
    for code, label in column.labels.items():
        assert f"{code}（{label}）" in described["description"]
    assert row["additionalProperties"] is False


@pytest.mark.parametrize(("key", "column"), COLUMNS)
def test_the_description_takes_whatever_the_check_takes_and_refuses_other_kinds_and_ranges(
    payload: dict[str, Any], key: str, column: Column
) -> None:
    validator = Draft202012Validator(payload["properties"][key]["items"]["properties"][column.name])
    schema = column.check.schema
    for value in PROBES:
        if value is None and column.default is OMIT:
            assert validator.is_valid(value)
            continue
        is_taken, is_described = not list(column.check.of_cell(value)), validator.is_valid(value)
        assert is_described or not is_taken, f"{key}.{column.name} takes {value!r}, its description does not"
        if "minimum" in schema or "enum" in schema or schema["type"] == "boolean" or not isinstance(value, str):
            is_whole_float = isinstance(value, float) and schema["type"] == "integer" and value.is_integer()
            assert is_taken or not is_described or is_whole_float, f"{key}.{column.name} refuses {value!r}"


def test_a_complete_return_matches_the_description_and_one_with_a_wrong_cell_does_not(
    db: None, payload: dict[str, Any]
) -> None:
    make.calendar()
    school = make.school("示范一校", ("primary", "junior"), classes=["2026-03-01", "2026-07-01"])
    day = WEEK.monday.isoformat()
    content = make.full_payload(school, WEEK, homework=[make.item("2026-03-01", day, 30, kind=None)])
    validator = Draft202012Validator(payload)
    assert list(validator.iter_errors(content)) == []
    assert not validator.is_valid({**content, "homwork": []})
    assert not validator.is_valid({**content, "homework": [make.item("2026-03-01", day, 301)]})
    assert not validator.is_valid({**content, "homework": [{**make.item("2026-03-01", day, 30), "x": 1}]})


def test_what_the_api_gives_out_matches_what_it_describes(call: Call, cast: Any, payload: dict[str, Any]) -> None:
    make.submitted(cast.school, WEEK)
    address = f"/schools/{cast.school.code}/weekly-returns/{WEEK.key}/"
    validator = Draft202012Validator(payload)
    for path in (address, f"{address}versions/1/"):
        content = call("GET", path, "institution").json()["payload"]  # type: ignore[attr-defined]
        assert list(validator.iter_errors(content)) == []


def test_a_check_without_a_schema_would_be_seen() -> None:
    """Guards the guard: the default says nothing, and the test above asks for a type."""
    assert "type" not in CellCheck(lambda cell: iter(())).schema
