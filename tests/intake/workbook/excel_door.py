"""The Excel door as a person uses it: addresses, uploads, and what a page says."""

from __future__ import annotations

import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from shuangjian.bureau.models import Institution
from shuangjian.core.weeks import Week
from shuangjian.intake.workbook.files import WeekTables
from tests import make
from tests.intake.workbook.conftest import WEEK, XLSX


def address(school: Institution, rest: str = "workbook/", week: Week = WEEK) -> str:
    return f"/units/{school.code}/returns/{week.key}/{rest}"


def template(client: Client, school: Institution, query: str = "") -> bytes:
    answer = client.get(address(school, "workbook.xlsx") + query)
    assert answer.status_code == 200
    return bytes(answer.content)


def upload(client: Client, school: Institution, data: bytes, name: str = "周报.xlsx") -> HttpResponse:
    return client.post(address(school), {"file": SimpleUploadedFile(name, data, XLSX)})


def filled(school: Institution, **replaced: Any) -> bytes:
    """The workbook of a complete return, filled in somewhere else."""
    return WeekTables.of(school, WEEK).template(make.full_payload(school, **replaced))


def checked(client: Client, school: Institution, data: bytes) -> str:
    """Upload a clean workbook; the address of its check."""
    answer = upload(client, school, data)
    assert answer.status_code == 302, re.sub(r"<[^>]+>|\s+", " ", answer.content.decode())[:3000]
    return str(answer["Location"])


def text_of(answer: HttpResponse) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))
