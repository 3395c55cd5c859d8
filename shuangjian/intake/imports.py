"""The only writers of 导入批次: an uploaded workbook that passed its checks waits here for its confirmation."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from shuangjian.bureau.models import Institution
from shuangjian.core.errors import Conflict
from shuangjian.core.locks import lock_institutions
from shuangjian.core.weeks import Week
from shuangjian.intake.models import ImportBatch, ReturnVersion, WeeklyReturn
from shuangjian.intake.payloads import sha256
from shuangjian.intake.services import check_return, save_draft, submit_return
from shuangjian.journal.services import record

KEPT_FOR = dt.timedelta(days=7)


@transaction.atomic
def open_batch(
    institution: Institution,
    week: Week,
    payload: Any,
    *,
    file_name: str,
    file_sha256: str,
    actor: Any,
    now: dt.datetime,
) -> ImportBatch:
    """Keep a checked payload for its confirmation; nothing of the return changes.

    InvalidInput when the payload does not pass (``check_return``). The same file sent again by the same person, while
    nothing else was saved, is the batch that is there already.
    """
    checked = check_return(institution, week, payload, today=now.date())
    lock_institutions([institution.pk])
    stored = _return_of(institution, week.monday)
    batch = ImportBatch(
        institution=institution,
        week=week.monday,
        file_name=file_name[-200:],
        sha256=file_sha256,
        payload=checked.payload,
        base_revision=stored.revision if stored else 0,
        uploaded_by=actor.audit_label,
        uploaded_at=now,
    )
    same = ImportBatch.objects.filter(
        institution=institution,
        week=week.monday,
        sha256=file_sha256,
        payload=checked.payload,
        base_revision=batch.base_revision,
        uploaded_by=batch.uploaded_by,
        uploaded_at__gt=now - KEPT_FOR,
        used_at=None,
    ).first()
    if same is not None:
        return same
    batch.full_clean(exclude={"used_at"}, validate_unique=False, validate_constraints=False)
    batch.save(force_insert=True)
    detail = {"batch": batch.pk, "sha256": file_sha256}
    record("upload_workbook", actor=actor, institution_id=institution.pk, target=_target(week), detail=detail)
    return batch


@transaction.atomic
def use_batch(
    batch: ImportBatch,
    *,
    submit: bool,
    actor: Any,
    now: dt.datetime,
    revision: int | None = None,
    note: str = "",
) -> WeeklyReturn:
    """Submit what the batch holds, or save it as the draft; once.

    ``revision`` is what the person saw last (the batch's own when None): Conflict when somebody saved since. A batch
    whose content stands already changes nothing, so that two clicks, or one file uploaded twice, make one version.
    """
    lock_institutions([batch.institution_id])
    batch = ImportBatch.objects.select_for_update().select_related("institution").get(pk=batch.pk)
    institution, week = batch.institution, Week(batch.week)
    stored = _return_of(institution, batch.week)
    stands = stored is not None and _stands(stored, batch, submit=submit)
    if batch.used_at is not None and not stands:
        raise Conflict("这次上传已经用过一次，内容没有再次保存。需要时请重新上传文件。", code="batch_used")
    expected = None if stands else batch.base_revision if revision is None else revision
    if submit:
        result = submit_return(
            institution,
            week,
            actor=actor,
            now=now,
            door=ReturnVersion.Door.FILE,
            payload=batch.payload,
            revision=expected,
            note=note,
        )
    else:
        result = save_draft(institution, week, batch.payload, actor=actor, now=now, revision=expected)
    if batch.used_at is None:
        batch.used_at = now
        batch.save(update_fields=["used_at"])
        detail = {"batch": batch.pk, "act": "submit" if submit else "draft"}
        record("use_workbook", actor=actor, institution_id=institution.pk, target=_target(week), detail=detail)
    return result


def forget_old_batches(now: dt.datetime) -> int:
    """Remove batches that nobody confirmed in time, and those long used; returns how many went."""
    removed, _ = ImportBatch.objects.filter(uploaded_at__lte=now - KEPT_FOR).delete()
    return removed


def _stands(stored: WeeklyReturn, batch: ImportBatch, *, submit: bool) -> bool:
    """Whether the return holds the batch's content already, with nothing of anybody else beside it."""
    if not submit:
        return bool(stored.draft == batch.payload)
    version = stored.current_version
    is_submitted = stored.is_judged and version is not None and version.sha256 == sha256(batch.payload)
    return is_submitted and stored.draft is None


def _return_of(institution: Institution, monday: dt.date) -> WeeklyReturn | None:
    returns = WeeklyReturn.objects.select_related("current_version")
    return returns.filter(institution=institution, week=monday).first()


def _target(week: Week) -> str:
    return f"weekly-return:{week.key}"
