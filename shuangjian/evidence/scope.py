"""Who sees what of complaints and observations. Whoever is complained about never learns of the complaint from here."""

from __future__ import annotations

import re
from typing import Any
from unicodedata import normalize

from django.db.models import Q, QuerySet

from shuangjian.bureau.models import Institution
from shuangjian.core.masking import mask_name, mask_number
from shuangjian.core.querysets import Principal, ScopedQuerySet, power_of
from shuangjian.evidence.choices import State
from shuangjian.evidence.models import Complaint, Observation

#: Roles that work on complaints and observations, each within its jurisdiction.
ABOVE = frozenset({"bureau", "centre", "town"})
BUREAU = frozenset({"bureau"})
#: What an inspector must know before a visit: what is still open or was found true. 未查实 is over.
_FOR_INSPECTORS = (State.CLUE, State.CHECKING, State.CONFIRMED)
_OF_TRAINING = (Institution.Kind.TRAINING_ORG, Institution.Kind.SUSPECTED_SITE)
_NUMBER_IN_TEXT = re.compile(r"(?<!\d)(?:\d[ -]?){7,18}(?!\d)")
_HIDDEN = "＊＊＊"


def complaints_of(principal: Principal | None) -> QuerySet[Complaint]:
    """Complaints that ``principal`` may know of.

    Bureau: all. Town and centre: those about their institutions, and those nobody has linked yet in their towns.
    Departments: those about training institutions of their jurisdiction. Schools, institutions, anyone else: none.
    """
    power = power_of(principal)
    rows = Complaint.objects.all()
    if power == "dept":
        return rows.visible_to(principal).filter(institution__kind__in=_OF_TRAINING)
    if power not in ABOVE or principal is None:
        return rows.none()
    if power == "bureau":
        return rows.visible_to(principal)
    jurisdiction = principal.jurisdiction("institution")
    unlinked = Q(institution__isnull=True, town__isnull=False)
    town_id, centre_id = getattr(principal, "town_id", None), getattr(principal, "centre_id", None)
    if power == "town":
        unlinked &= Q(town_id=town_id)
    else:
        towns = Institution.objects.filter(centre_id=centre_id, town__isnull=False).values("town_id")
        unlinked &= Q(town_id__in=towns)
    # Whoever has no jurisdiction (a person on an expired slip) has none over unlinked complaints either.
    return rows.filter(jurisdiction | unlinked) if _acts(principal) else rows.none()


def observations_of(principal: Principal | None) -> ScopedQuerySet[Observation]:
    """Observations that ``principal`` may know of: those above see all states in their jurisdiction, an inspector all
    but 未查实 of the institutions of open visits, others what was found true about themselves."""
    rows, power = Observation.objects.visible_to(principal), power_of(principal)
    if power in ABOVE:
        return rows
    return rows.filter(state__in=_FOR_INSPECTORS if power == "inspector" else (State.CONFIRMED,))


def sees_source(principal: Any) -> bool:
    """Whether the reader may learn where an observation came from: a source 投诉 betrays the complaint."""
    return power_of(principal) in ABOVE


def sees_complainant(principal: Any, complaint: Complaint) -> bool:
    """The bureau, and the town for complaints of its own town."""
    power = power_of(principal)
    if power == "bureau":
        return True
    if power != "town":
        return False
    town_id = complaint.institution.town_id if complaint.institution is not None else complaint.town_id
    return town_id is not None and town_id == getattr(principal, "town_id", None)


def complainant(principal: Any, complaint: Complaint) -> tuple[str, str]:
    """Name and phone as this reader may see them; nothing at all for whom the complaint is not."""
    if sees_complainant(principal, complaint):
        return complaint.complainant_name, complaint.complainant_phone
    if power_of(principal) not in ABOVE:
        return "", ""
    return mask_name(complaint.complainant_name), mask_number(complaint.complainant_phone)


def shown_text(principal: Any, complaint: Complaint) -> str:
    """What was said, without the complainant's name and without telephone numbers where those are not the reader's."""
    return complaint.text if sees_complainant(principal, complaint) else without_people(complaint.text, complaint)


def without_people(text: str, complaint: Complaint | None = None) -> str:
    """The text without the complainant and without anything that looks like a telephone or identity number."""
    for words in _people(complaint) if complaint is not None else ():
        text = words.sub(_HIDDEN, text)
    return _NUMBER_IN_TEXT.sub(_HIDDEN, text)


#: Where names_complainant() holds; what to do about it follows.
GIVES_AWAY = "被投诉单位看得到核查情况，其中写有投诉人的姓名或电话"


def names_complainant(text: str, complaint: Complaint) -> bool:
    """Whether a text that the institution will read gives the complainant away, however it is spaced or typed."""
    return any(words.search(form) for words in _people(complaint) for form in (text, normalize("NFKC", text)))


def _people(complaint: Complaint) -> list[re.Pattern[str]]:
    """What finds the complainant's name and number in a text: 张 三, 138-0000 0001."""
    words = (complaint.complainant_name, complaint.complainant_phone)
    return [re.compile(r"[\s·.\-—－]*".join(map(re.escape, word))) for word in words if len(word) > 1]


def _acts(principal: Any) -> bool:
    return bool(getattr(principal, "may_act", True))
