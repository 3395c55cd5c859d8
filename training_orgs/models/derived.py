"""What rules read of orders, class log, teaching plan and ledger at once: SQL views, so nothing here is ever written.

The views are in migrations 0003 and 0007. A condition on institution and date reaches the tables below (PostgreSQL
pushes it down), so that judging one institution's week reads no other. Cancelled orders and sessions are in none.
"""

from __future__ import annotations

from typing import Any

from django.db import models

from shuangjian.bureau.models import Institution
from shuangjian.core.querysets import ScopedQuerySet
from training_orgs.choices import Mode
from training_orgs.models.money import HOURS, YUAN


class _OfInstitution(models.Model):
    institution: Any = models.ForeignKey(
        Institution, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )

    INSTITUTION = "institution"
    OCCURRED_ON = "paid_on"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        abstract = True
        managed = False


class OrderSpan(_OfInstitution):
    """An order and the days that it pays for. ``ends_on``: as agreed, else the last session of its courses from
    ``starts_on`` on; NULL where neither is known."""

    contract_no = models.CharField(max_length=40)
    pupil = models.CharField(max_length=40)
    paid_on = models.DateField()
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)

    class Meta(_OfInstitution.Meta):
        db_table = "training_orgs_orderspan"

    def __str__(self) -> str:
        return self.contract_no


class OrderPlan(_OfInstitution):
    """An order and ``first_on``, the first session of its courses within the span; NULL where it has none."""

    contract_no = models.CharField(max_length=40)
    paid_on = models.DateField()
    starts_on = models.DateField()
    first_on = models.DateField(null=True)

    class Meta(_OfInstitution.Meta):
        db_table = "training_orgs_orderplan"

    def __str__(self) -> str:
        return self.contract_no


class RestLesson(_OfInstitution):
    """A session on a rest day of a subject course of compulsory education, within the span of an order that pays for
    the course (no end given: any day from its beginning on). One row a session and line: count distinct."""

    order_id = models.BigIntegerField(primary_key=True)
    contract_no = models.CharField(max_length=40)
    paid_on = models.DateField()
    course_id = models.BigIntegerField()
    day = models.DateField()

    class Meta(_OfInstitution.Meta):
        db_table = "training_orgs_restlesson"

    def __str__(self) -> str:
        return f"{self.contract_no} {self.day}"


class LinePrice(_OfInstitution):
    """A line for a subject course of compulsory education and the guide price in force when it was paid.

    ``minutes``: of all its hours, gifts included, above zero; ``guide``: yuan per standard hour, NULL where there is
    none for the mode and class size. A later price of the same class size ends the one before.
    """

    contract_no = models.CharField(max_length=40)
    paid_on = models.DateField()
    position = models.PositiveSmallIntegerField()
    course_no = models.CharField(max_length=30)
    mode = models.CharField(max_length=8, choices=Mode.choices)
    amount = models.DecimalField(**YUAN)
    minutes = models.DecimalField(max_digits=12, decimal_places=2)
    guide = models.DecimalField(max_digits=10, decimal_places=2, null=True)

    class Meta(_OfInstitution.Meta):
        db_table = "training_orgs_lineprice"

    def __str__(self) -> str:
        return f"{self.contract_no}/{self.position}"


class FeeCharge(_OfInstitution):
    """一次收费: all that one pupil paid for one subject on one day. ``contract_no`` is the greatest of its orders.

    ``hours``: nominal, gifts included; ``offline_minutes`` and ``online_minutes``: the same in minutes.
    """

    contract_no = models.CharField(max_length=40, primary_key=True)
    pupil = models.CharField(max_length=40)
    subject = models.CharField(max_length=20)
    paid_on = models.DateField()
    hours = models.DecimalField(**HOURS)
    offline_minutes = models.DecimalField(max_digits=12, decimal_places=2)
    online_minutes = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta(_OfInstitution.Meta):
        db_table = "training_orgs_feecharge"

    def __str__(self) -> str:
        return f"{self.pupil}/{self.subject} {self.paid_on}"


class ChargeHistory(_OfInstitution):
    """A charge (pupil, subject, ``paid_on``) and one line of that subject paid on that day or before.

    ``line_id`` is the line; ``line_paid_on``, ``starts_on`` and ``ends_on`` are its order's (as in OrderSpan);
    ``hours`` its nominal hours, ``left_hours`` those not taken by the end of the day of the charge; ``is_open``: no
    refund of the order was paid by then.
    """

    line_id = models.BigIntegerField(primary_key=True)
    pupil = models.CharField(max_length=40)
    subject = models.CharField(max_length=20)
    paid_on = models.DateField()
    line_paid_on = models.DateField()
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    hours = models.DecimalField(**HOURS)
    left_hours = models.DecimalField(**HOURS)
    is_open = models.BooleanField()

    class Meta(_OfInstitution.Meta):
        db_table = "training_orgs_chargehistory"

    def __str__(self) -> str:
        return f"{self.pupil}/{self.subject} {self.paid_on}"


class CustodyGap(_OfInstitution):
    """Money outside custody: a direct order (``about`` its contract) that no sufficient reserve covers on the day of
    payment, or a day (``about`` self) whose ledger differs from paid − consumed − refunded; ``observed`` and ``limit``
    in yuan. Both are read from DailyBalance."""

    about = models.CharField(max_length=60, primary_key=True)
    day = models.DateField()
    observed = models.DecimalField(**YUAN)
    limit = models.DecimalField(**YUAN)

    OCCURRED_ON = "day"

    class Meta(_OfInstitution.Meta):
        db_table = "training_orgs_custodygap"

    def __str__(self) -> str:
        return f"{self.about} {self.day}"
