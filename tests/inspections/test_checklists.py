"""Officers change checklists: drafts, items, order, publishing; what is published stays as it is."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import InternalError, connection, transaction

from inspections.choices import ChecklistState
from inspections.models import ChecklistItem, ChecklistVersion, Visit
from inspections.services import checklists
from inspections.services.checklist_changes import changes_between, item_mark, version_mark
from inspections.services.checklist_loading import load_checklists
from shuangjian.accounts.models import User
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Refused
from shuangjian.journal.models import AuditEntry
from tests import make

pytestmark = pytest.mark.django_db

VALUES: dict[str, Any] = {
    "group": "收费与合同",
    "text": "没有强制购买教材和器材",
    "guidance": "问两名家长。",
    "clause": "2.4.2.3",
    "photo_rule": "on_failure",
    "severity": 3,
    "kind": "price",
    "problem_kind": "conduct",
}
TARGET = "subject_org"


@pytest.fixture
def boss() -> User:
    load_checklists(actor=None)
    return make.user("bureau")


def codes(version: ChecklistVersion) -> list[str]:
    return list(version.items.values_list("code", flat=True))


def draft() -> ChecklistVersion:
    return ChecklistVersion.objects.get(target=TARGET, state="draft")


def test_a_draft_begins_with_the_items_in_use_and_changes_nothing_in_them(boss: User) -> None:
    used = checklists.in_use(TARGET)
    assert used is not None
    begun = checklists.start_draft(TARGET, actor=boss)
    assert (begun.number, begun.state, begun.title) == (2, "draft", used.title)
    assert not changes_between(list(used.items.all()), list(begun.items.all()))
    with pytest.raises(Conflict, match="已有一份草稿"):
        checklists.start_draft(TARGET, actor=boss)
    entry = AuditEntry.objects.get(act="start_checklist_draft")
    assert (entry.target, entry.detail, entry.actor) == ("checklist:subject_org:2", {"from": 1}, boss)


def test_without_a_version_in_use_a_draft_begins_empty(db: None) -> None:
    begun = checklists.start_draft("school", actor=make.user("bureau"))
    assert (begun.number, codes(begun)) == (1, [])


def test_a_new_item_gets_a_code_no_version_has_had_and_stands_last_in_its_group(boss: User) -> None:
    checklists.start_draft(TARGET, actor=boss)
    checklists.remove_item(TARGET, "A-30", actor=boss)
    item = checklists.save_item(TARGET, VALUES, actor=boss)
    assert item.code == "A-31"
    order = codes(draft())
    assert order.index("A-31") == order.index("A-24") + 1
    assert list(draft().items.values_list("order", flat=True)) == list(range(1, len(order) + 1))


def test_changing_an_item_keeps_its_code_and_moves_it_only_with_its_group(boss: User) -> None:
    checklists.start_draft(TARGET, actor=boss)
    checklists.save_item(TARGET, {"text": "证照齐全", "code": "A-99"}, code="A-01", actor=boss)
    assert codes(draft())[0] == "A-01"
    assert draft().items.get(code="A-01").text == "证照齐全"
    checklists.save_item(TARGET, {"group": "消防安全"}, code="A-01", actor=boss)
    assert codes(draft())[-1] == "A-01"


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"clause": "9.9"}, "clause", "没有条款“9.9”"),
        ({"kind": "homework_mechanical"}, "kind", "不会出现在学科类培训机构"),
        ({"kind": "ufo"}, "kind", "没有核查事项“ufo”"),
        ({"group": "  "}, "group", "不能为空"),
        ({"text": "长" * 201}, "text", "200"),
        ({"severity": 5}, "severity", "选项"),
        ({"photo_rule": "never"}, "photo_rule", "选项"),
        ({"text": "没有聘用中小学在职教师"}, "text", "已有一项写着同样的检查要点"),
    ],
)
def test_an_unsound_item_is_refused_at_its_field(boss: User, changed: dict[str, Any], field: str, said: str) -> None:
    checklists.start_draft(TARGET, actor=boss)
    before = codes(draft())
    with pytest.raises(InvalidInput) as caught:
        checklists.save_item(TARGET, {**VALUES, **changed}, actor=boss)
    assert [(problem.path, said in problem.message) for problem in caught.value.problems] == [(field, True)]
    assert codes(draft()) == before


def test_a_removed_item_comes_back_as_it_is_in_use_and_only_once(boss: User) -> None:
    checklists.start_draft(TARGET, actor=boss)
    checklists.save_item(TARGET, {"guidance": "改写。"}, code="A-09", actor=boss)
    checklists.remove_item(TARGET, "A-09", actor=boss)
    assert checklists.restore_item(TARGET, "A-09", actor=boss).guidance != "改写。"
    assert codes(draft())[5:11] == ["A-06", "A-07", "A-08", "A-10", "A-11", "A-09"]
    for code in ("A-09", "A-77"):
        with pytest.raises(Conflict):
            checklists.restore_item(TARGET, code, actor=boss)


def test_items_move_inside_their_group_and_groups_past_each_other(boss: User) -> None:
    checklists.start_draft(TARGET, actor=boss)
    checklists.move_item(TARGET, "A-02", up=True, actor=boss)
    assert codes(draft())[:3] == ["A-02", "A-01", "A-03"]
    checklists.move_item(TARGET, "A-02", up=True, actor=boss)
    checklists.move_item(TARGET, "A-05", up=False, actor=boss)  # the last of its group
    assert codes(draft())[:6] == ["A-02", "A-01", "A-03", "A-04", "A-05", "A-06"]
    checklists.move_group(TARGET, "培训时间与内容", up=True, actor=boss)
    assert codes(draft())[:7] == ["A-06", "A-07", "A-08", "A-09", "A-10", "A-11", "A-02"]
    checklists.move_group(TARGET, "培训时间与内容", up=True, actor=boss)
    assert codes(draft())[0] == "A-06"
    with pytest.raises(Conflict):
        checklists.move_group(TARGET, "没有这一组", up=True, actor=boss)


def test_an_item_that_somebody_changed_meanwhile_is_not_overwritten(boss: User) -> None:
    checklists.start_draft(TARGET, actor=boss)
    mark = item_mark(draft().items.get(code="A-01"))
    checklists.save_item(TARGET, {"guidance": "看原件。"}, code="A-01", mark=mark, actor=boss)
    with pytest.raises(Conflict, match="别人改过"):
        checklists.save_item(TARGET, {"guidance": "看复印件。"}, code="A-01", mark=mark, actor=boss)
    assert draft().items.get(code="A-01").guidance == "看原件。"


def test_publishing_puts_the_draft_into_use_and_retires_its_predecessor(boss: User) -> None:
    checklists.start_draft(TARGET, actor=boss)
    checklists.save_item(TARGET, VALUES, actor=boss)
    checklists.save_item(TARGET, {"severity": 4}, code="A-06", actor=boss)
    checklists.remove_item(TARGET, "A-09", actor=boss)
    checklists.describe_draft(TARGET, title="学科类检查表", note="增加强制购买。", actor=boss)
    now = clock.now()
    done = checklists.publish_checklist(TARGET, actor=boss, now=now)
    first = ChecklistVersion.objects.get(target=TARGET, number=1)
    assert (done.state, done.published_at, done.published_by) == ("published", now, boss)
    assert (first.state, first.retired_at) == (ChecklistState.RETIRED, now)
    assert "A-09" in codes(first)
    assert AuditEntry.objects.get(act="publish_checklist").detail == {
        "replaces": 1, "added": ["A-31"], "changed": ["A-06"], "removed": ["A-09"], "is_moved": False,
    }  # fmt: skip


def test_publishing_names_all_that_is_wrong_at_once_and_publishes_nothing(boss: User) -> None:
    begun = checklists.start_draft(TARGET, actor=boss)
    # What a service would refuse today may stand in a draft since before a clause or a kind was taken away.
    begun.items.filter(code="A-01").update(clause="9.9")
    begun.items.filter(code="A-02").update(kind="homework_difficulty")
    begun.items.filter(code="A-03").update(group="")
    begun.items.filter(code="A-08").update(text=begun.items.get(code="A-07").text)
    begun.items.filter(code="A-10").update(group="从业人员")
    with pytest.raises(InvalidInput) as caught:
        checklists.publish_checklist(TARGET, actor=boss)
    said = "\n".join(str(problem) for problem in caught.value.problems)
    for expected in ("A-01 条款", "A-02 核查事项", "A-03 分组", "A-07、A-08 检查要点", "A-11 分组", "note："):
        assert expected in said
    used = checklists.in_use(TARGET)
    assert used is not None
    assert used.number == 1


def test_an_empty_or_unchanged_draft_is_not_published(boss: User) -> None:
    checklists.start_draft(TARGET, actor=boss)
    with pytest.raises(InvalidInput) as caught:
        checklists.publish_checklist(TARGET, actor=boss)
    assert {problem.code for problem in caught.value.problems} == {"same", "required"}
    draft().items.all().delete()
    with pytest.raises(InvalidInput) as caught:
        checklists.publish_checklist(TARGET, actor=boss)
    assert caught.value.problems[0].code == "empty"


def test_a_draft_that_changed_after_its_changes_were_shown_is_not_published(boss: User) -> None:
    begun = checklists.start_draft(TARGET, actor=boss)
    checklists.describe_draft(TARGET, title=begun.title, note="删一项。", actor=boss)
    checklists.remove_item(TARGET, "A-09", actor=boss)
    mark = version_mark(draft(), draft().items.all())
    checklists.remove_item(TARGET, "A-10", actor=boss)
    with pytest.raises(Conflict, match="别人改过"):
        checklists.publish_checklist(TARGET, mark=mark, actor=boss)
    checklists.publish_checklist(TARGET, mark=version_mark(draft(), draft().items.all()), actor=boss)


def test_a_visit_under_way_keeps_the_version_it_began_with(boss: User) -> None:
    used = checklists.in_use(TARGET)
    visit = Visit.objects.create(
        key=uuid.uuid4(), number="JC-T-1", institution=make.training_org(category="subject"), kind="planned",
        state="under_way", planned_on="2026-11-24", checklist=used, started_at=clock.now(),
    )  # fmt: skip
    checklists.start_draft(TARGET, actor=boss)
    checklists.remove_item(TARGET, "A-09", actor=boss)
    checklists.describe_draft(TARGET, title="检查表", note="删一项。", actor=boss)
    checklists.publish_checklist(TARGET, actor=boss)
    visit.refresh_from_db()
    assert visit.checklist == used
    assert "A-09" in codes(used)  # type: ignore[arg-type]


def test_discarding_leaves_the_version_in_use_and_frees_the_number(boss: User) -> None:
    checklists.start_draft(TARGET, actor=boss)
    checklists.discard_draft(TARGET, actor=boss)
    assert [v.number for v in ChecklistVersion.objects.filter(target=TARGET)] == [1]
    with pytest.raises(Conflict, match="没有草稿"):
        checklists.discard_draft(TARGET, actor=boss)
    assert checklists.start_draft(TARGET, actor=boss).number == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE inspections_checklistitem SET text = '改写' WHERE version_id = %s",
        "DELETE FROM inspections_checklistitem WHERE version_id = %s AND code = 'A-30'",
        "UPDATE inspections_checklistversion SET title = '改写' WHERE id = %s",
        "UPDATE inspections_checklistversion SET state = 'draft', published_at = NULL WHERE id = %s",
        "DELETE FROM inspections_checklistversion WHERE id = %s",
        'INSERT INTO inspections_checklistitem (version_id, "order", code, "group", text, guidance, clause,'
        " photo_rule, severity, kind, problem_kind)"
        " VALUES (%s, 99, 'A-98', 'x', 'x', '', '2.1.1', 'always', 1, 'other', 'fire')",
    ],
)  # fmt: skip
def test_the_database_itself_refuses_to_change_a_published_version(boss: User, statement: str) -> None:
    used = checklists.in_use(TARGET)
    assert used is not None
    with pytest.raises(InternalError, match="stay"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [used.pk])
    assert ChecklistItem.objects.filter(version=used).count() == 30


@pytest.mark.parametrize("role", ["centre", "town", "dept", "inspector", "school", "sysadmin"])
def test_only_the_bureau_changes_checklists(boss: User, role: str) -> None:
    units = {"centre": make.centre, "town": make.town, "dept": make.department, "school": make.school}
    other = make.user(role, units[role]() if role in units else None)
    checklists.start_draft(TARGET, actor=boss)
    acts = [
        lambda: checklists.start_draft("school", actor=other),
        lambda: checklists.describe_draft(TARGET, title="x", note="x", actor=other),
        lambda: checklists.save_item(TARGET, VALUES, actor=other),
        lambda: checklists.remove_item(TARGET, "A-01", actor=other),
        lambda: checklists.restore_item(TARGET, "A-01", actor=other),
        lambda: checklists.move_item(TARGET, "A-02", up=True, actor=other),
        lambda: checklists.move_group(TARGET, "消防安全", up=True, actor=other),
        lambda: checklists.discard_draft(TARGET, actor=other),
        lambda: checklists.publish_checklist(TARGET, actor=other),
    ]
    for act in acts:
        with pytest.raises(Refused) as caught:
            act()
        assert caught.value.status == 403
    assert AuditEntry.objects.filter(actor=other).count() == 0
