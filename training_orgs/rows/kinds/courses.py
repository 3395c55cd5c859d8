"""Courses with their weekly slots and teachers; slots expand to dated sessions, set-based."""

from __future__ import annotations

from typing import Any

from django.db import connection

from shuangjian.core import clock
from training_orgs.choices import Category, Mode
from training_orgs.models import Advertisement, Course, CourseSession, Staff
from training_orgs.rows.batch import Batch, lookup
from training_orgs.rows.cells import Day, Flag, Money, Number, OneOf, Slots, Text, TimeOfDay, Words
from training_orgs.rows.checks import in_order, not_ahead, once
from training_orgs.rows.declare import SUPERVISORS, Column, Kind, Reference, register
from training_orgs.rows.kinds.papers import STAGES
from training_orgs.rows.staging import Written, copy_into, merge, note

COURSE = Reference(Course, "number", "course_id", "课程")
_STAFF = Reference(Staff, "number", "staff_id", "工号")


@register
class Courses(Kind):
    key, label, model = "courses", "课程", Course
    unique = ("institution_id", "number")
    dated = "starts_on"
    columns = (
        Column("number", "课程编号", Text(30), is_required=True),
        Column("title", "课程名称", Text(80), is_required=True),
        Column("text", "课程介绍", Text(4000, is_long=True)),
        Column("category", "申报类别", OneOf(dict(Category.choices)), is_required=True),
        Column("subject", "科目", Text(20), is_required=True),
        Column("stage", "学段", STAGES, is_required=True),
        Column("mode", "授课方式", OneOf(dict(Mode.choices)), is_required=True),
        Column("class_size", "班型（人）", Number(1, 2000)),
        Column("lesson_minutes", "每课时分钟", Number(1, 600), is_required=True),
        Column("price", "每课时价格（元）", Money()),
        Column("is_full_time", "全日制", Flag(), default=False),
        Column("starts_on", "开课日期", Day(), is_required=True),
        Column("ends_on", "结课日期", Day()),
        Column("published_on", "发布日期", Day(), help="留空为草稿"),
        Column("slots", "每周课时段", Slots(), field=None, help="如 周六 09:00-10:30、周三 18:00-19:30；据此排出场次"),
        Column("teachers", "任课教师工号", Words(20), field=None, help="多人用、隔开"),
    )  # fmt: skip

    def check(self, batch: Batch) -> None:
        in_order(batch, "starts_on", "ends_on", "结课日期早于开课日期，请改正。")
        once(batch, ("number",), "课程编号")
        for index, (slots, end) in enumerate(zip(batch.get("slots"), batch.get("ends_on"), strict=True)):
            if slots and end is None and batch.has("slots"):
                batch.add(index, "ends_on", "填了每周课时段的课程须填结课日期，才能排出场次。", "required")
        self._teachers(batch)

    def write(self, batch: Batch) -> Written:
        rows = merge(batch)
        fresh = set(rows.fresh)
        courses = [rows.keys[row] for row in range(batch.size)]
        is_new = [row in fresh for row in range(batch.size)]
        touched: set[int] = set()
        if batch.has("slots"):
            touched |= _sessions(batch, courses, is_new)
        if batch.has("teachers"):
            touched |= _teachers(batch, courses, is_new)
        # A course whose slots or teachers alone changed was counted as it was.
        for row, key in enumerate(courses):
            if key in touched and row not in fresh:
                unit = batch.institutions[row]
                if row not in rows.altered:
                    rows.altered |= {row}
                    rows.changed += 1
                    rows.unchanged -= 1
                note(rows, unit, batch.get("starts_on")[row])
        return rows

    def _teachers(self, batch: Batch) -> None:
        if not batch.has("teachers"):
            return
        units: list[int | None] = []
        numbers: list[str] = []
        for unit, words in zip(batch.institutions, batch.get("teachers"), strict=True):
            units += [unit] * len(words or ())
            numbers += words or ()
        found: dict[Any, int] = lookup(_STAFF, units, numbers)
        keys: list[Any] = []
        for index, (unit, words) in enumerate(zip(batch.institutions, batch.get("teachers"), strict=True)):
            mine = [found.get((unit, word)) for word in words or ()]
            for word, key in zip(words or (), mine, strict=True):
                if key is None and unit is not None:
                    message = f"本机构没有工号“{word}”，请先登记人员或改正。"
                    batch.add(index, "teachers", message, "unknown_reference")
            keys.append(tuple(key for key in mine if key is not None))
        batch.references["teachers"] = keys


