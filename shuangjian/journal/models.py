"""What was done (AuditEntry, sealed by AuditSeal) and what is still to be judged (EvaluationRequest).

Foreign keys are given by string, so that the services of every layer can write here.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from shuangjian.journal.run_models import Run, RunPart

__all__ = [
    "AuditEntry",
    "AuditSeal",
    "ClockTimestamp",
    "CurrentTransaction",
    "EvaluationRequest",
    "Run",
    "RunPart",
    "TransactionTimestamp",
]


class ClockTimestamp(Now):
    """The instant of the statement, not of the transaction's start: order matters while others wait for a lock."""

    template = "clock_timestamp()"

    def as_postgresql(self, compiler, connection, **extra):  # type: ignore[no-untyped-def]
        return self.as_sql(compiler, connection, template=self.template, **extra)


class TransactionTimestamp(Now):
    """When the transaction began: with what it waited for and did before the statement."""

    template = "transaction_timestamp()"

    def as_postgresql(self, compiler, connection, **extra):  # type: ignore[no-untyped-def]
        return self.as_sql(compiler, connection, template=self.template, **extra)


class TransactionId(models.Field):
    """PostgreSQL's xid8: tells which rows can no longer change, since ids do not commit in order."""

    def db_type(self, connection) -> str:  # type: ignore[no-untyped-def]
        return "xid8"


class CurrentTransaction(models.Func):
    """pg_current_xact_id(), as a column default."""

    template = "pg_current_xact_id()"
    output_field = TransactionId()


class AuditEntry(models.Model):
    """操作日志: one act. The application's database role may insert and read these rows, nothing else."""

    class Source(models.TextChoices):
        WEB = "web", "网页"
        API = "api", "接口"
        COMMAND = "command", "命令"
        JOB = "job", "后台任务"

    class Result(models.TextChoices):
        DONE = "done", "成功"
        REFUSED = "refused", "拒绝"

    at = models.DateTimeField(db_default=ClockTimestamp(), verbose_name="时间")
    actor = models.ForeignKey("accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    actor_label = models.CharField(max_length=150, verbose_name="操作者")
    act = models.CharField(max_length=64, verbose_name="操作")
    institution = models.ForeignKey(
        "bureau.Institution", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    target = models.CharField(max_length=200, blank=True, verbose_name="对象")
    detail = models.JSONField(default=dict, verbose_name="内容")
    source = models.CharField(max_length=8, choices=Source.choices, verbose_name="来源")
    ip = models.GenericIPAddressField(null=True, blank=True, verbose_name="地址")
    request_id = models.CharField(max_length=64, blank=True, verbose_name="请求编号")
    result = models.CharField(max_length=8, choices=Result.choices, default=Result.DONE, verbose_name="结果")
    xid = TransactionId(db_default=CurrentTransaction(), editable=False)

    INSTITUTION = "institution"

    class Meta:
        verbose_name = "操作日志"
        ordering = ["-id"]
        indexes = [models.Index(fields=["institution", "-id"]), models.Index(fields=["act", "-id"])]

    def __str__(self) -> str:
        return f"{self.at} {self.actor_label} {self.act} {self.target}"


class AuditSeal(models.Model):
    """封存: SHA-256 over the rows from ``first_id`` to ``last_id`` and the seal before; tampering breaks the chain."""

    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField(unique=True)
    entries = models.IntegerField()
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(db_default=ClockTimestamp())

    class Meta:
        verbose_name = "日志封存"
        ordering = ["last_id"]

    def __str__(self) -> str:
        return f"{self.first_id}–{self.last_id} {self.hash[:12]}"


class EvaluationRequest(models.Model):
    """待评估: the outbox. A row is written in the transaction of the fact that it is about, and says what to judge.

    Scope: one institution; one town; the institutions whose town is unconfirmed; or the whole district, which the
    drain turns into one row a town.

    A town is judged some institutions at a time: those with a primary key up to ``after`` are done, those beyond
    ``upto`` (NULL: no bound) are not asked for. ``runs`` are the ids of the runs that this row belongs to, plain
    numbers, because rows that fail together are kept as one.
    """

    class Scope(models.TextChoices):
        INSTITUTION = "institution", "单位"
        TOWN = "town", "镇街"
        UNASSIGNED = "unassigned", "镇街待核实的单位"
        DISTRICT = "district", "全区"

    scope = models.CharField(max_length=12, choices=Scope.choices)
    institution = models.ForeignKey(
        "bureau.Institution", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    town = models.ForeignKey("bureau.Town", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    rules = ArrayField(models.CharField(max_length=12), null=True, blank=True, help_text="NULL: every rule")
    since = models.DateField()
    until = models.DateField()
    cause = models.CharField(max_length=200)
    runs = ArrayField(models.BigIntegerField(), default=list, blank=True)
    after = models.BigIntegerField(default=0)
    upto = models.BigIntegerField(null=True, blank=True)
    requested_at = models.DateTimeField(db_default=ClockTimestamp())
    next_at = models.DateTimeField(db_default=ClockTimestamp())
    attempts = models.SmallIntegerField(default=0)
    error = models.TextField(blank=True)
    parked_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "待评估"
        constraints = [
            models.CheckConstraint(condition=Q(since__lte=F("until")), name="evaluation_request_range"),
            models.CheckConstraint(
                condition=Q(scope="institution", institution__isnull=False, town__isnull=True)
                | Q(scope="town", town__isnull=False, institution__isnull=True)
                | Q(scope__in=["unassigned", "district"], town__isnull=True, institution__isnull=True),
                name="evaluation_request_scope",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at"],
                name="evaluation_request_due",
                condition=Q(done_at__isnull=True, parked_at__isnull=True),
            ),
            models.Index(fields=["done_at"], name="evaluation_request_done", condition=Q(done_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.institution_id or self.town_id or ''} {self.since}–{self.until} ({self.cause})"
