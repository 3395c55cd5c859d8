"""The checklists that the project ships: complete, sound, loaded once, and never over what officers have published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from inspections.choices import ChecklistState, ProblemKind, Target
from inspections.models import ChecklistItem, ChecklistVersion
from inspections.services import checklists
from inspections.services.checklist_checks import PREFIXES, kinds_for_target
from inspections.services.checklist_loading import FOLDER, load_checklists, read_checklist
from shuangjian.bureau.reference import load_reference
from shuangjian.core.errors import InvalidInput
from shuangjian.evidence.kinds import OTHER
from shuangjian.journal.models import AuditEntry
from shuangjian.rules.clauses import all_clauses
from tests import make

#: Clauses that name what such a target does and that an inspector can see on the site (fates I and R of clauses.yaml).
#: 2.2.4, 2.2.5 and 2.3.5 are judged over registers and returns; 2.4.1.1 is about approvals.
CLAUSES = {
    "school": "2.1.1 2.1.2 2.1.3 2.1.4 2.1.5 2.2.1 2.2.2 2.2.3 2.2.6 2.3.1 2.3.2 2.3.3 2.3.4",
    "subject_org": "2.2.6 2.4.1.2 2.4.2.1 2.4.2.2 2.4.2.3 2.4.2.4 2.4.3.1 2.4.3.2 2.4.3.3",
    "non_subject_org": "2.2.6 2.4.1.3 2.4.2.1 2.4.2.2 2.4.2.3 2.4.2.4 2.4.3.1 2.4.3.2 2.4.3.3",
    "suspected_site": "2.2.6 2.4.2.1 2.4.2.2 2.4.2.3 2.4.2.4 2.4.3.1 2.4.3.2 2.4.3.3",
}


def shipped(target: str) -> list[ChecklistItem]:
    _, items, problems = read_checklist(FOLDER / f"{target}.yaml")
    assert problems == []
    return items


@pytest.mark.parametrize("target", Target.values)
def test_a_shipped_checklist_cites_every_clause_that_its_target_can_break_and_has_15_to_30_items(target: str) -> None:
    items = shipped(target)
    assert 15 <= len(items) <= 30
    assert set(CLAUSES[target].split()) <= {item.clause for item in items}
    assert [item.code for item in items] == [f"{PREFIXES[target]}-{n:02d}" for n in range(1, len(items) + 1)]
    assert {item.problem_kind for item in items} == set(ProblemKind.values)
    assert all(item.guidance for item in items)


def test_every_clause_that_is_watched_by_inspection_stands_in_a_checklist() -> None:
    cited = {item.clause for target in Target.values for item in shipped(target)}
    assert {clause.id for clause in all_clauses().values() if "I" in clause.fates} <= cited


@pytest.mark.parametrize("target", Target.values)
def test_a_shipped_checklist_feeds_every_kind_of_observation_of_its_target(target: str) -> None:
    judged = {kind.code for kind in kinds_for_target(target) if kind is not OTHER and kind.rule}
    missing = judged - {item.kind for item in shipped(target)}
    allowed = {"suspected_site": {"competition", "foreign_course"}, "non_subject_org": {"content", "foreign_course"}}
    assert missing == allowed.get(target, set())


def test_teaching_found_where_there_is_no_licence_and_tuition_in_holidays_feed_the_rules_that_say_so() -> None:
    kinds = {item.code: item.kind for target in ("school", "suspected_site") for item in shipped(target)}
    assert {kinds[code] for code in ("U-01", "U-03", "U-04", "U-05", "U-06", "U-07")} == {"operating"}
    assert kinds["S-23"] == "collective_tuition"
    assert kinds["S-22"] == "other"  # voluntary or not is judged by no rule


@pytest.mark.django_db
def test_loading_twice_makes_one_version_in_use_of_each_target() -> None:
    first = load_checklists(actor=None)
    again = load_checklists(actor=None)
    assert (first.created, first.unchanged, again.created, again.unchanged) == (4, 0, 0, 4)
    assert {(v.target, v.number, v.state) for v in ChecklistVersion.objects.all()} == {
        (target, 1, "published") for target in Target.values
    }
    assert ChecklistItem.objects.count() == sum(len(shipped(target)) for target in Target.values)
    assert AuditEntry.objects.filter(act="load_checklist").count() == 4


@pytest.mark.django_db
def test_the_reference_data_bring_the_checklists() -> None:
    results = load_reference(actor=None)
    assert str(results["检查表"]) == "新增 4，修改 0，未变 0"
    assert str(load_reference(actor=None)["检查表"]) == "新增 0，修改 0，未变 4"


@pytest.mark.django_db
def test_loading_again_leaves_what_officers_have_published() -> None:
    load_checklists(actor=None)
    boss = make.user("bureau")
    checklists.start_draft("school", actor=boss)
    checklists.remove_item("school", "S-22", actor=boss)
    checklists.describe_draft("school", title="学校检查表", note="假期托管不再检查。", actor=boss)
    checklists.publish_checklist("school", actor=boss)
    assert load_checklists(actor=None).created == 0
    used = checklists.in_use("school")
    assert used is not None
    assert used.number == 2
    assert not used.items.filter(code="S-22").exists()


@pytest.mark.django_db
def test_loading_leaves_a_target_alone_that_has_only_a_draft() -> None:
    checklists.start_draft("school", actor=make.user("bureau"))
    assert load_checklists(actor=None).created == 3
    assert ChecklistVersion.objects.get(target="school").state == ChecklistState.DRAFT


def spoilt(folder: Path, change: Callable[[dict[str, Any]], None], target: str = "suspected_site") -> None:
    raw = yaml.safe_load((FOLDER / f"{target}.yaml").read_text(encoding="utf-8"))
    change(raw)
    (folder / f"{target}.yaml").write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")


@pytest.mark.django_db
def test_mistakes_of_a_file_are_all_named_by_file_and_item_and_nothing_is_loaded(tmp_path: Path) -> None:
    def change(raw: dict[str, Any]) -> None:
        first, second, third, fourth, *_ = raw["groups"][0]["items"]
        first["clause"] = "9.9"
        second["kind"] = "homework_difficulty"
        third["severity"] = 7
        del fourth["photo"]
        raw["groups"][1]["items"][0]["code"] = "U-01"
        raw["groups"][1]["items"][1]["text"] = "没有收取学费或预收费用"
        raw["groups"][2]["group"] = ""

    spoilt(tmp_path, change)
    spoilt(tmp_path, lambda raw: None, "school")
    with pytest.raises(InvalidInput) as caught:
        load_checklists(actor=None, folder=tmp_path)
    said = "\n".join(str(problem) for problem in caught.value.problems)
    for expected in (
        "suspected_site.yaml U-01 条款：《指引》没有条款“9.9”",
        "suspected_site.yaml U-02 核查事项：“作业难度超课标”不会出现在疑似无证点",
        "suspected_site.yaml U-03 默认预警等级：",
        "suspected_site.yaml U-04：缺少 photo，请补上。",
        "suspected_site.yaml U-01、U-01 编号：“U-01”出现 2 次",
        "suspected_site.yaml U-08、U-13 检查要点：“没有收取学费或预收费用”出现 2 次",
        "suspected_site.yaml U-11 分组：",
    ):
        assert expected in said
    assert "school.yaml" not in said
    assert not ChecklistVersion.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("target: [", "文件读不出来"),
        ("- 1\n", "应有 groups、note、target、title 四项"),
        ("target: shop\ntitle: x\ngroups: []\n", "没有检查对象“shop”"),
        ("target: school\ntitle: x\ngroups: []\n", "检查表是空的"),
        ("target: school\ntitle: x\ngroups: [{group: 作业}]\n", "第 1 组：应有 group"),
        ("target: school\ntitle: x\ngroups: [{group: 作业, items: [S-01]}]\n", "第 1 项：只能有 code"),
    ],
)
def test_a_file_that_is_no_checklist_is_refused_with_its_name(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "school.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        load_checklists(actor=None, folder=tmp_path)
    whole = "\n".join(str(problem) for problem in caught.value.problems)
    assert "school.yaml" in whole
    assert said in whole


@pytest.mark.django_db
def test_two_files_of_one_target_are_refused(tmp_path: Path) -> None:
    whole = (FOLDER / "school.yaml").read_text(encoding="utf-8")
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text(whole, encoding="utf-8")
    with pytest.raises(InvalidInput, match="1 处") as caught:
        load_checklists(actor=None, folder=tmp_path)
    assert "“school”有 2 个文件" in str(caught.value.problems[0])
