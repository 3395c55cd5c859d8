"""Staff and their qualifications. An identity number is hashed as soon as it is read and goes nowhere else."""

from __future__ import annotations

from typing import Any

from training_orgs.choices import StaffRole
from training_orgs.models import Qualification, Staff
from training_orgs.rows.batch import Batch
from training_orgs.rows.cells import Day, Flag, IdentityNumber, OneOf, Text
from training_orgs.rows.checks import in_order, once
from training_orgs.rows.declare import Column, Kind, Reference, register

STAFF = Reference(Staff, "number", "staff_id", "工号")


@register
class StaffRows(Kind):
    key, label, model = "staff", "从业人员", Staff
    unique = ("institution_id", "number")
    columns = (
        Column("number", "工号", Text(20), is_required=True),
        Column("name", "姓名", Text(40), is_required=True),
        Column(
            "identity_no", "身份证号", IdentityNumber(), field=None, help="只用于比对，系统不保存号码，只留标识和后四位"
        ),
        Column("role", "岗位", OneOf(dict(StaffRole.choices)), is_required=True),
        Column("is_full_time", "专职", Flag(), default=True),
        Column("employed_on", "入职日期", Day(), is_required=True),
        Column("left_on", "离职日期", Day(), help="最后在职的一天"),
    )

    def check(self, batch: Batch) -> None:
        in_order(batch, "employed_on", "left_on", "离职日期早于入职日期，请改正。")
        once(batch, ("number",), "工号")

    def stored(self, batch: Batch) -> dict[str, list[Any]]:
        found = super().stored(batch)
        if batch.has("identity_no"):
            # Nobody types the number again to change a role: an empty cell leaves the hash that is on record.
            names = list(zip(batch.institutions, batch.get("number"), strict=True))
            rows = Staff.objects.filter(institution_id__in=list(batch.units))
            known: dict[Any, tuple[str, str]] = {
                (unit, number): (digest, tail)
                for unit, number, digest, tail in rows.values_list(
                    "institution_id", "number", "identity_hash", "identity_tail"
                )
            }
            marks = [
                (typed.digest, typed.tail) if typed else known.get(name, ("", ""))
                for typed, name in zip(batch.get("identity_no"), names, strict=True)
            ]
            found["identity_hash"] = [digest for digest, _ in marks]
            found["identity_tail"] = [tail for _, tail in marks]
        return found


@register
class Qualifications(Kind):
    key, label, model = "qualifications", "教师资格", Qualification
    unique = ("staff_id", "number")
    columns = (
        Column("staff", "工号", Text(20), is_required=True, reference=STAFF),
        Column("number", "资格证号", Text(30), is_required=True),
        Column("holder_name", "证上姓名", Text(40), is_required=True),
        Column("subject", "任教学科", Text(20)),
        Column("stage", "资格种类", Text(20)),
        Column("valid_from", "发证日期", Day(), is_required=True),
        Column("valid_until", "有效期至", Day()),
    )

    def check(self, batch: Batch) -> None:
        in_order(batch, "valid_from", "valid_until", "有效期至早于发证日期，请改正。")
        once(batch, ("staff", "number"), "这个人的资格证号")
