"""The OpenAPI description is valid, complete and open; its page runs under the content security policy."""

from __future__ import annotations

import io
import re

import pytest
from django.core.management import call_command
from django.test import Client
from rest_framework.renderers import JSONRenderer

from shuangjian.api.pagination import LARGEST_SIZE


def test_the_schema_is_valid_and_generated_without_a_warning() -> None:
    out = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    assert out.getvalue().startswith("openapi: 3.1.0")


@pytest.mark.django_db
def test_the_schema_describes_every_resource_and_its_problems() -> None:
    schema = Client().get("/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).json()
    names = {re.sub(r"^/api/v1/([^/]+)/.*", r"\1", path) for path in schema["paths"]}
    assert names == {
        "towns", "schools", "classes", "calendar", "clauses", "rules", "parameters", "institutions", "weekly-returns",
        "homework-items", "school-days", "service-days", "filings", "findings", "alerts", "compliance",
        "runs", "observations", "rectifications", "checklists", "lists", "list-decisions", "visits",
        "training-orgs", "licences", "registrations", "staff", "courses", "course-sessions", "fee-orders", "refunds",
        "consumptions", "ledger", "complaints", "ads", "clinic",
    }  # fmt: skip
    submit = schema["paths"]["/api/v1/schools/{code}/weekly-returns/{week}/submit/"]["post"]
    assert submit["responses"].keys() >= {"200", "400", "401", "403", "404", "409", "412", "413", "415", "422"}
    assert {"Idempotency-Key", "If-Match"} <= {each["name"] for each in submit["parameters"]}
    assert "application/problem+json" in submit["responses"]["422"]["content"]
    assert schema["components"]["securitySchemes"] == {"token": {"type": "http", "scheme": "bearer"}}
    sizes = [p for p in schema["paths"]["/api/v1/findings/"]["get"]["parameters"] if p["name"] == "page_size"]
    assert sizes[0]["schema"]["maximum"] == LARGEST_SIZE
    assert JSONRenderer().render(schema)


@pytest.mark.django_db
def test_the_docs_load_our_own_files_only_and_no_inline_script() -> None:
    answer = Client().get("/api/docs/")
    page = answer.content.decode()
    assert answer.status_code == 200
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert sources
    assert all(source.startswith("/") and not source.startswith("//") for source in sources), sources
    assert not re.findall(r"<script>(?!\s*</script>)", page)
    policy = answer["Content-Security-Policy"]
    assert "script-src" not in policy or "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    script = Client().get("/api/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "unsafe-inline" not in Client().get("/api/v1/schema/")["Content-Security-Policy"].replace(
        "style-src-attr 'unsafe-inline'", ""
    )
