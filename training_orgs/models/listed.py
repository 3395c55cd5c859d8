"""What lists mean for training institutions: operating while black-listed, and who is on no list (SQL views)."""

from __future__ import annotations

from django.db import models

from shuangjian.bureau.models import Institution
from shuangjian.core.querysets import ScopedQuerySet


class BlackListedDay(models.Model):
    """A course that was held, or an order that was paid, on a day on which its institution stood on the black list.

    ``about`` is session:<course> or order:<contract>. Cancelled sessions and orders are left out; days to come are not.
    """

    institution = models.ForeignKey(Institution, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    about = models.CharField(max_length=60, primary_key=True)
    day = models.DateField()

    INSTITUTION = "institution"
    OCCURRED_ON = "day"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "training_orgs_blacklistedday"
        verbose_name = "黑名单机构经营日"

    def __str__(self) -> str:
        return f"{self.institution_id} {self.about} {self.day}"


class ToBeListed(models.Model):
    """An institution (``org``) that was licensed on a yearly list date; ``institution`` is the bureau's public body."""

    institution = models.ForeignKey(Institution, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    org = models.OneToOneField(
        Institution, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+", primary_key=True
    )
    list_date = models.DateField()

    INSTITUTION = "institution"
    OCCURRED_ON = ""
    objects = ScopedQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "training_orgs_tobelisted"
        verbose_name = "应列名单机构"

    def __str__(self) -> str:
        return f"{self.org_id} {self.list_date}"
