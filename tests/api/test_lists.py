"""Lists: scope, paging by the whole key, filters, ETags, and a query count that does not grow with the rows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from homework.models import HomeworkItem
from shuangjian.bureau.models import CalendarDay, Institution
from shuangjian.rules.models import Finding
from tests import make
from tests.api.conftest import WEEK, Call
from tests.api.judged import DAY, judge


def codes(answer: Any, field: str = "code") -> list[str]:
    return [each[field] for each in answer.json()["results"]]


def follow(call: Call, path: str, role: str = "district_read", link: str = "next") -> list[list[Any]]:
    """Every page from ``path`` on, as lists of results."""
    pages = []
    while path:
        body = call("GET", path, role).json()
        pages.append(body["results"])
        path = body[link]
    return pages


def many_findings(institution: Institution, count: int) -> None:
    """Findings stamped with one instant, as one evaluation leaves them."""
    now = timezone.now()
    Finding.objects.bulk_create(
        Finding(
            rule="HW-02",
            institution=institution,
            about=f"class:2026-03-{n:04d}",
            occurred_on=WEEK.monday,
            period=WEEK.key,
            severity=2,
            observed=75,
            limit=60,
            parameters_version="0" * 16,
            calendar_version=1,
            opened_at=now,
            changed_at=now,
        )
        for n in range(count)
    )


def test_paging_passes_more_equal_instants_than_any_offset(call: Call, cast: SimpleNamespace) -> None:
    many_findings(cast.school, 1205)
    pages = follow(call, "/findings/?page_size=500")
    assert [len(page) for page in pages] == [500, 500, 205]
    seen = [each["id"] for page in pages for each in page]
    assert len(set(seen)) == 1205


def test_a_row_that_arrives_while_paging_is_neither_lost_nor_doubled(call: Call, cast: SimpleNamespace) -> None:
    many_findings(cast.school, 4)
    first = call("GET", "/findings/?page_size=3").json()
    many_findings(cast.other, 2)
    rest = follow(call, first["next"])
    seen = [each["id"] for page in [first["results"], *rest] for each in page]
    assert len(seen) == len(set(seen)) == 6


def test_previous_leads_back_to_the_same_pages(call: Call, cast: SimpleNamespace) -> None:
    many_findings(cast.school, 7)
    forth = follow(call, "/findings/?page_size=3")
    last = call("GET", call("GET", call("GET", "/findings/?page_size=3").json()["next"]).json()["next"]).json()
    assert last["next"] is None
    back = follow(call, last["previous"], link="previous")
    assert back == [forth[1], forth[0]]


def test_a_cursor_of_one_token_shows_another_only_its_own_rows(call: Call, cast: SimpleNamespace) -> None:
    many_findings(cast.school, 4)
    cursor = call("GET", "/findings/?page_size=2", "institution").json()["next"]
    assert call("GET", cursor, "other_institution").json()["results"] == []


def test_each_token_sees_the_units_of_its_scope(call: Call, cast: SimpleNamespace) -> None:
    both, first = [cast.school.code, cast.other.code], [cast.school.code]
    for name in ("schools", "institutions"):
        assert codes(call("GET", f"/{name}/", "district_read")) == both
        assert codes(call("GET", f"/{name}/", "town")) == first
        assert codes(call("GET", f"/{name}/", "institution")) == first
        assert call("GET", f"/{name}/{cast.other.code}/", "town").status_code == 404
        assert call("GET", f"/{name}/{cast.school.code}/", "town").json()["name"] == "示范一小"
    assert codes(call("GET", "/classes/", "other_town"), "school") == [cast.other.code] * 2
    assert codes(call("GET", "/towns/", "district_read")) == [cast.east.code, cast.west.code]
    assert codes(call("GET", "/towns/", "town")) == codes(call("GET", "/towns/", "institution")) == [cast.east.code]
    assert call("GET", f"/towns/{cast.west.code}/", "town").status_code == 404


def test_exceptions_of_other_units_stay_hidden(call: Call, cast: SimpleNamespace) -> None:
    def exception(day: str, **scope: Any) -> None:
        CalendarDay.objects.create(date=day, kind="closed", reason="停课", certainty="official", **scope)

    exception("2026-11-03", level="town", town=cast.west)
    exception("2026-11-04", level="institution", institution=cast.other)
    exception("2026-11-05", level="institution", institution=cast.school)
    path = "/calendar/overrides/?since=2026-11-01&until=2026-11-30"
    assert codes(call("GET", path, "institution"), "date") == ["2026-11-05"]
    assert codes(call("GET", path, "other_town"), "date") == ["2026-11-03", "2026-11-04"]
    assert len(codes(call("GET", path, "district_read"), "date")) == 3


def test_the_calendar_answers_by_unit_stage_and_dates(call: Call, cast: SimpleNamespace) -> None:
    path = f"/calendar/?institution={cast.school.code}&stage=primary&since=2026-10-01&until=2026-10-10"
    days = call("GET", path, "institution").json()["results"]
    assert {day["date"] for day in days if day["is_school_day"]} == {"2026-10-08", "2026-10-09", "2026-10-10"}
    assert {day["week"] for day in days} == {"2026-W40", "2026-W41"}
    assert call("GET", f"/calendar/?institution={cast.other.code}", "institution").json()["results"] == []


def test_weekly_rows_carry_the_names_of_the_return(call: Call, cast: SimpleNamespace) -> None:
    judge(cast)
    item = call("GET", f"/homework-items/?week={WEEK.key}&class=2026-03-01", "institution").json()["results"][0]
    assert item == {
        "institution": cast.school.code,
        "class": "2026-03-01",
        "week": WEEK.key,
        "day": DAY,
        "subject": "语文",
        "minutes": 75,
        "written": True,
        "optional": False,
        "alternative": None,
        "counts": True,
        **make.LAWFUL_ITEM,
        "published_on": DAY,
    }
    service = call("GET", f"/service-days/?day={DAY}", "institution").json()["results"]
    assert [(row["stage"], row["minutes"]) for row in service] == [("primary", 90)]
    filed = call("GET", f"/weekly-returns/?week={WEEK.key}&state=submitted", "institution").json()["results"]
    assert [(row["institution"], row["version"], row["has_draft"]) for row in filed] == [(cast.school.code, 1, False)]
    filing = call("GET", f"/filings/?week={WEEK.key}", "institution").json()["results"]
    assert [(row["school_days"], row["is_filed"], row["state"]) for row in filing] == [(5, True, "on_time")]


def test_rows_show_and_filter_what_a_return_states_beyond_minutes(call: Call, cast: SimpleNamespace) -> None:
    stated = {
        "kind": "layered", "done_at_school": 0.9, "marked_by": "self", "asks_parents": True,
        "published_on": "2026-10-30", "publication": "照片 7",
    }  # fmt: skip
    served = {
        "wanting": 30, "served": 25, "late_wanted": 4, "late_places": 0, "content": ["homework", "reading"],
        "flexible_leaving": False,
    }  # fmt: skip
    whole = make.full_payload(cast.school, WEEK)
    whole["school_day"][0] |= {"arrival": "07:50"}
    whole["after_school"][0] |= served
    del whole["school_day"][1]["arrival"]
    unstated = dict.fromkeys(stated)
    items = [make.item("2026-03-01", DAY, 30, **stated), make.item("2026-03-01", DAY, 10, "数学", **unstated)]
    make.submitted(
        cast.school, WEEK, homework=items, school_day=whole["school_day"], after_school=whole["after_school"]
    )

    def found(path: str) -> list[Any]:
        return list(call("GET", path, "institution").json()["results"])

    item, other = sorted(found("/homework-items/"), key=lambda row: -row["minutes"])
    assert {name: item[name] for name in stated} == stated
    assert {other[name] for name in stated} == {None}
    for query in ("kind=layered", "marked_by=self", "asks_parents=true", "is_published=true"):
        assert [row["subject"] for row in found(f"/homework-items/?{query}")] == ["语文"], query
    assert [row["subject"] for row in found("/homework-items/?is_published=false")] == ["数学"]
    assert found("/homework-items/?written=false") == []
    day = found(f"/service-days/?content=reading&day={DAY}")
    assert [{name: row[name] for name in served} for row in day] == [served]
    assert [row["day"] for row in found("/service-days/?flexible_leaving=false")] == [DAY]
    times = sorted(found("/school-days/"), key=lambda row: str(row["day"]))
    assert [(row["first_lesson"], row["arrival"]) for row in times[:2]] == [("08:20", "07:50"), ("08:20", None)]


def test_rules_clauses_and_parameters_come_from_the_registries(call: Call, cast: SimpleNamespace) -> None:
    rule = call("GET", "/rules/HW-02/", "institution").json()
    assert (rule["clauses"], rule["unit"]) == (["2.1.1"], "分钟")
    assert "HW-02" in call("GET", "/clauses/2.1.1/", "institution").json()["rules"]
    parameter = call("GET", f"/parameters/{rule['parameters'][0]}/", "institution").json()
    values = {value["key"]: value for value in parameter["values"]}
    assert (values["3-6"]["value"], values["3-6"]["effective_from"]) == (60, "2021-09-01")
    first_lesson = next(p for p in call("GET", "/parameters/").json()["results"] if p["unit"] == "时刻")
    assert isinstance(first_lesson["values"][0]["value"], int)
    assert ":" in first_lesson["values"][0]["value_text"]
    pages = follow(call, "/clauses/?page_size=7")
    assert {len(page) for page in pages[:-1]} == {7}
    assert len({each["id"] for page in pages for each in page}) == sum(map(len, pages))


@pytest.mark.parametrize("path", ["/schools/", "/rules/", "/findings/", "/compliance/", "/clauses/2.1.1/"])
def test_an_unchanged_answer_is_304(call: Call, cast: SimpleNamespace, path: str) -> None:
    etag = call("GET", path)["ETag"]
    again = call("GET", path, If_None_Match=etag)
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    assert call("GET", path, If_None_Match='"other"').status_code == 200


def test_the_etag_of_a_list_changes_with_its_rows(call: Call, cast: SimpleNamespace) -> None:
    etag = call("GET", "/findings/")["ETag"]
    many_findings(cast.other, 1)
    assert call("GET", "/findings/", If_None_Match=etag).status_code == 200
    assert call("GET", "/findings/", "institution", If_None_Match=etag).status_code == 304  # nothing of theirs changed


QUERY_COUNTED = [
    "schools", "institutions", "classes", "calendar", "weekly-returns", "homework-items", "school-days", "service-days",
    "filings", "findings", "alerts", "compliance", "compliance?level=town", "compliance?level=district", "towns",
    *(f"filings/summary?week={WEEK.key}&level={level}" for level in ("institution", "town", "district")),
]  # fmt: skip


def count_queries(call: Call, name: str) -> int:
    resource, _, query = name.partition("?")
    with CaptureQueriesContext(connection) as captured:
        answer = call("GET", f"/{resource}/?page_size=500&{query}")
    assert answer.status_code == 200, answer.content
    assert answer.json()["results"]
    return len(captured)


def test_query_counts_do_not_grow_with_the_rows(call: Call, cast: SimpleNamespace) -> None:
    judge(cast)
    call("GET", "/towns/")  # the token's first use of the minute is noted once
    few = {name: count_queries(call, name) for name in QUERY_COUNTED}
    towns = [make.town(f"4401131{n:02d}", f"演示{n}街") for n in range(6)]
    for n in range(18):
        school = make.school(f"示范{n + 3}小", town=towns[n % 6], classes=["2026-03-01"])
        make.submitted(school, WEEK, homework=[make.item("2026-03-01", DAY, 75)])
    judge(cast, minutes=80)
    assert HomeworkItem.objects.count() == Finding.objects.filter(rule="HW-02", cleared_at=None).count() == 20
    assert {name: count_queries(call, name) for name in QUERY_COUNTED} == few
    assert max(few.values()) <= 20
