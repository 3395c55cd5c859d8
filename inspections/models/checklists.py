"""检查表: what an inspector looks at, by type of target, in dated versions."""

from __future__ import annotations

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Q

from inspections.choices import ChecklistState, PhotoRule, ProblemKind, Target
from shuangjian.core.choices import Severity


@pghistory.track()
class ChecklistVersion(models.Model):
    """One version of the checklist of a type of target. At most one draft and one in use (使用中) a target."""

    target = models.CharField(max_length=16, choices=Target.choices, verbose_name="检查对象")
    number = models.PositiveSmallIntegerField(verbose_name="版本")
    title = models.CharField(max_length=60, verbose_name="名称")
    state = models.CharField(
        max_length=10, choices=ChecklistState.choices, default=ChecklistState.DRAFT, verbose_name="状态"
    )
    note = models.CharField(max_length=400, blank=True, verbose_name="修订说明")
    published_at = models.DateTimeField(null=True, blank=True, verbose_name="启用时间")
    published_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="启用人"
    )
    retired_at = models.DateTimeField(null=True, blank=True, verbose_name="停用时间")

    class Meta:
        verbose_name = "检查表"
        ordering = ["target", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["target", "number"], name="checklist_number_once"),
            models.UniqueConstraint(fields=["target"], name="checklist_one_draft", condition=Q(state="draft")),
            models.UniqueConstraint(fields=["target"], name="checklist_one_in_use", condition=Q(state="published")),
            models.CheckConstraint(
                condition=Q(state="draft", published_at__isnull=True)
                | (~Q(state="draft") & Q(published_at__isnull=False)),
                name="checklist_published_dated",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="checklist_version_kept",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                # A published version may only be retired: visits were made by it.
                func="""
                IF OLD.state = 'draft' THEN
                    IF TG_OP = 'DELETE' THEN RETURN OLD; ELSE RETURN NEW; END IF;
                END IF;
                IF TG_OP = 'DELETE'
                    OR ROW(NEW.target, NEW.number, NEW.title, NEW.note, NEW.published_at, NEW.published_by_id)
                        IS DISTINCT FROM
                        ROW(OLD.target, OLD.number, OLD.title, OLD.note, OLD.published_at, OLD.published_by_id)
                    OR NOT (NEW.state = OLD.state OR (OLD.state = 'published' AND NEW.state = 'retired'))
                THEN
                    RAISE EXCEPTION 'checklist version % is published and stays as it is', OLD.id;
                END IF;
                RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} 第 {self.number} 版"


@pghistory.track()
class ChecklistItem(models.Model):
    """检查要点. ``code`` is stable from version to version (S-01); ``kind`` the observation that a failure becomes."""

    version = models.ForeignKey(ChecklistVersion, on_delete=models.CASCADE, related_name="items")
    order = models.PositiveSmallIntegerField(verbose_name="顺序")
    code = models.CharField(max_length=12, verbose_name="编号")
    group = models.CharField(max_length=20, verbose_name="分组")
    text = models.CharField(max_length=200, verbose_name="检查要点")
    guidance = models.CharField(max_length=300, blank=True, verbose_name="怎样检查")
    clause = models.CharField(max_length=12, verbose_name="条款", help_text="id of rules.clauses")
    photo_rule = models.CharField(
        max_length=12, choices=PhotoRule.choices, default=PhotoRule.ON_FAILURE, verbose_name="拍照要求"
    )
    severity = models.PositiveSmallIntegerField(choices=Severity.choices, verbose_name="默认预警等级")
    kind = models.CharField(max_length=30, verbose_name="核查事项", help_text="code of evidence.kinds")
    problem_kind = models.CharField(max_length=8, choices=ProblemKind.choices, verbose_name="问题类别")

    class Meta:
        verbose_name = "检查要点"
        ordering = ["version", "order"]
        constraints = [
            models.UniqueConstraint(fields=["version", "code"], name="checklist_item_code_once"),
            models.UniqueConstraint(
                fields=["version", "order"], name="checklist_item_order_once", deferrable=models.Deferrable.DEFERRED
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="checklist_item_kept",
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func="""
                IF EXISTS (
                    SELECT FROM inspections_checklistversion
                    WHERE id IN (NEW.version_id, OLD.version_id) AND state <> 'draft'
                ) THEN
                    RAISE EXCEPTION 'items of a published checklist version stay as they are';
                END IF;
                IF TG_OP = 'DELETE' THEN RETURN OLD; ELSE RETURN NEW; END IF;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.text}"
