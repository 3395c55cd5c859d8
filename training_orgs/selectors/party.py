"""One party page: everything that is known of an institution, as of a day. Constant query count."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q
from django.urls import reverse

from shuangjian.accounts.models import DISTRICT_NAME, RoleKind, User
from shuangjian.bureau.models import Department, Institution
from shuangjian.core.masking import mask_name, mask_number
from shuangjian.core.querysets import power_of
from shuangjian.dashboards.selectors.alerts import AlertLine, overdue_first
from shuangjian.dashboards.selectors.jurisdiction import alerts_of, findings_of
from shuangjian.dashboards.selectors.wording import FindingLine
from training_orgs.models import OrgProfile, StatusChange, TrainingOrg
from training_orgs.rows import get_kind, may_file
from training_orgs.selectors.paper_history import paper_history
from training_orgs.selectors.papers import in_force, licence_state
from training_orgs.selectors.reported import sees_sightings
from training_orgs.selectors.section import Section
from training_orgs.selectors.sections import sections
from training_orgs.selectors.timeline import timeline
from training_orgs.services.sites import PHOTO_PURPOSE

_MOST_FINDINGS = 50
#: Roles of the government, who see whom they supervise by name.
_SEES_NAMES = frozenset({RoleKind.BUREAU, RoleKind.CENTRE, RoleKind.TOWN})
_SEES_HISTORY = _SEES_NAMES | {RoleKind.DEPARTMENT}


def party_page(user: User, unit: Institution, day: dt.date, today: dt.date) -> dict[str, Any]:
    """Context of the page of ``unit``; profile, papers and state as of ``day``, findings as they stand now."""
    org = TrainingOrg.objects.select_related("brand").get(pk=unit.pk)
    profile = profile_on(unit, day)
    shows_names = power_of(user) in _SEES_NAMES or user.institution_id == unit.pk
    findings = list(
        findings_of(user).open().undismissed().filter(institution=unit).order_by("-severity", "-occurred_on", "about")
    )
    alerts = list(overdue_first(alerts_of(user).unclosed().filter(institution=unit), today))
    is_site = unit.kind == Institution.Kind.SUSPECTED_SITE
    papers = licence_state(
        has_licence=unit.licences.filter(in_force(day)).exists(),
        has_registration=unit.registrations.filter(in_force(day)).exists(),
    )
    return {
        "unit": unit,
        "org": org,
        "profile": profile,
        "day": day,
        "is_today": day == today,
        "is_site": is_site,
        "papers": papers,
        "status": status_on(unit, day),
        "facts": _facts(org, profile, shows_names, _last_seen(user, unit, day)),
        "siblings": _siblings(user, org),
        "finding_lines": [FindingLine.of(finding) for finding in findings[:_MOST_FINDINGS]],
        "findings_total": len(findings),
        "alert_lines": [AlertLine.of(alert) for alert in alerts],
        "sections": _sections(user, unit, day, shows_names=shows_names),
        "timeline": timeline(unit, user),
        "photos": list(unit.files.visible_to(user).filter(purpose__startswith=PHOTO_PURPOSE).order_by("-uploaded_at")),
        "heading": _heading(unit, len(findings), str(papers.label))
        if day == today
        else f"{unit.name}在 {day}：{status_on(unit, day)}，{papers.label}",
        "scope_trail": party_trail(user, unit),
        "may_file": power_of(user) == RoleKind.BUREAU or user.institution_id == unit.pk,
        "may_decide": power_of(user) == RoleKind.BUREAU,
        "may_report": power_of(user) in _SEES_NAMES,
        "may_note_ads": may_file(user, get_kind("ads"), unit.pk),
    }


def _sections(user: User, unit: Institution, day: dt.date, *, shows_names: bool) -> list[Section]:
    """The parts of the page; who wrote down a paper is told to those who supervise."""
    parts = sections(unit, user, day, shows_names=shows_names, shows_money=power_of(user) != RoleKind.INSPECTOR)
    if power_of(user) in _SEES_HISTORY:
        after = next(at for at, part in enumerate(parts, 1) if part.key == "papers")
        parts.insert(after, paper_history(unit))
    return parts


def profile_on(unit: Institution, day: dt.date) -> OrgProfile | None:
    """What the institution was on ``day``; None before its first profile or where none is on record."""
    holds = Q(valid_from__lte=day) & (Q(valid_until__isnull=True) | Q(valid_until__gte=day))
    return unit.org_profiles.filter(holds).first()


def status_on(unit: Institution, day: dt.date) -> str:
    """The state on ``day`` in words; 正常 where no change is on record before it."""
    change = StatusChange.objects.filter(institution=unit, on__lte=day).order_by("-on").first()
    return change.get_status_display() if change else "正常"


def party_trail(user: User, unit: Institution) -> list[dict[str, str]]:
    """区 › 镇街 › 机构; a link only where the reader's jurisdiction reaches."""
    if user.institution_id == unit.pk:
        return [{"label": DISTRICT_NAME, "url": ""}, {"label": unit.name, "url": ""}]
    if user.role_kind == RoleKind.INSPECTOR:  # no register is open to an inspector
        return [{"label": "检查", "url": reverse("home")}, {"label": unit.name, "url": ""}]
    steps = [{"label": DISTRICT_NAME, "url": reverse("training_orgs")}]
    if unit.town:
        steps.append({"label": unit.town.name, "url": f"{reverse('training_orgs')}?town={unit.town.code}"})
    return [*steps, {"label": unit.name, "url": ""}]


