"""The scenes of the demonstration: visits of today and of the last weeks, through the services that people use.

Everything in them is invented, the photos too: a plain colour with 演示照片 on it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pylopdf_fonts_zh_cn
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw, ImageFont

from inspections.choices import PhotoRule, ResultCode, VisitKind
from inspections.models import ChecklistItem, Visit, VisitInspector
from inspections.services.answers import save_answer
from inspections.services.photos import Sent, receive_photo
from inspections.services.visits import Place, hand_in_visit, plan_visits, review_visit, save_details, start_visit
from shuangjian.accounts.models import User
from shuangjian.alerts.models import Rectification
from shuangjian.alerts.rectifications import hand_in_rectification, recheck_rectification
from shuangjian.bureau.models import Institution
from shuangjian.core import clock

#: Logins that the scenes need; without one of them nothing is acted.
CAST = ("jiancha1", "jiancha2", "jiancha3", "jiaoyuju", "jiaoyuju2", "zhenjie", "xuexiao", "jigou")
_HERE = Place(latitude=22.9379, longitude=113.3841, accuracy_m=15)
_MINUTE, _HOUR, _DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
_COLOURS = ("#4c6a92", "#8a6d3b", "#5b7f5b", "#7a5b8c", "#916a5a")
_SIDE = (960, 720)


@dataclass(frozen=True)
class Fails:
    """An item of this kind fails: what was seen, and in how many days it is to be put right (None: a clue)."""

    kind: str
    note: str
    days: int | None = 15
    requirement: str = ""


@dataclass
class Stage:
    """Who acts, and the present of the demonstration."""

    people: Mapping[str, User]
    now: dt.datetime
    pictures: int = 0
    _lists: dict[int, list[ChecklistItem]] = field(default_factory=dict)

    def pair(self, unit: Institution) -> tuple[list[User], User]:
        """Two inspectors and who reviews: the town's where the institution is in it, else the bureau's."""
        people = self.people
        if unit.town_id is not None and unit.town_id == people["zhenjie"].town_id:
            return [people["jiancha1"], people["jiancha2"]], people["zhenjie"]
        return [people["jiancha3"], people["jiaoyuju2"]], people["jiaoyuju"]

    def planned(self, unit: Institution, at: dt.datetime, **more: Any) -> Visit:
        """For the day of ``at``; ``more`` as plan_visits takes it."""
        inspectors, planner = self.pair(unit)
        day = clock.local(at).date()
        return plan_visits([unit], planned_on=day, inspectors=inspectors, actor=planner, now=at, **more)[0]

    def begun(self, unit: Institution, at: dt.datetime, *, answered: int = 0, fails: tuple[Fails, ...] = ()) -> Visit:
        """Planned and begun: the first ``answered`` items hold, besides those that fail."""
        visit = self.planned(unit, at)
        lead = self.pair(unit)[0][0]
        visit = start_visit(visit.pk, actor=lead, place=_HERE, now=at)
        failing = {each.kind: each for each in fails}
        for place, item in enumerate(self.items(visit)):
            failed = failing.pop(item.kind, None)
            if failed is not None or place < answered:
                self._answer(visit, item, failed, lead, min(at + (place + 1) * _MINUTE, self.now))
        return visit

    def handed_in(self, unit: Institution, at: dt.datetime, fails: tuple[Fails, ...] = ()) -> Visit:
        """Every item answered, by two people on the spot."""
        visit = self.begun(unit, at, answered=1_000, fails=fails)
        lead, later = self.pair(unit)[0][0], min(at + _HOUR, self.now)
        is_ordered = any(each.days is not None for each in fails)
        result = ResultCode.ORDERED if is_ordered else ResultCode.PENDING if fails else ResultCode.NO_PROBLEM
        details = {
            "people_met": [{"name": "演示人员", "post": "值班负责人"}],
            "result": result.value,
            "summary": "演示：查看场所、资料和公示，与在场人员核对。",
        }
        visit.refresh_from_db()
        save_details(visit.pk, values=details, revision=visit.revision, actor=lead, now=later)
        return hand_in_visit(visit.pk, actor=lead, now=later)

    def filed(self, unit: Institution, days_ago: int, fails: tuple[Fails, ...] = ()) -> list[Rectification]:
        """Reviewed the day after; returns what was ordered, in the order of ``fails``."""
        at = self.now - days_ago * _DAY
        visit = self.handed_in(unit, at, fails)
        reviewer = self.pair(unit)[1]
        review_visit(visit.pk, decision="file", remark="演示：同意。", actor=reviewer, now=at + _DAY)
        rows = Rectification.objects.filter(observation__in=visit.answers.values("observation"))
        ordered = {row.observation.kind: row for row in rows.select_related("observation") if row.observation}
        return [ordered[each.kind] for each in fails if each.kind in ordered]

    def items(self, visit: Visit) -> list[ChecklistItem]:
        assert visit.checklist_id is not None
        known = self._lists.get(visit.checklist_id)
        if known is None:
            known = list(ChecklistItem.objects.filter(version=visit.checklist_id).order_by("order"))
            self._lists[visit.checklist_id] = known
        return known

    def picture(self) -> bytes:
        """A photo that shows nothing real; each another."""
        image = Image.new("RGB", _SIDE, _COLOURS[self.pictures % len(_COLOURS)])
        draw = ImageDraw.Draw(image)
        self.pictures += 1
        font = ImageFont.truetype(pylopdf_fonts_zh_cn.sans_path(), 96)
        draw.text((_SIDE[0] / 2, _SIDE[1] / 2), f"演示照片 {self.pictures}", "white", font=font, anchor="mm")
        written = BytesIO()
        image.save(written, "JPEG", quality=80)
        return written.getvalue()

    def _answer(self, visit: Visit, item: ChecklistItem, failed: Fails | None, actor: User, at: dt.datetime) -> None:
        values: dict[str, Any] = {"verdict": "ok"}
        if failed is not None:
            values = {"verdict": "failed", "note": failed.note, "decision": "clue"}
            if failed.days is not None:
                due_on = clock.local(at).date() + failed.days * _DAY
                values |= {"decision": "confirmed", "due_on": due_on, "requirement": failed.requirement}
        save_answer(visit.pk, item.code, values=values, revision=0, actor=actor, now=at)
        if item.photo_rule == PhotoRule.ALWAYS or (failed and item.photo_rule == PhotoRule.ON_FAILURE):
            data = self.picture()
            sent = Sent(total=len(data), name="演示照片.jpg", item=item.code, taken_at=at)
            receive_photo(visit.pk, uuid.uuid4(), sent=sent, stream=BytesIO(data), actor=actor, now=at)


def act_scenes(people: Mapping[str, User], now: dt.datetime) -> None:
    """Once: visits planned for today, under way, waiting for review and filed; rectifications overdue, handed in,
    returned and passed. Not inside a transaction: photos are kept by themselves."""
    if not all(login in people for login in CAST):
        return
    if VisitInspector.objects.filter(person__in=[people["jiancha1"], people["jiancha3"]]).exists():
        return
    stage = Stage(people, now)
    school, org = people["xuexiao"].institution, people["jigou"].institution
    assert school is not None
    assert org is not None
    here = Institution.objects.filter(is_fictional=True, closed_on__isnull=True, town=people["zhenjie"].town_id)
    others = here.exclude(pk__in=[school.pk, org.pk]).order_by("code")
    schools = list(others.filter(kind=Institution.Kind.SCHOOL)[:4])
    _at_school(stage, school)
    _at_org(stage, org)
    for unit in schools[:1]:
        stage.filed(unit, 8)
    for unit in schools[1:2]:
        stage.handed_in(unit, now - _DAY, (Fails("other", "演示：公示栏内容是上周的。", days=None),))
    for unit in schools[2:3]:
        failing = (Fails("homework_mechanical", "演示：作业本上同一生字抄写二十遍。", 10),)
        stage.begun(unit, now, answered=4, fails=failing)
    for unit in [*schools[3:4], *others.filter(kind=Institution.Kind.TRAINING_ORG)[:1], org]:
        stage.planned(unit, now, purpose="演示：秋季学期例行检查")
    first = Visit.objects.filter(institution=school, state="filed").order_by("-pk")[0]
    stage.planned(school, now, kind=VisitKind.FOLLOW_UP, follows=first, purpose="演示：查看逾期未整改的问题")


def _at_school(stage: Stage, school: Institution) -> None:
    """Four weeks ago: one item overdue, one put right and rechecked, one left as a clue."""
    fails = (
        Fails("homework_difficulty", "演示：五年级数学单元卷有两道超出课标的题。", 12, "停用该份试卷，按课标命题。"),
        Fails("homework_mechanical", "演示：三年级一班罚抄课文五遍。", 14, "停止罚抄，向班级说明。"),
        Fails("teaching_ahead", "演示：一年级教学进度表待核实。", None),
    )
    _, second = stage.filed(school, 28, fails)
    _hand_in(stage, second, "xuexiao", days_ago=20)
    recheck_rectification(
        second.pk, is_passed=True, remark="演示：已整改到位。", actor=stage.people["zhenjie"]
        if school.town_id == stage.people["zhenjie"].town_id else stage.people["jiaoyuju"],
        now=stage.now - 18 * _DAY,
    )  # fmt: skip


def _at_org(stage: Stage, org: Institution) -> None:
    """Ten days ago: one item waits for its recheck, one came back from it; both still within their time."""
    fails = (
        Fails("safety", "演示：疏散通道堆放桌椅。", 14, "清空疏散通道，张贴疏散图。"),
        Fails("privacy", "演示：前台登记本可随意翻看。", 14, "收存登记本，改用一人一页。"),
    )
    first, second = stage.filed(org, 10, fails)
    _hand_in(stage, first, "jigou", days_ago=2)
    _hand_in(stage, second, "jigou", days_ago=5)
    recheck_rectification(
        second.pk, is_passed=False, remark="演示：登记本仍在前台，请改用后再提交。",
        actor=stage.people["jiaoyuju"], now=stage.now - 3 * _DAY,
    )  # fmt: skip


def _hand_in(stage: Stage, ordered: Rectification, login: str, *, days_ago: int) -> None:
    at = stage.now - days_ago * _DAY
    photo = SimpleUploadedFile("演示照片.jpg", stage.picture(), content_type="image/jpeg")
    hand_in_rectification(
        ordered.pk, account="演示：已按要求整改，并附照片。", rectified_on=clock.local(at).date(), photos=[photo],
        actor=stage.people[login], now=at,
    )  # fmt: skip
