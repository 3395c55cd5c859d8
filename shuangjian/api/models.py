"""Idempotency-Key: what was answered to a write, so that sending it again does nothing and answers the same."""

from __future__ import annotations

from django.db import models

from shuangjian.accounts.models import ApiToken


class IdempotencyKey(models.Model):
    """One key of one token for one method and path. A row exists only with its answer, both in one transaction.

    ``body_sha256`` is over the canonical JSON of the request, so that the same key with another body is noticed.
    """

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="+")
    method = models.CharField(max_length=6)
    path = models.CharField(max_length=200)
    key = models.CharField(max_length=100)
    body_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "幂等键"
        constraints = [
            models.UniqueConstraint(fields=["token", "method", "path", "key"], name="idempotency_key_once"),
        ]
        indexes = [models.Index(fields=["created_at"])]

    def __str__(self) -> str:
        return f"{self.token_id} {self.method} {self.path} {self.key}"
