"""Institutions of the register: who they are today, and what they were from one day to another."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Max, Min

from shuangjian.bureau.imports import towns_by_name
from shuangjian.bureau.models import Institution, Town
from shuangjian.bureau.pinyin import sort_key
from shuangjian.core import clock
from shuangjian.core.locks import lock_singleton
from shuangjian.core.querysets import power_of
from shuangjian.journal.services import Asked, request_evaluations
from training_orgs.models import Brand, Licence, OrgProfile, TrainingOrg
from training_orgs.rows.batch import Batch
from training_orgs.rows.cells import Day, Flag, Number, OneOf, Text, Uscc
from training_orgs.rows.checks import in_order
from training_orgs.rows.declare import KINDS, Column, Kind, register
from training_orgs.rows.kinds.papers import CATEGORIES, departments
from training_orgs.rows.staging import Written
from training_orgs.services.judging import ask_counting_bodies
from training_orgs.services.sites import SITE_PREFIX, centres_of_towns

PREFIXES = {Institution.Kind.SUSPECTED_SITE: SITE_PREFIX, Institution.Kind.TRAINING_ORG: "PX440113"}
_CODES_LOCK = 11  # the one of services.sites
_PROFILE = (
    "registered_name", "category", "department", "address", "latitude", "longitude", "area_m2", "capacity",
    "is_online_only",
)  # fmt: skip
_ORG = ("uscc", "legal_person", "phone")


@register
class Orgs(Kind):
    key, label, model = "orgs", "机构", Institution
    unique = ("code",)
    of_institution = False
    columns = (
        Column("kind", "类型", OneOf({"training_org": "校外培训机构", "suspected_site": "疑似无证点"}),
               default="training_org", help="留空为校外培训机构"),
        Column("code", "机构代码", Text(18), help="新登记的留空：有统一社会信用代码的用它，没有的由系统给出"),
        Column("uscc", "统一社会信用代码", Uscc(), help="18 位，末位为校验码；疑似无证点没有的留空"),
        Column("name", "招牌名称", Text(80), is_required=True),
        Column("registered_name", "登记名称", Text(80)),
        Column("category", "培训类别", CATEGORIES, help="疑似无证点未定的留空"),
        Column("department", "主管部门", Text(20), help="责任单位的代码或名称"),
        Column("town", "镇街", Text(40), is_required=True),
        Column("address", "地址", Text(120), is_required=True),
        Column("latitude", "纬度", Number(Decimal(20), Decimal(26), 6)),
        Column("longitude", "经度", Number(Decimal(110), Decimal(118), 6)),
        Column("area_m2", "面积（平方米）", Number(0, Decimal("999999.99"), 2)),
        Column("capacity", "同时容纳人数", Number(0, 100_000)),
        Column("is_online_only", "仅线上", Flag(), default=False),
        Column("legal_person", "法定代表人/举办者", Text(40)),
        Column("phone", "联系电话", Text(30)),
        Column("brand", "品牌", Text(60), help="同一品牌的各个点填同一名称"),
        Column("opened_on", "开办日期", Day()),
        Column("valid_from", "档案起", Day(), help="这些内容从哪一天起如此；新登记的留空为开办日期，更改的留空为今天"),
        Column("source", "数据来源", Text(200)),
    )  # fmt: skip

    def check(self, batch: Batch) -> None:
        # Two files that name the same institution, or take the next code, come one after the other.
        lock_singleton(_CODES_LOCK)
        in_order(batch, "opened_on", "valid_from", "档案起始日期早于开办日期，请改正。")
        for index, day in enumerate(batch.get("valid_from")):
            if day is not None and day > clock.today():
                batch.add(index, "valid_from", "档案起始日期晚于今天；到了那一天再登记。")
        for index, (kind, category) in enumerate(zip(batch.get("kind"), batch.get("category"), strict=True)):
            if kind == "training_org" and category == "" and batch.has("category"):
                batch.add(index, "category", "不能为空，请填写。", "required")
        departments(batch, "department")
        batch.lines = _Plan(batch).rows()

    def write(self, batch: Batch) -> Written:
        return _write(batch, batch.lines)


@dataclass
class _Row:
    """What one row means: the institution that it is or becomes, its org and its profile in force."""

    index: int
    unit: Institution
    org: TrainingOrg
    profile: OrgProfile | None
    is_new: bool
    changed: set[str] = field(default_factory=set)
    old_profile: OrgProfile | None = None
    old_town: int | None = None


class _Plan:
    """Finds or makes the institution of each row and lays the row's values over it."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        units = Institution.objects.filter(kind__in=KINDS).select_related("training_org__brand")
        if batch.institution is not None:
            units = units.filter(pk=batch.institution.pk)
        elif hasattr(batch.actor, "jurisdiction"):
            units = units.visible_to(batch.actor)
        known = list(units)
        self.by_code = {unit.code: unit for unit in known}
        self.by_uscc = {unit.training_org.uscc: unit for unit in known if unit.training_org.uscc}
        open_profiles = OrgProfile.objects.filter(institution_id__in=[unit.pk for unit in known], valid_until=None)
        self.profiles = {profile.institution_id: profile for profile in open_profiles}
        self.by_place = {
            (unit.name, profile.address): unit
            for unit in known
            if (profile := self.profiles.get(unit.pk)) is not None
        }  # fmt: skip
        # A site of no category has no profile and so no place on record: its name in its town tells it apart.
        self.by_town = {(unit.name, unit.town_id): unit for unit in known if unit.pk not in self.profiles}
        self.towns = towns_by_name()
        self.centres = centres_of_towns()
        self.taken = dict(TrainingOrg.objects.filter(uscc__isnull=False).values_list("uscc", "institution_id"))
        self.seen: dict[Any, int] = {}

    def rows(self) -> list[_Row]:
        found = []
        columns = {column.key: self.batch.get(column.key) for column in self.batch.kind.columns}
        for index in range(self.batch.size):
            row = self._row(index, {key: values[index] for key, values in columns.items()})
            if row is not None:
                found.append(row)
        return found

    def _row(self, index: int, values: dict[str, Any]) -> _Row | None:
        batch = self.batch
        unit = self._known(index, values)
        town = self._town(index, values["town"])
        if values["name"] is None or (values["code"] and unit is None):
            return None
        name = ("unit", unit.pk) if unit else ("new", values["uscc"] or (values["name"], values["address"]))
        first = self.seen.setdefault(name, index)
        if first != index:
            batch.add(
                index,
                "uscc" if values["uscc"] else "name",
                f"与{batch.table.row(first)}是同一机构，请删去一行。",
                "duplicate",
            )
            return None
        if unit is None and batch.institution is not None:
            batch.add(index, "uscc", "不是本单位。机构账号只能更新本单位的档案，请改正。", "foreign_institution")
            return None
        owner = self.taken.get(values["uscc"])
        if owner is not None and unit is not None and owner != unit.pk:
            batch.add(index, "uscc", "这个统一社会信用代码已登记在别的机构名下，请核对。", "duplicate")
            return None
        if unit is None and owner is not None:
            batch.add(index, "uscc", "这个统一社会信用代码已登记在管辖范围以外，请联系区教育局。", "duplicate")
            return None
        if unit is not None and getattr(batch.actor, "institution_id", None) == unit.pk:
            self._decided_by_the_bureau(index, unit, values, town)
        return self._laid_over(index, unit, values, town)

    def _known(self, index: int, values: dict[str, Any]) -> Institution | None:
        code, uscc = values["code"], values["uscc"]
        if code:
            unit = self.by_code.get(code) or self.by_uscc.get(code)
            if unit is None:
                message = f"没有代码为“{code}”的机构；新登记的请留空，由系统给出。"
                self.batch.add(index, "code", message, "unknown_institution")
            return unit
        if uscc:
            return self.by_uscc.get(uscc) or self.by_code.get(uscc)
        town = self.towns.get(values["town"] or "")
        by_town = self.by_town.get((values["name"], town.pk)) if town is not None else None
        return self.by_place.get((values["name"], values["address"])) or by_town or self.batch.institution

    def _town(self, index: int, name: str | None) -> Town | None:
        town = self.towns.get(name or "")
        actor = self.batch.actor
        if name and town is None:
            known = "、".join(sorted({each.name for each in self.towns.values()}))
            self.batch.add(index, "town", f"不认识镇街“{name}”，请改为下列之一：{known}。", "unknown_town")
        elif town is not None and power_of(actor) == "town" and town.pk != actor.town_id:
            self.batch.add(index, "town", f"“{name}”不在管辖范围内，请改正。", "unknown_town")
        return town

    def _decided_by_the_bureau(self, index: int, unit: Institution, values: dict[str, Any], town: Town | None) -> None:
        """By what an institution is judged, and by whom it is supervised, it does not change itself."""
        org, stated = unit.training_org, values
        known = {"category": unit.category, "uscc": org.uscc or "", "brand": org.brand.name if org.brand else ""}
        changed = [key for key, value in known.items() if self.batch.has(key) and stated[key] not in (None, "", value)]
        if self.batch.has("brand") and known["brand"] and not stated["brand"]:
            changed.append("brand")
        if town is not None and unit.town_id is not None and town.pk != unit.town_id:
            changed.append("town")
        for key in changed:
            label = self.batch.kind.column(key).label
            self.batch.add(
                index, key, f"{label}由区教育局登记，机构不能自行更改；有变化的请联系区教育局。", "bureau_only"
            )

    def _laid_over(self, index: int, unit: Institution | None, values: dict[str, Any], town: Town | None) -> _Row:
        batch = self.batch
        is_new = unit is None
        unit = unit or Institution(kind=values["kind"], code=values["uscc"] or "", stages=[])
        org = TrainingOrg() if is_new else unit.training_org
        row = _Row(index, unit, org, self.profiles.get(unit.pk) if not is_new else None, is_new, old_town=unit.town_id)
        mine: dict[str, Any] = {"name": values["name"], "pinyin": sort_key(values["name"], 240)}
        if town is not None:
            mine |= {"town": town, "town_candidates": ""}
            if unit.centre_id is None or unit.town_id != town.pk:
                mine["centre_id"] = self.centres.get(town.pk)
        for key in ("category", "latitude", "longitude", "opened_on", "source"):
            if batch.has(key) and (values[key] not in (None, "") or is_new):
                mine[key] = values[key]
        _lay(row, unit, mine)
        given = {key: values[key] for key in _ORG if batch.has(key)}
        if not given.get("uscc") and not is_new:
            given.pop("uscc", None)
        _lay(row, org, {key: value if value != "" or key != "uscc" else None for key, value in given.items()})
        if batch.has("brand"):
            row.unit._brand_name = values["brand"]  # type: ignore[attr-defined]
            if (org.brand.name if org.brand_id and org.brand else "") != values["brand"]:
                row.changed.add("brand")
        self._profile(row, values)
        return row

    def _profile(self, row: _Row, values: dict[str, Any]) -> None:
        """A changed name, category or place closes the profile in force the day before and opens a new one."""
        batch, old = self.batch, row.profile
        stated = {"sign_name": values["name"]} | {key: values[key] for key in _PROFILE if batch.has(key)}
        if old is None and not stated.get("category"):
            return
        today = clock.today()
        since = values["valid_from"] or (values["opened_on"] if row.is_new else None) or today
        if old is None:
            row.profile = OrgProfile(valid_from=since, **stated)
            row.changed.add("profile")
            return
        if all(getattr(old, key) == value for key, value in stated.items()):
            return
        row.changed.add("profile")
        if since < old.valid_from:
            message = f"早于现行档案的起始日期 {old.valid_from}，请核对。"
            batch.add(row.index, "valid_from", message, "span")
        elif since == old.valid_from:
            _lay(row, old, stated)
        else:
            carried = {each.attname: getattr(old, each.attname) for each in old._meta.concrete_fields}
            carried |= {"id": None, "valid_from": since, "valid_until": None}
            row.old_profile, row.profile = old, OrgProfile(**(carried | stated))
            old.valid_until = since - dt.timedelta(days=1)


