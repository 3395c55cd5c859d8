"""封存: a hash chain over audit entries that can no longer change, so that tampering shows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from django.db import connection, transaction

from shuangjian.core.locks import lock_singleton
from shuangjian.journal.models import AuditSeal

_SEALING = 2
MOST_ROWS = 20_000

# Ids do not commit in order: a row is safe only when every transaction that could still add a lower one has ended.
_ROWS = """
SELECT id, row_to_json(e)::text FROM journal_auditentry e
WHERE id > %(after)s AND (%(until)s::bigint IS NULL OR id <= %(until)s)
  AND xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY id LIMIT %(most)s
"""


@transaction.atomic
def seal() -> AuditSeal | None:
    """Seal what has settled since the last seal; None when there is nothing new."""
    lock_singleton(_SEALING)
    last = AuditSeal.objects.order_by("-last_id").first()
    rows = list(_rows(after=last.last_id if last else 0))
    if not rows:
        return None
    previous = last.hash if last else ""
    return AuditSeal.objects.create(
        first_id=rows[0][0],
        last_id=rows[-1][0],
        entries=len(rows),
        previous_hash=previous,
        hash=_hash(previous, [text for _, text in rows]),
    )


def broken_seals() -> Iterator[AuditSeal]:
    """Seals that do not fit their rows any more, or do not follow the one before."""
    previous, last_id = "", 0
    for one in AuditSeal.objects.order_by("last_id"):
        rows = list(_rows(after=last_id, until=one.last_id))
        fits = len(rows) == one.entries and _hash(previous, [text for _, text in rows]) == one.hash
        if not fits or one.previous_hash != previous:
            yield one
        previous, last_id = one.hash, one.last_id


def _rows(*, after: int, until: int | None = None) -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, {"after": after, "until": until, "most": MOST_ROWS})
        return list(cursor.fetchall())


def _hash(previous: str, texts: list[str]) -> str:
    digest = hashlib.sha256(previous.encode())
    for text in texts:
        digest.update(b"\n")
        digest.update(text.encode())
    return digest.hexdigest()
