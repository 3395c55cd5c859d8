"""校外培训机构: so far what plugs into Institution; the register is a later part of the product."""

from __future__ import annotations

from django.db import models

from shuangjian.bureau.models import Institution
from shuangjian.core.querysets import ScopedQuerySet


class TrainingOrg(models.Model):
    """校外培训机构. Name, town, category and status stand on its Institution."""

    institution = models.OneToOneField(
        Institution, primary_key=True, on_delete=models.CASCADE, related_name="training_org"
    )

    INSTITUTION = "institution"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "校外培训机构"

    def __str__(self) -> str:
        return self.institution.name