def _lay(row: _Row, record: Any, values: dict[str, Any]) -> None:
    for key, value in values.items():
        if getattr(record, key) != value:
            setattr(record, key, value)
            row.changed.add(key)


def _write(batch: Batch, rows: list[_Row]) -> Written:
    written = Written()
    new = [row for row in rows if row.is_new]
    changed = [row for row in rows if not row.is_new and row.changed]
    _give_codes(new)
    touched = _give_brands(rows)
    Institution.objects.bulk_create([row.unit for row in new], batch_size=500)
    for row in new:
        row.org.institution = row.unit
    TrainingOrg.objects.bulk_create([row.org for row in new], batch_size=500)
    if changed:
        fields = [
            "name",
            "pinyin",
            "category",
            "town",
            "town_candidates",
            "centre",
            "latitude",
            "longitude",
            "opened_on",
            "source",
        ]
        Institution.objects.bulk_update([row.unit for row in changed], fields, batch_size=500)
        TrainingOrg.objects.bulk_update([row.org for row in changed], [*_ORG, "brand"], batch_size=500)
    _write_profiles([row for row in (*new, *changed) if row.profile is not None])
    for row in rows:
        written.keys[row.index] = row.unit.pk
        if row.is_new or row.changed:
            written.since[row.unit.pk] = row.profile.valid_from if row.profile else None
    _judge_brands(touched, besides=set(written.since))
    _judge_towns([row for row in changed if "town" in row.changed])
    written.fresh = [row.index for row in new]
    written.altered = frozenset(row.index for row in changed)
    written.created, written.changed = len(new), len(changed)
    written.unchanged = len(rows) - len(new) - len(changed)
    return written


