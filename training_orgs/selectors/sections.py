"""The parts of an institution's page: each a table of what is on record, dated, newest first; one query a part."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Count, F, Max, Min, Q, Sum
from django.urls import NoReverseMatch, reverse

from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution
from shuangjian.core.masking import mask_name
from shuangjian.core.templatetags.ui import MISSING, cn_date, money
from training_orgs.choices import Category, CourseStage
from training_orgs.models import Qualification
from training_orgs.rows import get_kind, may_file
from training_orgs.selectors.papers import PaperLine
from training_orgs.selectors.reported import complained, observed, sighted
from training_orgs.selectors.section import MOST, Section, cut, text_or_missing


def sections(
    unit: Institution, user: User, day: dt.date, *, shows_names: bool, shows_money: bool = True
) -> list[Section]:
    """Every part of the page that is open to the reader; ``day`` is the day on which licences, people and courses are
    looked at.

    Without ``shows_money`` sums stay, but single refunds and the way to the orders of families are left out.
    """
    parts: list[Callable[[], Section | None]] = [
        lambda: _profiles(unit),
        lambda: _papers(unit, user, day),
        lambda: _checks(unit, user),
        lambda: _custody(unit, user),
        lambda: _staff(unit, user, day, shows_names),
        lambda: _courses(unit, user, day),
        lambda: _identifications(unit, shows_names and user.institution_id != unit.pk),
        lambda: _orders(unit),
        lambda: _refunds(unit),
        lambda: _listed(unit),
        lambda: observed(user, unit),
        lambda: complained(user, unit),
        lambda: _ads(unit, user),
        lambda: sighted(user, unit),
        lambda: _status(unit),
    ]
    shown = [made for part in parts if (made := part()) is not None]
    if shows_money:
        return shown
    to_orders = _page("org_money", unit)
    return [replace(s, more_url="") if s.more_url == to_orders else s for s in shown if s.key != "refunds"]


def _changes(unit: Institution, user: User, records: Sequence[tuple[str, int]]) -> dict[int, str]:
    """Where the row of each record, (kind, key) in the order of the rows, is changed; nothing for who may not."""
    open_kinds = {kind for kind, _ in records if may_file(user, get_kind(kind), unit.pk)}
    return {
        at: reverse("row_change", args=[unit.code, kind, pk]) for at, (kind, pk) in enumerate(records)
        if kind in open_kinds
    }  # fmt: skip


def _until(value: dt.date | None) -> str:
    return str(value) if value else "至今"


def _page(name: str, unit: Institution) -> str:
    try:
        return reverse(name, args=[unit.code])
    except NoReverseMatch:
        return ""


def labels(choices: Any, values: Iterable[str]) -> str:
    """学科类、体育类; 未载明 where there are none."""
    words = dict(choices.choices)
    return "、".join(str(words.get(value, value)) for value in values if value) or "未载明"


def _profiles(unit: Institution) -> Section:
    rows = [
        [
            f"{p.valid_from} – {_until(p.valid_until)}",
            text_or_missing(p.sign_name or p.registered_name),
            p.get_category_display(),
            p.address,
            f"{p.area_m2} ㎡" if p.area_m2 is not None else MISSING,
            text_or_missing(p.capacity),
        ]
        for p in unit.org_profiles.order_by("-valid_from")
    ]
    columns = ("期间", "名称", "类别", "地址", "面积", "容纳人数")
    return Section("profiles", "历次档案", columns, rows, "还没有档案。", kind="profiles")


def _papers(unit: Institution, user: User, day: dt.date) -> Section:
    rows, records = [], []
    for licence in unit.licences.order_by("-issued_on"):
        scope = f"{labels(Category, licence.categories)}；{labels(CourseStage, licence.stages)}"
        line = PaperLine.of(licence, day)
        rows.append([licence.get_kind_display(), licence.number, scope, str(licence.issued_on), line.words])
        records.append(("licences", licence.pk))
    for paper in unit.registrations.order_by("-issued_on"):
        scope = f"{'非营利' if paper.is_nonprofit else '营利'}；{text_or_missing(paper.scope)}"
        line = PaperLine.of(paper, day)
        rows.append([paper.get_kind_display(), paper.number, scope, str(paper.issued_on), line.words])
        records.append(("registrations", paper.pk))
    columns = ("证照", "编号", "范围", "发证", f"{day} 状态")
    return Section(
        "papers",
        "证照",
        columns,
        rows,
        "没有登记任何证照：如在开展培训，即为无证无照。",
        kind="licences",
        links=_changes(unit, user, records),
    )


def _checks(unit: Institution, user: User) -> Section:
    found: list[tuple[dt.date, list[str], tuple[str, int]]] = [
        (
            c.checked_on,
            [
                f"{c.year} 年度年检",
                "合格" if c.is_passed else "不合格",
                str(c.checked_on),
                text_or_missing(c.decision_no),
            ],
            ("annual-checks", c.pk),
        )
        for c in unit.annual_checks.all()
    ]
    found += [
        (
            c.checked_on,
            [
                c.get_kind_display(),
                "通过" if c.is_passed else "未通过",
                str(c.checked_on),
                text_or_missing(c.checker),
            ],
            ("safety-checks", c.pk),
        )
        for c in unit.safety_checks.all()
    ]
    shown, hidden = cut(sorted(found, key=lambda each: each[0], reverse=True))
    return Section(
        "checks",
        "年检与安全核查",
        ("核查", "结论", "日期", "文号或核查单位"),
        [row for _, row, _ in shown],
        "没有年检和场所、消防核查记录。",
        kind="safety-checks",
        hidden=hidden,
        links=_changes(unit, user, [record for _, _, record in shown]),
    )


def _custody(unit: Institution, user: User) -> Section:
    accounts = list(unit.custody_accounts.order_by("-valid_from"))
    reserves = list(unit.reserves.order_by("-valid_from"))
    rows = [
        [f"监管账户 {a.bank}", f"尾号 {a.account_no[-4:]}", f"{a.valid_from} – {_until(a.valid_until)}"]
        for a in accounts
    ]
    rows += [["风险保证金", money(r.amount), f"{r.valid_from} – {_until(r.valid_until)}"] for r in reserves]
    last = unit.daily_balances.order_by("-day").first()
    note = f"{last.day} 监管账户余额 {money(last.ledger)}，未消课 {money(last.unconsumed)}" if last else ""
    return Section(
        "custody",
        "预收费监管",
        ("监管方式", "账号或金额", "期间"),
        rows,
        "没有监管账户，也没有保证金。",
        note,
        "custody-accounts",
        more_url=_page("org_money", unit),
        links=_changes(
            unit, user, [*(("custody-accounts", a.pk) for a in accounts), *(("reserves", r.pk) for r in reserves)]
        ),
    )


def _staff(unit: Institution, user: User, day: dt.date, shows_names: bool) -> Section:
    people = list(unit.org_staff.order_by(F("left_on").desc(nulls_first=True), "number"))
    papers: dict[int, list[Qualification]] = {}
    for paper in Qualification.objects.filter(staff__institution=unit).order_by("valid_from", "pk"):
        papers.setdefault(paper.staff_id, []).append(paper)
    shown, hidden = cut(people)
    rows = [
        [
            p.number,
            p.name if shows_names else mask_name(p.name),
            f"{p.get_role_display()}（{'专职' if p.is_full_time else '兼职'}）",
            f"{p.employed_on} – {_until(p.left_on)}",
            "；".join(_qualified(each, p.name, day) for each in papers.get(p.pk, ())) or "没有资格证",
        ]
        for p in shown
    ]
    employed = sum(1 for p in people if p.employed_on <= day and (p.left_on is None or p.left_on >= day))
    columns = ("工号", "姓名", "岗位", "在职", "教师资格")
    note = f"{day} 在职 {employed} 人" if people else ""
    return Section(
        "staff",
        "从业人员",
        columns,
        rows,
        "没有登记从业人员。",
        note,
        "staff",
        hidden=hidden,
        links=_changes(unit, user, [("staff", p.pk) for p in shown]),
    )


def _qualified(paper: Qualification, name: str, day: dt.date) -> str:
    """小学 数学 20214401，2021-09-01 起长期有效, and why it counts as none."""
    words = " ".join(part for part in (paper.stage, paper.subject, paper.number) if part)
    until = f"至 {paper.valid_until}" if paper.valid_until else "起长期有效"
    doubts = [
        "已认定出借" if paper.is_lent else "",
        "证上不是本人姓名" if paper.holder_name != name else "",
        f"{day} 已过期" if paper.valid_until is not None and paper.valid_until < day else "",
        f"{day} 还没有发证" if paper.valid_from > day else "",
    ]
    return "，".join([words, f"{paper.valid_from} {until}", *(doubt for doubt in doubts if doubt)])


def _courses(unit: Institution, user: User, day: dt.date) -> Section:
    courses = unit.courses.annotate(
        held=Count("sessions", filter=Q(sessions__is_cancelled=False)),
        last=Max("sessions__day", filter=Q(sessions__is_cancelled=False)),
    ).order_by("-starts_on", "number")
    shown, hidden = cut(list(courses))
    rows = [
        [
            f"{c.number} {c.title}",
            f"{c.get_identified_display() or c.get_category_display()} · {c.subject}",
            f"{c.get_stage_display()} · {c.get_mode_display()}",
            f"{c.starts_on} – {text_or_missing(c.ends_on or c.last)}",
            f"{c.held} 场",
        ]
        for c in shown
    ]
    running = sum(1 for c in shown if c.starts_on <= day and (c.ends_on is None or c.ends_on >= day))
    columns = ("课程", "类别科目", "学段方式", "起止", "场次")
    note = f"{day} 在开 {running} 门" if rows else ""
    return Section(
        "courses",
        "课程",
        columns,
        rows,
        "没有备案课程。",
        note,
        "courses",
        more_url=_page("org_courses", unit),
        hidden=hidden,
        links=_changes(unit, user, [("courses", c.pk) for c in shown]),
    )


def _identifications(unit: Institution, shows_names: bool) -> Section:
    found = unit.identifications.select_related("course").order_by("-decided_on")
    rows = [
        [
            i.course.title if i.course else "机构整体",
            i.get_result_display(),
            str(i.decided_on),
            i.decision_no,
            i.experts if shows_names else f"{len(i.experts.split('、'))} 人",
            i.conflict_statement,
        ]
        for i in found
    ]
    columns = ("对象", "结论", "日期", "文号", "专家组", "利益冲突声明")
    return Section("identifications", "学科鉴别", columns, rows, "没有学科鉴别结论。")


def _orders(unit: Institution) -> Section:
    months = (
        unit.fee_orders.filter(cancelled_on__isnull=True)
        .values(year=F("paid_on__year"), month=F("paid_on__month"))
        .annotate(orders=Count("pk"), charged=Sum("amount"), left=Sum(F("amount") - F("consumed") - F("refunded")))
        .order_by("-year", "-month")
    )
    rows = [
        [f"{m['year']}-{m['month']:02}", f"{m['orders']} 笔", money(m["charged"]), money(m["left"])]
        for m in months[:12]
    ]
    more = _page("org_money", unit)
    columns = ("收费月份", "订单", "金额", "未消课")
    return Section(
        "orders", "收费", columns, rows, "没有收费订单。", "近 12 个有收费的月份", "fee-orders", more_url=more
    )


def _refunds(unit: Institution) -> Section:
    refunds = list(unit.refunds.select_related("order").order_by("-requested_on", "-pk")[: MOST + 1])
    shown, hidden = cut(refunds)
    rows = [
        [
            r.number,
            r.order.contract_no,
            money(r.amount),
            str(r.requested_on),
            f"{r.get_answer_display()}（{r.answered_on}）" if r.answered_on else "未答复",
            f"{money(r.paid_amount)}（{r.paid_on}）" if r.paid_on else "未退款",
        ]
        for r in shown
    ]
    columns = ("退费编号", "合同", "申请金额", "申请", "答复", "退款")
    return Section("refunds", "退费", columns, rows, "没有退费申请。", kind="refunds", hidden=hidden)


def _listed(unit: Institution) -> Section:
    rows = [
        [e.get_kind_display(), f"{e.entered_on} – {_until(e.left_on)}", e.entry.decision_no, e.entry.reason]
        for e in unit.list_entries.select_related("entry").order_by("-entered_on")
    ]
    return Section("lists", "名单", ("名单", "期间", "列入文号", "理由"), rows, "没有列入过任何名单。")


def _ads(unit: Institution, user: User) -> Section:
    shown, hidden = cut(list(unit.advertisements.order_by("-seen_on")[: MOST + 1]))
    rows = [
        [
            a.number,
            a.get_place_display(),
            str(a.seen_on),
            _until(a.removed_on) if a.removed_on else "未撤除",
            a.text[:80],
        ]
        for a in shown
    ]
    return Section(
        "ads",
        "广告",
        ("编号", "位置", "发现", "撤除", "内容"),
        rows,
        "没有登记广告。",
        kind="ads",
        hidden=hidden,
        links=_changes(unit, user, [("ads", a.pk) for a in shown]),
    )


def _status(unit: Institution) -> Section:
    rows = [
        [str(s.on), s.get_status_display(), text_or_missing(s.reason), text_or_missing(s.decision_no)]
        for s in unit.status_changes.order_by("-on")
    ]
    opened = unit.opened_on or unit.org_profiles.aggregate(first=Min("valid_from"))["first"]
    note = f"开办 {cn_date(opened)}" if opened else ""
    return Section("status", "状态变更", ("日期", "状态", "原因", "文号"), rows, "没有变更，一直为正常状态。", note)