def _sessions(batch: Batch, courses: list[int], is_new: list[bool]) -> set[int]:
    """Slots as the rows say, and the sessions that follow: of a new course from its first day on, else from today on.
    Those of a slot that is gone go; one that was added by hand or cancelled stays. Returns the changed courses."""
    today = clock.today()
    since = [first if fresh else max(first, today) for first, fresh in zip(batch.get("starts_on"), is_new, strict=True)]
    named = {"course_id": courses, "since": since, "until": batch.get("ends_on")}
    copy_into("staged_courses", {"course_id": "bigint", "since": "date", "until": "date"}, named)
    slots = [
        (course, *slot)
        for course, mine in zip(courses, batch.get("slots"), strict=True)
        for slot in dict.fromkeys(mine)
    ]
    types = {"course_id": "bigint", "weekday": "int", "starts_at": "int", "ends_at": "int"}
    copy_into("staged_slots", types, {name: [slot[at] for slot in slots] for at, name in enumerate(types)})
    changed: set[int] = set()
    with connection.cursor() as cursor:
        for statement in (_DROP_SESSIONS, _DROP_SLOTS, _ADD_SLOTS, _ADD_SESSIONS):
            cursor.execute(statement, {"today": today} if "%(today)s" in statement else None)
            changed |= {key for (key,) in cursor.fetchall()}
    return changed


# A session that came from a slot on record, is still to come, and follows from no slot of the row.
_DROP_SESSIONS = """
WITH gone AS (
  SELECT x.id, x.course_id FROM training_orgs_coursesession x JOIN staged_courses c USING (course_id)
  JOIN training_orgs_courseslot o ON o.course_id = x.course_id AND o.weekday = extract(isodow FROM x.day)
    AND o.starts_at = x.starts_at AND o.ends_at = x.ends_at
  WHERE x.day >= %(today)s AND NOT x.is_cancelled AND NOT (
    x.day >= c.since AND x.day <= c.until AND EXISTS (
      SELECT FROM staged_slots s WHERE s.course_id = x.course_id AND s.weekday = extract(isodow FROM x.day)
        AND s.starts_at = x.starts_at AND s.ends_at = x.ends_at))
), let_go AS (
  UPDATE training_orgs_consumption c SET session_id = NULL FROM gone WHERE c.session_id = gone.id
)
DELETE FROM training_orgs_coursesession x USING gone WHERE x.id = gone.id RETURNING x.course_id
"""
_DROP_SLOTS = """
DELETE FROM training_orgs_courseslot o USING staged_courses c
WHERE o.course_id = c.course_id AND NOT EXISTS (
  SELECT FROM staged_slots s WHERE s.course_id = o.course_id AND s.weekday = o.weekday AND s.starts_at = o.starts_at
    AND s.ends_at = o.ends_at)
RETURNING o.course_id
"""
_ADD_SLOTS = """
INSERT INTO training_orgs_courseslot (course_id, weekday, starts_at, ends_at)
SELECT s.course_id, s.weekday, s.starts_at, s.ends_at FROM staged_slots s
ON CONFLICT DO NOTHING RETURNING course_id
"""
_ADD_SESSIONS = """
INSERT INTO training_orgs_coursesession (institution_id, course_id, day, starts_at, ends_at, is_cancelled)
SELECT k.institution_id, s.course_id, d.day, s.starts_at, s.ends_at, false
FROM staged_slots s JOIN staged_courses c USING (course_id) JOIN training_orgs_course k ON k.id = s.course_id
CROSS JOIN LATERAL (
  SELECT day::date FROM generate_series(
    c.since + ((s.weekday - extract(isodow FROM c.since)::int + 7) % 7), c.until, interval '7 days') AS day
) d
ON CONFLICT (course_id, day, starts_at) DO NOTHING RETURNING course_id
"""