def _give_brands(rows: list[_Row]) -> set[int]:
    """Tie the sites to the brands that their rows name; returns the brands that a site joined or left."""
    brands = {brand.name: brand for brand in Brand.objects.all()}
    touched: set[int | None] = set()
    for row in rows:
        name = getattr(row.unit, "_brand_name", None)
        if name is None:
            continue
        if name and name not in brands:
            brands[name] = Brand.objects.create(name=name)
        before, row.org.brand = row.org.brand_id, brands.get(name)
        if row.org.brand_id != before:
            touched |= {before, row.org.brand_id}
    return {pk for pk in touched if pk is not None}


def _judge_brands(brands: set[int], *, besides: set[int]) -> None:
    """What was done at one site of a brand and again at another is a repetition: the brands' other sites too."""
    if brands:
        today = clock.today()
        others = TrainingOrg.objects.filter(brand__in=brands).exclude(pk__in=besides).order_by("pk")
        request_evaluations(Asked(pk, today, today, "机构品牌变更") for pk in others.values_list("pk", flat=True))


def _judge_towns(moved: list[_Row]) -> None:
    """A licence counts in the town in which its institution lies now: the months of both towns since it was issued."""
    units = [row.unit.pk for row in moved]
    first = Licence.objects.filter(institution__in=units).aggregate(first=Min("issued_on"))["first"]
    if first is not None:
        towns = {town for row in moved for town in (row.old_town, row.unit.town_id)}
        ask_counting_bodies(towns, since=first, cause="机构所属镇街变更")


def _write_profiles(rows: list[_Row]) -> None:
    ended = [row.old_profile for row in rows if row.old_profile is not None]
    if ended:
        OrgProfile.objects.bulk_update(ended, ["valid_until"], batch_size=500)
    profiles = [row.profile for row in rows if row.profile is not None]
    kept = [profile for profile in profiles if profile.pk is not None]
    if kept:
        OrgProfile.objects.bulk_update(kept, ["sign_name", *_PROFILE], batch_size=500)
    for row in rows:
        if row.profile is not None and not row.profile.pk:
            row.profile.institution = row.unit
    OrgProfile.objects.bulk_create([profile for profile in profiles if profile.pk is None], batch_size=500)


def _give_codes(rows: list[_Row]) -> None:
    """Those without a credit code get the next number of their kind: YS440113 (sites), PX440113, and five digits."""
    for kind, prefix in PREFIXES.items():
        last = Institution.objects.filter(code__startswith=prefix).aggregate(last=Max("code"))["last"]
        number = int(last.removeprefix(prefix)) if last else 0
        for row in rows:
            if not row.unit.code and row.unit.kind == kind:
                number += 1
                row.unit.code = f"{prefix}{number:05d}"
