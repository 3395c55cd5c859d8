"""Complaints: rows of this door are registered by the service of shuangjian.evidence, which checks them."""

from __future__ import annotations

import re
from typing import Any

from shuangjian.core.errors import InvalidInput
from shuangjian.evidence.choices import ComplaintChannel, Topic
from shuangjian.evidence.models import Complaint
from shuangjian.evidence.services import register_complaints
from training_orgs.rows.batch import Batch
from training_orgs.rows.cells import Day, OneOf, Text
from training_orgs.rows.declare import Column, Kind, register
from training_orgs.rows.staging import Written
from training_orgs.services.system import System

_PATH = re.compile(r"\[(\d+)\](?:\.(\w+))?")


@register
class Complaints(Kind):
    key, label, model = "complaints", "投诉举报", Complaint
    unique = ("number",)
    of_institution = False
    by_own, by = False, frozenset({"bureau", "centre", "town"})
    columns = (
        Column("channel", "受理渠道", OneOf(dict(ComplaintChannel.choices)), is_required=True),
        Column("channel_no", "渠道工单号", Text(40)),
        Column("received_on", "受理日期", Day(), is_required=True),
        Column("institution", "被投诉单位代码", Text(18), help="不知道是哪个单位的留空"),
        Column("named", "投诉人所称单位或地点", Text(120), help="没有单位代码的必填"),
        Column("town", "镇街", Text(40)),
        Column("topic", "事项", OneOf(dict(Topic.choices)), is_required=True),
        Column("text", "内容", Text(4000, is_long=True), is_required=True),
        Column("complainant_name", "投诉人", Text(40)),
        Column("complainant_phone", "联系方式", Text(30)),
    )

    def write(self, batch: Batch) -> Written:
        keys = [column.key for column in self.columns]
        columns = [batch.get(key) for key in keys]
        rows: list[dict[str, Any]] = [dict(zip(keys, values, strict=True)) for values in zip(*columns, strict=True)]
        written = Written()
        try:
            done = register_complaints(rows, actor=batch.actor or System())
        except InvalidInput as refused:
            for problem in refused.problems:
                match = _PATH.match(problem.path)
                index, key = (int(match[1]), match[2] or "") if match else (0, "")
                batch.add(index, key, problem.message, problem.code)
            batch.raise_if_any()
        for index, complaint in enumerate(done.complaints):
            written.keys[index] = complaint.pk
        written.fresh = list(written.keys)
        written.created = len(written.fresh)
        return written
