"""Pages of checklists: everybody who inspects reads them, the bureau changes them, and a draft is nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from inspections.models import ChecklistItem, ChecklistVersion
from inspections.services import checklists
from inspections.services.checklist_changes import item_mark
from inspections.services.checklist_loading import load_checklists
from inspections.views.checklist_draft import StartView
from shuangjian.accounts.models import User
from tests import make

pytestmark = pytest.mark.django_db

ROOT = "/checklists/subject_org/"
DRAFT = f"{ROOT}draft/"


@pytest.fixture
def boss() -> User:
    load_checklists(actor=None)
    return make.user("bureau")


@pytest.fixture
def bureau(boss: User) -> Client:
    return signed_in(boss)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def draft() -> ChecklistVersion:
    return ChecklistVersion.objects.get(target="subject_org", state="draft")


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def posted(item: ChecklistItem, **changed: Any) -> dict[str, Any]:
    fields = ("text", "guidance", "group", "clause", "kind", "severity", "problem_kind", "photo_rule")
    return {field: getattr(item, field) for field in fields} | {"mark": item_mark(item)} | changed


def test_an_inspector_reads_the_four_checklists_and_finds_no_way_to_change_them(boss: User) -> None:
    inspector = signed_in(make.user("inspector", make.town()))
    checklists.start_draft("school", actor=boss)
    front = text(inspector.get("/checklists/"))
    assert "4 类检查对象都有启用的检查表" in front
    assert "草稿" not in front
    answer = inspector.get("/checklists/school/")
    assert answer.context["draft"] is None
    page = text(answer)
    assert "学校：检查 30 项，其中 2 项必须拍照" in page
    assert "/clauses/#clause-2.2.6" in page
    assert "/rules/SC-13/" in page
    assert "修订检查表" not in page
    assert "草稿" not in page
    assert inspector.get("/checklists/school/draft/").status_code == 403


def test_a_target_without_a_checklist_says_so(db: None) -> None:
    client = signed_in(make.user("town", make.town()))
    assert "4 类检查对象还没有启用的检查表" in text(client.get("/checklists/"))
    assert "不能开始这类检查" in text(client.get("/checklists/school/"))
    assert client.get("/checklists/shop/").status_code == 404
    assert client.get("/checklists/school/versions/1/").status_code == 404


def test_an_officer_edits_a_draft_and_puts_it_into_use(bureau: Client) -> None:
    assert bureau.post(f"{DRAFT}start/").url == DRAFT
    page = text(bureau.get(DRAFT))
    assert "第 2 版草稿与使用中的版本相同" in page
    first = draft().items.get(code="A-01")
    assert bureau.post(f"{DRAFT}items/A-01/", posted(first, severity=3)).url == f"{DRAFT}#item-A-01"
    new = posted(first, text="没有强制购买教材", group="收费与合同", clause="2.4.2.3", kind="price", mark="")
    assert bureau.post(f"{DRAFT}items/", new).url == f"{DRAFT}#item-A-31"
    bureau.post(f"{DRAFT}items/A-09/remove/")
    bureau.post(f"{DRAFT}items/A-10/remove/")
    bureau.post(f"{DRAFT}items/A-10/restore/")
    bureau.post(f"{DRAFT}items/A-03/move/", {"to": "up"})
    bureau.post(f"{DRAFT}groups/move/?to=up", {"group": "消防安全"})
    assert "第 2 版草稿：新增 1 项，修改 1 项，移除 1 项" in text(bureau.get(DRAFT))

    asked = bureau.get(f"{DRAFT}publish/")
    page = text(asked)
    for shown in ("没有强制购买教材", "没有提供境外教育课程", "默认预警等级", "部分要点的顺序有变动"):
        assert shown in page
    mark = asked.context["form"].initial["mark"]
    wrong = bureau.post(f"{DRAFT}publish/", {"title": "学科类检查表", "note": "", "mark": mark})
    assert (wrong.status_code, "请写修订说明" in text(wrong)) == (422, True)
    done = bureau.post(f"{DRAFT}publish/", {"title": "学科类检查表", "note": "增加教材。", "mark": mark})
    assert done.url == ROOT
    used = checklists.in_use("subject_org")
    assert used is not None
    assert (used.number, used.title, used.note) == (2, "学科类检查表", "增加教材。")
    old = text(bureau.get(f"{ROOT}versions/1/"))
    assert "没有提供境外教育课程" in old
    assert "已停用的版本，只供查阅" in old
    assert "没有提供境外教育课程" not in text(bureau.get(ROOT))


def test_a_wrong_item_comes_back_as_it_was_typed_with_the_mistake_at_its_field(bureau: Client) -> None:
    bureau.post(f"{DRAFT}start/")
    first = draft().items.get(code="A-01")
    answer = bureau.post(f"{DRAFT}items/A-01/", posted(first, text="没有聘用中小学在职教师", guidance="先问门卫"))
    page = text(answer)
    assert answer.status_code == 422
    assert "已有一项写着同样的检查要点" in page
    assert "先问门卫" in page
    answer = bureau.post(f"{DRAFT}items/A-01/", posted(first, kind="homework_difficulty"))
    assert (answer.status_code, draft().items.get(code="A-01").kind) == (422, "operating")


def test_two_officers_on_one_item_see_each_others_words_and_lose_none(bureau: Client) -> None:
    other = signed_in(make.user("bureau"))
    bureau.post(f"{DRAFT}start/")
    first = draft().items.get(code="A-01")
    opened = posted(first)
    bureau.post(f"{DRAFT}items/A-01/", opened | {"guidance": "先看原件"})
    answer = other.post(f"{DRAFT}items/A-01/", opened | {"guidance": "先看公示"})
    page = text(answer)
    assert answer.status_code == 422
    assert "先看原件" in page
    assert "先看公示" in page
    assert draft().items.get(code="A-01").guidance == "先看原件"
    again = opened | {"guidance": "先看公示", "mark": answer.context["form"].data["mark"]}
    assert other.post(f"{DRAFT}items/A-01/", again).status_code == 302
    assert draft().items.get(code="A-01").guidance == "先看公示"


def test_a_draft_changed_after_the_changes_were_shown_is_shown_again_before_it_is_used(bureau: Client) -> None:
    bureau.post(f"{DRAFT}start/")
    bureau.post(f"{DRAFT}items/A-09/remove/")
    mark = bureau.get(f"{DRAFT}publish/").context["form"].initial["mark"]
    bureau.post(f"{DRAFT}items/A-10/remove/")
    answer = bureau.post(f"{DRAFT}publish/", {"title": "表", "note": "删一项。", "mark": mark}, follow=True)
    assert "别人改过这份草稿" in text(answer)
    assert draft().number == 2


def test_what_is_wrong_with_a_draft_is_all_listed_when_it_is_to_be_used(bureau: Client) -> None:
    bureau.post(f"{DRAFT}start/")
    draft().items.filter(code="A-01").update(clause="9.9")
    draft().items.filter(code="A-02").update(kind="ufo")
    assert "启用之前，有 2 处需要修改" in text(bureau.get(DRAFT))
    mark = bureau.get(f"{DRAFT}publish/").context["form"].initial["mark"]
    answer = bureau.post(f"{DRAFT}publish/", {"title": "", "note": "", "mark": mark})
    assert answer.status_code == 422
    page = text(bureau.post(f"{DRAFT}publish/", {"title": "表", "note": "", "mark": mark}))
    for shown in ("A-01 条款", "A-02 核查事项", "请写修订说明"):
        assert shown in page


def test_a_draft_can_be_thrown_away_and_its_address_then_leads_to_the_version_in_use(bureau: Client) -> None:
    bureau.post(f"{DRAFT}start/")
    assert "第 2 版草稿" in text(bureau.get(f"{DRAFT}discard/"))
    assert bureau.post(f"{DRAFT}discard/").url == ROOT
    assert bureau.get(DRAFT).url == ROOT
    assert bureau.post(f"{DRAFT}items/A-01/move/", {"to": "up"}).url == ROOT
    assert bureau.get(f"{ROOT}versions/2/").status_code == 404


def test_a_draft_is_not_readable_under_the_address_of_versions(bureau: Client) -> None:
    bureau.post(f"{DRAFT}start/")
    assert bureau.get(f"{ROOT}versions/2/").status_code == 404


def test_an_account_that_may_not_write_yet_changes_nothing(boss: User, rf: RequestFactory) -> None:
    boss.must_change_password = True
    request = rf.post(f"{DRAFT}start/")
    request.user = boss  # past the middleware, which leads such an account to its password first
    with pytest.raises(PermissionDenied):
        StartView.as_view()(request, target="subject_org")
    assert not ChecklistVersion.objects.filter(state="draft").exists()


@pytest.mark.parametrize(
    ("address", "pinned"),
    [
        ("/checklists/", 4),
        (DRAFT, 8),
        (f"{DRAFT}items/A-01/", 8),
        (f"{DRAFT}publish/", 9),
    ],
)
def test_a_page_costs_the_same_for_three_items_and_for_thirty(
    boss: User, bureau: Client, address: str, pinned: int
) -> None:
    checklists.start_draft("subject_org", actor=boss)
    many = queries(bureau, address)
    draft().items.exclude(code__in=["A-01", "A-02", "A-03"]).delete()
    assert (many, queries(bureau, address)) == (pinned, pinned)


def test_reading_a_version_costs_the_same_for_three_items_and_for_thirty(boss: User, bureau: Client) -> None:
    checklists.start_draft("subject_org", actor=boss)
    draft().items.exclude(code__in=["A-01", "A-02", "A-03"]).delete()
    checklists.publish_checklist("subject_org", note="只留三项。", actor=boss)
    assert [queries(bureau, f"{ROOT}{path}") for path in ("", "versions/2/", "versions/1/")] == [7, 7, 7]
    assert "检查 3 项" in text(bureau.get(ROOT))


def queries(client: Client, url: str) -> int:
    client.get(url)  # fills what a process reads once
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)
