"""The record of a visit as it is read: one version, frozen at its handing in; before that the visit as it stands."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse

from inspections.choices import Decision, Verdict, VisitState
from inspections.models import Visit, VisitVersion
from inspections.pages.form import clause_label, size_words
from inspections.pages.open_matters import open_matters
from inspections.pages.people import position_words
from inspections.selectors import filed_visits_to
from inspections.services.review import may_review
from inspections.services.versions import record_of
from inspections.services.visits import is_above, is_inspector
from shuangjian.accounts.models import RoleKind, User
from shuangjian.bureau.models import Institution
from shuangjian.core.choices import Severity
from shuangjian.evidence.choices import State
from shuangjian.evidence.models import Observation

#: People of the institution itself: they see what was filed and found true, never purpose, photos or clues.
_OWN = (RoleKind.SCHOOL, RoleKind.ORG)


def is_own(user: User) -> bool:
    """Whether the reader belongs to the institution that was visited."""
    return user.role_kind in _OWN


def record_page(user: User, visit: Visit, asked_version: str, today: dt.date) -> dict[str, Any]:
    """Context of ``visit_record.html`` for those above and the inspectors; ``asked_version``: the number in the
    address, "" for the newest that was handed in."""
    versions = list(visit.versions.select_related("handed_in_by", "reviewed_by"))
    shown = _chosen(versions, asked_version)
    record = shown.record if shown is not None else record_of(visit)
    originals = _originals(visit) if user.role_kind == RoleKind.BUREAU else {}
    photos = {each["key"]: _photo(visit, each, originals.get(each["key"], "")) for each in record["photos"]}
    groups = _groups(record, photos)
    failed = [line for group in groups for line in group["lines"] if line["verdict"] == Verdict.FAILED]
    return {
        "visit": visit,
        "unit": visit.institution,
        "unit_url": unit_url(user, visit.institution),
        "record": record,
        "shown": shown,
        "is_newest": shown is None or shown == versions[0],
        "versions": versions,
        "groups": groups,
        "failed": failed,
        "place_photos": [photos[each["key"]] for each in record["photos"] if not each["item"]],
        "photos_total": len(photos),
        "facts": _facts(record),
        "steps": list(visit.steps.order_by("-pk")),
        "open_matters": open_matters(user, visit.institution, today) if visit.state == VisitState.PLANNED else None,
        "consequences": _consequences(visit),
        "heading": _heading(visit, failed),
        "may_review": visit.state == VisitState.HANDED_IN and may_review(visit, user),
        "may_correct": visit.state == VisitState.FILED and (is_inspector(visit, user) or is_above(visit, user)),
        "may_cancel": _may_cancel(user, visit),
        "print_url": _print_url(visit, shown),
    }


def own_page(visit: Visit) -> dict[str, Any]:
    """Context of ``visit_own.html``: what an institution may know of a filed visit to itself, also while a correction
    of it is under way."""
    filed = visit.versions.filter(filed_at__isnull=False).order_by("-number", "-pk")[0]
    found = [
        {**each, "clause_label": clause_label(each["clause"])}
        for each in filed.record["answers"]
        if each["verdict"] == Verdict.FAILED and each["decision"] == Decision.CONFIRMED
    ]
    return {"visit": visit, "unit": visit.institution, "record": filed.record, "found": found, "filed": filed}


def filed_to(user: User) -> QuerySet[Visit]:
    """Visits to the reader's own school or training institution of which something was filed; none to anybody else.
    Only for the pages that show the filed version as the institution may know it."""
    if not is_own(user):
        return Visit.objects.none()
    filed = VisitVersion.objects.filter(filed_at__isnull=False).values("visit")
    return Visit.objects.filter(user.jurisdiction("institution"), pk__in=filed)


def own_visits(user: User, unit: Institution) -> list[dict[str, Any]]:
    """Filed visits to the reader's own institution, newest first: selectors.FiledVisit and the address. Two queries."""
    keys = dict(filed_to(user).filter(institution=unit).values_list("number", "key"))
    return [
        {"visit": each, "url": reverse("visit", args=[keys[each.number]])}
        for each in filed_visits_to(unit)
        if each.number in keys
    ]


def unit_url(user: User, unit: Institution) -> str:
    """The page of a school or of an institution of the register; "" for whom it is not, as an inspector afterwards."""
    if not Institution.objects.visible_to(user).filter(pk=unit.pk).exists():
        return ""
    name = "unit" if unit.kind == Institution.Kind.SCHOOL else "training_org"
    return reverse(name, args=[unit.code])


def _chosen(versions: list[VisitVersion], asked: str) -> VisitVersion | None:
    if not versions:
        return None
    return next((each for each in versions if str(each.number) == asked), versions[0])


