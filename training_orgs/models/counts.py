"""How many subject institutions stood at the end of each month: an SQL view (migration 0005), never written."""

from __future__ import annotations

from django.db import models

from shuangjian.bureau.models import Institution
from shuangjian.core.querysets import ScopedQuerySet


class SubjectCount(models.Model):
    """One month of one public body: a town's counts its town, the bureau's the district.

    ``licences``: institutions with a subject school-running licence in force on the month's last day, by the town in
    which they lie now; ``before``: the same a month earlier; ``baseline``: SubjectBaseline, NULL where there is none.
    Months from 2021-09 on, those to come among them.
    """

    institution = models.ForeignKey(Institution, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    month = models.DateField(help_text="its first day")
    licences = models.IntegerField()
    before = models.IntegerField()
    baseline = models.IntegerField(null=True)

    INSTITUTION = "institution"
    OCCURRED_ON = "month"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "training_orgs_subjectcount"
        verbose_name = "学科类机构数"

    def __str__(self) -> str:
        return f"{self.institution_id} {self.month} {self.licences}"
