"""What happened to an institution, newest first: papers, checks, states, lists, findings found and gone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.dashboards.selectors.jurisdiction import findings_of
from shuangjian.rules.declare import find_rule
from training_orgs.models import Licence, Registration
from training_orgs.selectors.reported import sees_sightings

_MOST = 60
_MOST_FINDINGS = 200


@dataclass(frozen=True)
class Moment:
    """One dated event in words."""

    on: dt.date
    words: str
    icon: str
    url: str = ""


def timeline(unit: Institution, user: User) -> list[Moment]:
    """The last events, newest first; those of findings as far as the reader may see them."""
    moments = [*_of_papers(unit), *_of_states(unit), *_of_sightings(unit, user), *_of_findings(unit, user)]
    return sorted(moments, key=lambda moment: moment.on, reverse=True)[:_MOST]


def _of_papers(unit: Institution) -> Iterator[Moment]:
    papers: list[Licence | Registration] = [*unit.licences.all(), *unit.registrations.all()]
    for paper in papers:
        name = paper.get_kind_display()
        yield Moment(paper.issued_on, f"{name} {paper.number} 发证", "file-earmark-check")
        if paper.ended_on:
            yield Moment(paper.ended_on, f"{name} {paper.number} 注销或吊销", "file-earmark-x")
        elif paper.expires_on and paper.expires_on < clock.today():
            yield Moment(paper.expires_on, f"{name} {paper.number} 到期", "file-earmark-x")
    for profile in unit.org_profiles.all():
        yield Moment(
            profile.valid_from, f"档案：{profile.sign_name or profile.registered_name}，{profile.address}", "shop"
        )


def _of_states(unit: Institution) -> Iterator[Moment]:
    for change in unit.status_changes.all():
        yield Moment(change.on, f"状态变更为{change.get_status_display()}", "flag")
    for entry in unit.list_entries.all():
        yield Moment(entry.entered_on, f"列入{entry.get_kind_display()}", "list-check")
        if entry.left_on:
            yield Moment(entry.left_on, f"移出{entry.get_kind_display()}", "list")
    for check in unit.annual_checks.all():
        yield Moment(
            check.checked_on, f"{check.year} 年度年检{'合格' if check.is_passed else '不合格'}", "clipboard-check"
        )
    for safety in unit.safety_checks.all():
        yield Moment(
            safety.checked_on, f"{safety.get_kind_display()}核查{'通过' if safety.is_passed else '未通过'}", "shield"
        )


def _of_sightings(unit: Institution, user: User) -> Iterator[Moment]:
    for sighting in unit.sightings.all() if sees_sightings(user) else ():
        yield Moment(sighting.seen_on, f"现场发现：{sighting.place}", "eye")


def _of_findings(unit: Institution, user: User) -> Iterator[Moment]:
    for finding in findings_of(user).filter(institution=unit).order_by("-opened_at")[:_MOST_FINDINGS]:
        rule = find_rule(finding.rule)
        title = f"{finding.rule} {rule.title if rule else ''}".strip()
        url = f"/findings/{finding.pk}/"
        yield Moment(clock.local(finding.opened_at).date(), f"发现疑似问题：{title}", "exclamation-triangle", url)
        if finding.cleared_at:
            yield Moment(clock.local(finding.cleared_at).date(), f"疑似问题消除：{title}", "check2", url)