def _heading(unit: Institution, findings: int, papers: str) -> str:
    verdict = f"有 {findings} 条疑似问题" if findings else "没有疑似问题"
    return f"{unit.name}{verdict}，{papers}"


def _department(code: str) -> str:
    """Name of the competent department that the profile states."""
    return Department.objects.filter(code=code).values_list("name", flat=True).first() or code if code else ""


def _last_seen(user: User, unit: Institution, day: dt.date) -> tuple[str, str]:
    """Where the site was last seen by ``day``, and with what papers; nothing to whom sightings are closed."""
    seen = list(unit.sightings.filter(seen_on__lte=day).order_by("-seen_on", "-pk")) if sees_sightings(user) else []
    papers = next(
        (f"{each.get_licence_state_display()}（{each.seen_on} 看到）" for each in seen if each.licence_state), ""
    )
    return (seen[0].place if seen else ""), papers


def _facts(
    org: TrainingOrg, profile: OrgProfile | None, shows_names: bool, last_seen: tuple[str, str]
) -> list[tuple[str, str]]:
    """Labels and values; where there is no profile, at least the place that somebody saw."""
    person = org.legal_person if shows_names else mask_name(org.legal_person)
    phone = org.phone if shows_names else mask_number(org.phone)
    place, papers = last_seen
    facts = [
        ("统一社会信用代码", org.uscc or "没有"),
        ("发现地点", place if profile is None else ""),
        ("现场证照", papers),
    ]
    if profile is not None:
        facts += [
            ("登记名称", profile.registered_name),
            ("招牌名称", profile.sign_name),
            ("培训类别", profile.get_category_display()),
            ("主管部门", _department(profile.department)),
            ("地址", profile.address),
            ("位置", f"北纬 {profile.latitude}，东经 {profile.longitude}" if profile.latitude is not None else ""),
            ("面积", f"{profile.area_m2} 平方米" if profile.area_m2 is not None else ""),
            ("同时容纳", f"{profile.capacity} 人" if profile.capacity is not None else ""),
            ("授课方式", "仅线上" if profile.is_online_only else ""),
        ]
    facts += [("法定代表人/举办者", person), ("联系电话", phone), ("品牌", org.brand.name if org.brand else "")]
    return [(label, value) for label, value in facts if value]


def _siblings(user: User, org: TrainingOrg) -> list[Institution]:
    """The other sites of the same brand that the reader may see."""
    if org.brand_id is None:
        return []
    others = Institution.objects.visible_to(user).filter(training_org__brand_id=org.brand_id).exclude(pk=org.pk)
    return list(others.order_by("pinyin"))
