"""Pictures of advertisements, and from one to a clue. Advertisements are rows of kind ``ads`` (training_orgs.rows)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from shuangjian.bureau.models import Institution
from shuangjian.core.errors import Conflict
from shuangjian.core.locks import lock_institutions
from shuangjian.evidence.choices import Source
from shuangjian.evidence.models import Observation
from shuangjian.evidence.observation_acts import record_observation
from shuangjian.evidence.words import LONGEST_TEXT
from shuangjian.files.services import store
from training_orgs.models import Advertisement
from training_orgs.observation_kinds import ADVERTISING
from training_orgs.selectors.ads import about

#: Kind of row, and the form's field with its pictures.
ADS, PHOTOS = "ads", "photos"


def keep_photos(unit: Institution, number: str, photos: Sequence[UploadedFile], *, actor: Any) -> None:
    """Keep pictures of the institution's advertisement of that number; InvalidInput at one that cannot be kept."""
    for photo in photos:
        store(photo, unit, about(number.strip()), actor, field=PHOTOS)


@transaction.atomic
def record_clue(ad: Advertisement, *, actor: Any) -> Observation:
    """登记为线索: an observation of kind advertising, which proves nothing until a person confirms it. Once an ad."""
    lock_institutions([ad.institution_id])
    known = Observation.objects.filter(institution=ad.institution, kind=ADVERTISING, about=about(ad.number)).first()
    if known is not None:
        raise Conflict(f"广告 {ad.number} 已登记为 {known.number}（{known.get_state_display()}），不再重复登记。")
    medium = f"，{ad.medium}" if ad.medium else ""
    text = f"{ad.seen_on} 在{ad.get_place_display()}{medium}发现广告 {ad.number}：{ad.text}"
    return record_observation(
        ad.institution,
        kind=ADVERTISING,
        about=about(ad.number),
        occurred_on=ad.seen_on,
        source=Source.AUDIT,
        text=text[:LONGEST_TEXT],
        actor=actor,
    )
