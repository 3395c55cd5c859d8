"""Papers of an institution: licences, registrations, checks, custody account and reserve."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from shuangjian.bureau.models import Department, Institution
from training_orgs.choices import Category, CourseStage, LicenceKind, RegistrationKind
from training_orgs.models import AnnualCheck, CustodyAccount, Licence, Registration, Reserve, SafetyCheck
from training_orgs.rows.batch import Batch
from training_orgs.rows.cells import Day, Flag, Many, Money, Number, OneOf, Text
from training_orgs.rows.checks import in_order, not_ahead, once
from training_orgs.rows.declare import Column, Kind, register
from training_orgs.rows.staging import Written
from training_orgs.services.judging import ask_counting_bodies

CATEGORIES = OneOf(dict(Category.choices))
STAGES = OneOf(dict(CourseStage.choices), also={"幼儿": "preschool", "义务教育": "compulsory"})
_PASSED = Column("is_passed", "是否合格", Flag(), is_required=True)


@register
class Licences(Kind):
    key, label, model = "licences", "办学许可", Licence
    unique = ("institution_id", "kind", "number", "issued_on")
    columns = (
        Column("kind", "许可类型", OneOf(dict(LicenceKind.choices)), is_required=True),
        Column("number", "许可证号", Text(30), is_required=True),
        Column("department", "发证部门", Text(20), is_required=True, help="责任单位的代码或名称，如 JY 或 区教育局"),
        Column("categories", "许可类别", Many(CATEGORIES), is_required=True, help="多项用、隔开"),
        Column("stages", "许可学段", Many(STAGES), help="多项用、隔开；留空为不限学段"),
        Column("address", "许可地址", Text(120)),
        Column("issued_on", "发证日期", Day(), is_required=True),
        Column("expires_on", "有效期至", Day(), is_required=True, help="最后有效的一天"),
        Column("ended_on", "注销/吊销日期", Day(), help="从这一天起无效"),
        Column("ended_reason", "注销/吊销原因", Text(80)),
    )

    def check(self, batch: Batch) -> None:
        in_order(batch, "issued_on", "expires_on", "有效期至早于发证日期，请改正。")
        in_order(batch, "issued_on", "ended_on", "注销/吊销日期早于发证日期，请改正。")
        once(batch, ("kind", "number", "issued_on"), "这个许可证号和发证日期")
        departments(batch, "department")
        _of_others(batch)

    def write(self, batch: Batch) -> Written:
        written = super().write(batch)
        days = [batch.get("issued_on")[row] for row in {*written.fresh, *written.altered}]
        if days:
            # A town's count is of the town in which the institution lies; a month's stands on the month's first day.
            towns = Institution.objects.filter(pk__in=written.since).values_list("town", flat=True)
            ask_counting_bodies(towns, since=min(days), cause="办学许可变更")
        return written


@register
class Registrations(Kind):
    key, label, model = "registrations", "法人登记", Registration
    unique = ("institution_id", "kind", "number", "issued_on")
    columns = (
        Column("kind", "登记类型", OneOf(dict(RegistrationKind.choices)), is_required=True),
        Column("number", "登记号", Text(30), is_required=True),
        Column("registered_name", "登记名称", Text(80)),
        Column("is_nonprofit", "非营利", Flag(), is_required=True),
        Column("scope", "经营/业务范围", Text(400, is_long=True)),
        Column("training_scope_on", "登记培训业务的日期", Day()),
        Column("issued_on", "登记日期", Day(), is_required=True),
        Column("expires_on", "有效期至", Day(), help="长期有效的留空"),
        Column("ended_on", "注销/吊销日期", Day(), help="从这一天起无效"),
    )

    def check(self, batch: Batch) -> None:
        in_order(batch, "issued_on", "expires_on", "有效期至早于登记日期，请改正。")
        in_order(batch, "issued_on", "ended_on", "注销/吊销日期早于登记日期，请改正。")
        once(batch, ("kind", "number", "issued_on"), "这个登记号和登记日期")


@register
class AnnualChecks(Kind):
    key, label, model = "annual-checks", "年检", AnnualCheck
    unique = ("institution_id", "year", "checked_on")
    by_own = False
    columns = (
        Column("year", "年度", Number(2000, 2099), is_required=True),
        _PASSED,
        Column("checked_on", "结论日期", Day(), is_required=True),
        Column("decision_no", "文号", Text(40)),
    )

    def check(self, batch: Batch) -> None:
        not_ahead(batch, "checked_on")
        once(batch, ("year", "checked_on"), "这个年度的年检结论")


@register
class SafetyChecks(Kind):
    key, label, model = "safety-checks", "安全核查", SafetyCheck
    unique = ("institution_id", "kind", "checked_on")
    by_own = False
    columns = (
        Column("kind", "核查类型", OneOf(dict(SafetyCheck.Kind.choices)), is_required=True),
        Column("checked_on", "核查日期", Day(), is_required=True),
        _PASSED,
        Column("checker", "核查单位", Text(60)),
        Column("note", "说明", Text(200, is_long=True)),
    )

    def check(self, batch: Batch) -> None:
        not_ahead(batch, "checked_on")
        once(batch, ("kind", "checked_on"), "这一天的同类核查")


@register
class CustodyAccounts(Kind):
    key, label, model = "custody-accounts", "资金监管账户", CustodyAccount
    unique = ("institution_id", "valid_from")
    columns = (
        Column("bank", "监管银行", Text(60), is_required=True),
        Column("account_no", "账号", Text(30), is_required=True),
        Column("valid_from", "启用日期", Day(), is_required=True),
        Column("valid_until", "停用日期", Day()),
    )

    def check(self, batch: Batch) -> None:
        _spans(batch)


@register
class Reserves(Kind):
    key, label, model = "reserves", "风险保证金", Reserve
    unique = ("institution_id", "valid_from")
    dated = "valid_from"
    columns = (
        Column("amount", "金额（元）", Money(), is_required=True),
        Column("valid_from", "起", Day(), is_required=True),
        Column("valid_until", "止", Day()),
    )

    def check(self, batch: Batch) -> None:
        _spans(batch)


def _spans(batch: Batch) -> None:
    """Of one institution no two hold on one day, those on record included; an equal first day means the same one."""
    in_order(batch, "valid_from", "valid_until", "止早于起，请改正。")
    once(batch, ("valid_from",), "起始日期")
    spans: dict[Any, list[tuple[Any, Any, int | None]]] = defaultdict(list)
    rows = list(zip(batch.institutions, batch.get("valid_from"), batch.get("valid_until"), strict=True))
    named = {(unit, first) for unit, first, _ in rows}
    model: Any = batch.kind.model
    for unit, first, last in model.objects.filter(institution_id__in=list(batch.units)).values_list(
        "institution_id", "valid_from", "valid_until"
    ):
        if (unit, first) not in named:
            spans[unit].append((first, last, None))
    for index, (unit, first, last) in enumerate(rows):
        if unit is None or first is None:
            continue
        for other_first, other_last, other in spans[unit]:
            if (
                (last is None or other_first <= last)
                and (other_last is None or other_last >= first)
                and (other_first != first)
            ):
                where = "已登记的一条" if other is None else batch.table.row(other)
                message = f"与{where}（{other_first} 起）的时间重叠，请先结束上一条或改正起止日期。"
                batch.add(index, "valid_from", message, "overlap")
                break
        spans[unit].append((first, last, index))


def departments(batch: Batch, key: str) -> None:
    """Codes for what the column names: a department by its code, its name, or its name without 区."""
    names: dict[str, str] = {}
    for code, name in Department.objects.values_list("code", "name"):
        names |= {code: code, name: code, name.removeprefix("区"): code}
    found = []
    for index, text in enumerate(batch.get(key)):
        if text and text not in names:
            known = "、".join(sorted(set(names.values())))
            batch.add(index, key, f"不认识责任单位“{text}”，请填代码（{known}）或全称。", "unknown_department")
        found.append(names.get(text, "") if text else text)
    batch.put(key, found)


def _of_others(batch: Batch) -> None:
    """A licence with the same number and date belongs to one institution only."""
    wanted = list(zip(batch.get("kind"), batch.get("number"), batch.get("issued_on"), strict=True))
    known = {
        (kind, number, on): (unit, name)
        for kind, number, on, unit, name in Licence.objects.filter(
            number__in={number for _, number, _ in wanted if number}
        ).values_list("kind", "number", "issued_on", "institution_id", "institution__name")
    }
    for index, name in enumerate(wanted):
        owner = known.get(name)
        if owner is not None and batch.institutions[index] not in (None, owner[0]):
            # The other institution's name is nobody's business but the bureau's.
            batch.add(index, "number", "这个许可证号和发证日期已登记在别的机构名下，请核对。", "duplicate")
