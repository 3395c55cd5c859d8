"""What rules read of complaints beside refunds, and of all that an institution says of itself: SQL views of migration
0004, so nothing here is ever written."""

from __future__ import annotations

from django.db import models

from shuangjian.bureau.models import Institution
from shuangjian.core.querysets import ScopedQuerySet
from training_orgs.models.courses import Course
from training_orgs.models.register import OrgProfile


class DisputeDay(models.Model):
    """A day on which somebody complained of a fee or asked an institution for a refund.

    ``recent``: complaints and requests of the 30 days to it; ``base``: of the 56 days before those; ``…_before``: the
    same as of the day before. Duplicates, refuted complaints and withdrawn requests do not count; requests of cancelled
    orders do.
    """

    institution = models.ForeignKey(Institution, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    day = models.DateField()
    recent = models.IntegerField()
    base = models.IntegerField()
    recent_before = models.IntegerField()
    base_before = models.IntegerField()

    INSTITUTION = "institution"
    OCCURRED_ON = "day"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "training_orgs_disputeday"

    def __str__(self) -> str:
        return f"{self.institution_id} {self.day}"


class OfferedText(models.Model):
    """A text by which an institution offers its teaching: its names (``course`` NULL; one row for each profile, and one
    without for a day that has none), or a course's title and text. ``since``, ``until``: from when to when."""

    institution = models.ForeignKey(Institution, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    profile = models.ForeignKey(
        OrgProfile, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    course = models.ForeignKey(Course, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    about = models.CharField(max_length=40)
    since = models.DateField(null=True)
    until = models.DateField(null=True)
    text = models.TextField()

    INSTITUTION = "institution"
    OCCURRED_ON = ""
    objects = ScopedQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "training_orgs_offeredtext"

    def __str__(self) -> str:
        return self.about
