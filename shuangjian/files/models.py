"""One stored file: its bytes are kept once by content; what it shows belongs to one institution."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Self

from django.db import models
from django.db.models import F, Q

from shuangjian.bureau.models import Institution
from shuangjian.core.querysets import Principal, ScopedQuerySet, power_of

#: Beginnings of the purposes whose files an institution may see of itself, whoever sent them. What is not named here,
#: such as a complaint's attachments or an inspector's photos, it sees only where its own people sent it.
SHOWN_TO_THE_INSTITUTION = ("ad:", "licence:", "list:", "order:", "rect:", "refund:")
#: What an inspector on an open visit may see of the institution: papers, advertisements, what was
#: seen on the spot, and rectifications. Files of orders and refunds are about pupils' families.
SHOWN_TO_INSPECTORS = ("ad:", "licence:", "rect:", "site:")
_OF_AN_INSTITUTION = frozenset({"school", "org", "teacher"})
#: (principal) → condition on StoredFile, by the beginning of the purpose: see ``register_shown_by``.
_shown_by: dict[str, Callable[[Any], Q]] = {}


def register_shown_by(beginning: str, condition: Callable[[Any], Q]) -> None:
    """Files whose purpose begins so are shown by ``condition(principal)`` alone, whatever the jurisdiction: a photo to
    whoever may see what it is part of. Called when a domain gets ready."""
    _shown_by[beginning] = condition


def _for(purposes: tuple[str, ...]) -> Q:
    meant = Q()
    for beginning in purposes:
        meant |= Q(purpose__startswith=beginning)
    return meant


class StoredFileQuerySet(ScopedQuerySet["StoredFile"]):
    def visible_to(self, principal: Principal | None) -> Self:
        rows = self._within(principal)
        for beginning, condition in _shown_by.items():
            of_domain = Q(purpose__startswith=beginning)
            rows = rows.exclude(of_domain) | self.filter(of_domain).filter(condition(principal))
        return rows

    def _within(self, principal: Principal | None) -> Self:
        """By jurisdiction, and by what the role may see of an institution."""
        rows = super().visible_to(principal)
        if power_of(principal) in _OF_AN_INSTITUTION:
            return rows.filter(Q(uploaded_by__institution=F("institution")) | _for(SHOWN_TO_THE_INSTITUTION))
        if power_of(principal) == "inspector":
            return rows.filter(_for(SHOWN_TO_INSPECTORS))
        return rows


class StoredFile(models.Model):
    """文件. ``sha256`` seals what was received; ``path`` is where the bytes to show lie in the media storage (a picture
    is re-encoded without EXIF, so its own hash differs), ``sealed_path`` where the original lies, which only the bureau
    may take out. ``purpose`` names what it is shown with."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="files")
    purpose = models.CharField(max_length=40, verbose_name="用途", help_text="such as site:<pk>, ad:<number>")
    name = models.CharField(max_length=120, verbose_name="文件名")
    media_type = models.CharField(max_length=60, verbose_name="类型")
    size = models.PositiveIntegerField(verbose_name="字节数")
    sha256 = models.CharField(max_length=64, db_index=True, verbose_name="校验值")
    path = models.CharField(max_length=120)
    sealed_path = models.CharField(max_length=120, blank=True, help_text="the bytes as received; blank: not kept")
    uploaded_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="上传者"
    )
    uploaded_at = models.DateTimeField(auto_now_add=True, verbose_name="上传时间")

    INSTITUTION = "institution"
    objects = StoredFileQuerySet.as_manager()

    class Meta:
        verbose_name = "文件"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["institution", "purpose"])]

    def __str__(self) -> str:
        return self.name

    @property
    def is_picture(self) -> bool:
        """Whether a page can show it in itself."""
        return self.media_type.startswith("image/")


class PartialUpload(models.Model):
    """续传: a file that arrives in pieces over a bad line. ``key`` comes from the sender: sent twice it is one file.

    ``received`` bytes of ``total`` lie in the part file; ``stored`` once they were all there and matched ``sha256``.
    """

    key = models.UUIDField(unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="+")
    uploaded_by = models.ForeignKey("accounts.User", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=40)
    name = models.CharField(max_length=120, blank=True)
    total = models.PositiveIntegerField(verbose_name="总字节数")
    received = models.PositiveIntegerField(default=0, verbose_name="已收字节数")
    sha256 = models.CharField(max_length=64, blank=True, verbose_name="发送方校验值")
    stored = models.ForeignKey(StoredFile, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    started_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(auto_now=True)

    INSTITUTION = "institution"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "续传"
        constraints = [
            models.CheckConstraint(condition=Q(received__lte=F("total")), name="partial_upload_within_total"),
        ]
        indexes = [models.Index(fields=["touched_at"])]

    def __str__(self) -> str:
        return f"{self.key} {self.received}/{self.total}"
