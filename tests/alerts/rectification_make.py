"""Builders for tests of rectifications: a school and a suspected site with a confirmed observation, and everybody."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from types import SimpleNamespace
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from shuangjian.alerts.models import Rectification
from shuangjian.alerts.rectifications import hand_in_rectification, order_rectification
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.evidence.models import Observation
from shuangjian.evidence.observation_acts import confirm_observation, record_observation
from shuangjian.rules.drain import drain
from tests import make

NOW = clock.at(dt.date(2026, 11, 24), 10 * 60)
TODAY = NOW.date()
DUE = dt.date(2026, 12, 4)


def cast() -> SimpleNamespace:
    """Two towns; in the eastern one a school, a training institution and a suspected site."""
    make.calendar()
    east, west, area = make.town("440113007", "演示东街"), make.town("440113008", "演示西街"), make.centre()
    school = make.school("示范一小", town=east, centre=area)
    other = make.school("示范二小", town=west)
    org = make.training_org("虚构培训一部", town=east)
    site = Institution.objects.create(
        code="YS0001", name="虚构楼上补习点", pinyin="x", kind="suspected_site", town=east, is_fictional=True
    )
    inspector = make.user("inspector", east, username="jiancha1")
    make.open_visit(school, inspector)
    return SimpleNamespace(
        school=school,
        other_school=other,
        org=org,
        site=site,
        inspector=inspector,
        idle=make.user("inspector", east, username="jiancha2"),
        bureau=make.user("bureau", username="jiaoyuju1"),
        bureau2=make.user("bureau", username="jiaoyuju2"),
        centre=make.user("centre", area, username="zhongxin1"),
        town=make.user("town", east, username="zhenjie1"),
        other_town=make.user("town", west, username="zhenjie2"),
        own=make.user("school", school, username="xuexiao1"),
        other_own=make.user("school", other, username="xuexiao2"),
        org_person=make.user("org", org, username="jigou1"),
        dept=make.user("dept", make.department("SC"), username="shijian1"),
    )


def found(unit: Institution, actor: Any, *, kind: str = "other", now: dt.datetime = NOW) -> Observation:
    """Something that was found true at the unit today."""
    seen = record_observation(
        unit, kind=kind, occurred_on=now.date(), source="visit", text="示范情况", actor=actor, now=now
    )
    return confirm_observation(seen.pk, actor=actor, due_on=DUE, now=now)


def ordered(unit: Institution, actor: Any, **said: Any) -> Rectification:
    """A rectification until DUE."""
    return order_rectification(
        unit, **{"requirement": "补齐示范公示", "due_on": DUE, "actor": actor, "now": NOW, **said}
    )


def handed_in(found: Rectification, actor: Any, **said: Any) -> Rectification:
    values = {"account": "已补齐", "rectified_on": TODAY, "actor": actor, "now": NOW, **said}
    return hand_in_rectification(found.pk, **values)


def judged(now: dt.datetime = NOW) -> None:
    drain(lambda: now)


def photo(name: str = "现场.jpg", colour: tuple[int, int, int] = (40, 90, 60), side: int = 64) -> SimpleUploadedFile:
    written = BytesIO()
    Image.new("RGB", (side, side), colour).save(written, "JPEG")
    return SimpleUploadedFile(name, written.getvalue(), content_type="image/jpeg")
