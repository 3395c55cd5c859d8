"""After-school service days as filed in the current weekly return of each school."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, FilteredRelation, Q

from schools.models import School
from shuangjian.core.choices import Stage
from shuangjian.core.querysets import ScopedQuerySet


class ServiceDayQuerySet(ScopedQuerySet["ServiceDay"]):
    def on_school_days(self) -> ServiceDayQuerySet:
        """Only days that the unit's calendar, as it is now, calls school days; the calendar row is ``unit_day``."""
        unit_days = "school__institution__unit_days"
        return self.annotate(
            unit_day=FilteredRelation(
                unit_days, condition=Q(**{f"{unit_days}__date": F("day"), f"{unit_days}__stage": F("stage")})
            )
        ).filter(unit_day__is_school_day=True)

    def offered(self) -> ServiceDayQuerySet:
        return self.filter(minutes__gt=0)

    def not_offered(self) -> ServiceDayQuerySet:
        """Days on which the school itself ticked 当日无课后服务."""
        return self.filter(minutes=0)


class ServiceDay(models.Model):
    """课后服务日: one stage on one day; ``minutes`` of the afternoon, 0 where 当日无课后服务 was ticked.

    NULL in one of the later columns: not stated. Without service nobody is served and no place is kept (0).
    """

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="service_days")
    week = models.DateField()
    stage = models.CharField(max_length=8, choices=Stage.choices)
    day = models.DateField()
    minutes = models.SmallIntegerField()
    wanting = models.SmallIntegerField(null=True, help_text="pupils who want the service")
    served = models.SmallIntegerField(null=True, help_text="pupils who get it")
    late_wanted = models.SmallIntegerField(null=True, help_text="pupils who want care after 18:30")
    late_places = models.SmallIntegerField(null=True, help_text="places of care after 18:30, 0 where there is none")
    content = ArrayField(models.CharField(max_length=20), null=True, help_text="codes of afterschool.choices.CONTENTS")
    flexible_leaving = models.BooleanField(null=True, help_text="a leaving time is offered and early leaving allowed")
    evening_study_minutes = models.SmallIntegerField(null=True, help_text="junior pupils; not service")

    INSTITUTION = "school__institution"
    OCCURRED_ON = "day"
    objects = ServiceDayQuerySet.as_manager()

    class Meta:
        verbose_name = "课后服务日"
        constraints = [models.UniqueConstraint(fields=["school", "stage", "day"], name="service_day_once")]
        indexes = [models.Index(fields=["school", "week"])]

    def __str__(self) -> str:
        return f"{self.school_id} {self.stage} {self.day}"