def _groups(record: dict[str, Any], photos: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = []
    severities = dict(Severity.choices)
    for answer in record["answers"]:
        if not groups or groups[-1]["name"] != answer["group"]:
            groups.append({"name": answer["group"], "lines": []})
        verdict, decision = answer["verdict"], answer["decision"]
        groups[-1]["lines"].append(
            {
                **answer,
                "verdict_label": str(Verdict(verdict).label) if verdict else "未填",
                "decision_label": str(Decision(decision).label) if decision else "",
                "severity_label": severities[answer["severity"] or answer["default_severity"]],
                "severity": answer["severity"] or answer["default_severity"],
                "clause_label": clause_label(answer["clause"]),
                "due": dt.date.fromisoformat(answer["due_on"]) if answer["due_on"] else None,
                "pictures": [photos[key] for key in answer["photos"] if key in photos],
            }
        )
    return groups


def _originals(visit: Visit) -> dict[str, str]:
    """Where the bureau takes out the sealed bytes of each photo, by the photo's key."""
    sealed = visit.photos.exclude(stored__sealed_path="").values_list("key", "stored__key")
    return {str(key): reverse("file_original", args=[stored]) for key, stored in sealed}


def _photo(visit: Visit, photo: dict[str, Any], original_url: str) -> dict[str, Any]:
    taken, received = photo["taken_at"], photo["received_at"]
    return {
        **photo,
        "url": reverse("visit_photo", args=[visit.key, photo["key"]]),
        "size_words": size_words(photo["size"]),
        "original_url": original_url,
        "taken": dt.datetime.fromisoformat(taken) if taken else None,
        "received": dt.datetime.fromisoformat(received) if received else None,
    }


def _facts(record: dict[str, Any]) -> list[tuple[str, str]]:
    """What is known beside the answers, blank ones left out."""
    place = record["place"]
    people = [f"{each['name']}（{each['unit']}{'，主办' if each['is_lead'] else ''}）" for each in record["inspectors"]]
    companions = [
        f"{each['name']}（{each['unit']}）" if each["unit"] else each["name"] for each in record["companions"]
    ]
    met = [f"{each['name']}（{each['post']}）" if each["post"] else each["name"] for each in record["people_met"]]
    begun = dt.datetime.fromisoformat(record["started_at"]) if record["started_at"] else None
    where = position_words(place["latitude"], place["accuracy_m"], place["distance_m"]) if begun else ""
    list_ = record["checklist"]
    facts = [
        ("方式", record["kind_label"]),
        ("开始", f"{begun:%Y-%m-%d %H:%M}" if begun else ""),
        ("位置", "；".join(part for part in (where, place["note"]) if part)),
        ("检查人员", "、".join(people)),
        ("同行人员", "、".join(companions)),
        ("参与部门", "、".join(each["name"] for each in record["departments"])),
        ("被检查单位人员", "、".join(met)),
        ("事由", record["purpose"]),
        ("投诉线索", record["complaint"]),
        ("回头看", record["follows"]),
        ("检查表", f"{list_['title']} 第 {list_['number']} 版" if list_ else ""),
        ("检查结果", record["result_label"]),
    ]
    return [(label, value) for label, value in facts if value]


def _consequences(visit: Visit) -> list[dict[str, Any]]:
    """Observations that the filed visit led to, with their rectification; two queries."""
    numbers = visit.answers.filter(observation__isnull=False).values("observation")
    rows = Observation.objects.filter(pk__in=numbers).exclude(state=State.REFUTED).order_by("pk")
    found = []
    for each in rows.prefetch_related("rectifications"):
        rectification = next((row for row in each.rectifications.all() if row.state != "cancelled"), None)
        found.append({"observation": each, "rectification": rectification})
    return found


def _heading(visit: Visit, failed: list[dict[str, Any]]) -> str:
    name = visit.institution.name
    if visit.state in (VisitState.PLANNED, VisitState.CANCELLED):
        return f"{name}：检查{visit.get_state_display()}"
    confirmed = sum(line["decision"] == Decision.CONFIRMED for line in failed)
    if not failed:
        return f"{name}：没有不符合的要点"
    filed = f"，查实 {confirmed} 项" if confirmed else ""
    return f"{name}：{len(failed)} 项不符合{filed}"


def _may_cancel(user: User, visit: Visit) -> bool:
    if visit.state not in (VisitState.PLANNED, VisitState.UNDER_WAY) or visit.version > 1:
        return False
    return is_above(visit, user) or is_inspector(visit, user)


def _print_url(visit: Visit, shown: VisitVersion | None) -> str:
    if shown is None:
        return ""
    try:
        return f"{reverse('visit_record_pdf', args=[visit.key])}?version={shown.number}"
    except NoReverseMatch:  # this portal is run without printing
        return ""
