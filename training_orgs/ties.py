"""What ties sites of one operator together: their brand, as of today."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from training_orgs.models import TrainingOrg


def of_one_brand(institution: Any) -> QuerySet[Any]:
    """Ids of the institutions of the brand that ``institution`` (an id or a reference to one) bears."""
    return TrainingOrg.objects.filter(brand__orgs=institution).values("institution_id")
