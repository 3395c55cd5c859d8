"""After-school service days as filed in the current weekly return of each school."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, FilteredRelation, Q

from afterschool.choices import FORBIDDEN
from afterschool.observation_kinds import COLLECTIVE_TUITION
from schools.models import School
from shuangjian.bureau.models import Institution
from shuangjian.core.choices import Stage
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.evidence.choices import State
from shuangjian.rules.periods import BEGINNING


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


class TuitionSeen(models.Model):
    """讲新课或集体补课, from both sources: a stage's day of a return (``content``), or what a person confirmed at the
    school and nobody has put right yet (``kind``, ``thing``, ``confirmed_on``). No table holds the rows: an evaluation
    derives them (``rules.derived``)."""

    pk = models.CompositePrimaryKey("institution", "about", "day")
    institution = models.ForeignKey(Institution, on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    about = models.CharField(max_length=80)
    day = models.DateField()
    content = ArrayField(models.CharField(max_length=20), null=True)
    kind = models.CharField(max_length=30, null=True)
    thing = models.CharField(max_length=80, null=True)
    confirmed_on = models.DateField(null=True)

    INSTITUTION = "institution"
    OCCURRED_ON = "day"
    ROWS = f"""
SELECT d.school_id AS institution_id, 'stage:' || d.stage AS about, d.day, d.content,
  NULL::varchar AS kind, NULL::varchar AS thing, NULL::date AS confirmed_on
FROM afterschool_serviceday d
WHERE d.school_id = ANY(%s) AND d.day BETWEEN %s AND %s
  AND d.content && ARRAY[{", ".join(f"'{each}'" for each in FORBIDDEN)}]::varchar[]
UNION ALL
SELECT o.institution_id, 'observation:' || o.number, o.occurred_on, NULL, o.kind, o.about, o.confirmed_on
FROM evidence_observation o JOIN bureau_institution i ON i.id = o.institution_id
WHERE o.institution_id = ANY(%s) AND o.occurred_on BETWEEN %s AND %s AND o.kind = '{COLLECTIVE_TUITION}'
  AND o.state = '{State.CONFIRMED.value}' AND o.rectified_on IS NULL AND o.occurred_on >= '{BEGINNING}'
  AND i.kind = '{Institution.Kind.SCHOOL.value}' AND i.stages && ARRAY['primary', 'junior']::varchar[]
"""  # noqa: S608 - built of constants only
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "讲新课或集体补课"
        managed = False
        db_table = "afterschool_tuitionseen"

    def __str__(self) -> str:
        return f"{self.about} {self.day}"