def _teachers(batch: Batch, courses: list[int], is_new: list[bool]) -> set[int]:
    """Who teaches from today on (of a new course: from its first day on) is who the rows say. Returns the changed."""
    today = clock.today()
    rows = [
        (course, staff, first if fresh else max(first, today))
        for course, mine, first, fresh in zip(
            courses, batch.references["teachers"], batch.get("starts_on"), is_new, strict=True
        )
        for staff in mine
    ]
    types = {"course_id": "bigint", "staff_id": "bigint", "valid_from": "date"}
    copy_into("staged_teachers", types, {name: [row[at] for row in rows] for at, name in enumerate(types)})
    changed: set[int] = set()
    with connection.cursor() as cursor:
        for statement in (_NEVER_TAUGHT, _END_TEACHERS, _ADD_TEACHERS):
            cursor.execute(statement, {"today": today, "courses": courses})
            changed |= {key for (key,) in cursor.fetchall()}
    return changed


_NOT_NAMED = """t.course_id = ANY(%(courses)s) AND (t.valid_until IS NULL OR t.valid_until >= %(today)s)
  AND NOT EXISTS (SELECT FROM staged_teachers s WHERE s.course_id = t.course_id AND s.staff_id = t.staff_id)"""
_NEVER_TAUGHT = f"""
DELETE FROM training_orgs_courseteacher t WHERE {_NOT_NAMED} AND t.valid_from >= %(today)s RETURNING t.course_id
"""  # noqa: S608 - fixed text
_END_TEACHERS = f"""
UPDATE training_orgs_courseteacher t SET valid_until = %(today)s::date - 1 WHERE {_NOT_NAMED} RETURNING t.course_id
"""  # noqa: S608
_ADD_TEACHERS = """
INSERT INTO training_orgs_courseteacher (course_id, staff_id, valid_from)
SELECT s.course_id, s.staff_id, s.valid_from FROM staged_teachers s
WHERE NOT EXISTS (
  SELECT FROM training_orgs_courseteacher t WHERE t.course_id = s.course_id AND t.staff_id = s.staff_id
    AND (t.valid_until IS NULL OR t.valid_until >= %(today)s))
RETURNING course_id
"""


@register
class CourseSessions(Kind):
    key, label, model = "course-sessions", "场次", CourseSession
    unique = ("course_id", "day", "starts_at")
    dated = "day"
    columns = (
        Column("course", "课程编号", Text(30), is_required=True, reference=COURSE),
        Column("day", "日期", Day(), is_required=True),
        Column("starts_at", "开始", TimeOfDay(), is_required=True, help="如 18:30"),
        Column("ends_at", "结束", TimeOfDay(), is_required=True),
        Column("is_cancelled", "已取消", Flag(), default=False),
    )

    def check(self, batch: Batch) -> None:
        for index, (start, end) in enumerate(zip(batch.get("starts_at"), batch.get("ends_at"), strict=True)):
            if start is not None and end is not None and end <= start:
                batch.add(index, "ends_at", "结束时间应晚于开始时间，请改正。", "span")
        once(batch, ("course", "day", "starts_at"), "这门课当天同一时间的场次")


@register
class Ads(Kind):
    key, label, model = "ads", "广告", Advertisement
    unique = ("institution_id", "number")
    dated = "seen_on"
    by_own, by = False, SUPERVISORS
    columns = (
        Column("number", "编号", Text(30), is_required=True),
        Column("place", "发布位置", OneOf(dict(Advertisement.Place.choices)), is_required=True),
        Column("medium", "媒介", Text(60)),
        Column("seen_on", "发现日期", Day(), is_required=True),
        Column("text", "广告内容", Text(4000, is_long=True), is_required=True),
        Column("removed_on", "撤除日期", Day()),
    )

    def check(self, batch: Batch) -> None:
        not_ahead(batch, "seen_on")
        in_order(batch, "seen_on", "removed_on", "撤除日期早于发现日期，请改正。")
        once(batch, ("number",), "广告编号")
