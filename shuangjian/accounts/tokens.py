"""API tokens: made once, shown once, looked up by hash."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from django.db import transaction
from django.db.models import Q

from shuangjian.accounts.models import ApiToken, User
from shuangjian.bureau.models import Institution, Town
from shuangjian.journal.services import record

PREFIX = "sj_"
_USE_NOTED_EVERY = dt.timedelta(minutes=1)


def hashed(plain: str) -> str:
    """SHA-256 of a token in hex. Its 256 random bits need neither salt nor slow hashing."""
    return hashlib.sha256(plain.encode()).hexdigest()


@transaction.atomic
def create_api_token(
    *,
    name: str,
    expires_at: dt.datetime,
    actor: User | None,
    town: Town | None = None,
    institution: Institution | None = None,
    can_write: bool = False,
) -> tuple[ApiToken, str]:
    """A token for the district, or for ``town`` or ``institution`` when given; returns it with its plain text.

    The plain text is kept nowhere: whoever calls shows it once. ValidationError when both units are given.
    """
    plain = PREFIX + secrets.token_urlsafe(32)
    scope = ApiToken.Scope.TOWN if town else ApiToken.Scope.INSTITUTION if institution else ApiToken.Scope.DISTRICT
    token = ApiToken(
        name=name,
        sha256=hashed(plain),
        scope=scope,
        town=town,
        institution=institution,
        can_write=can_write,
        expires_at=expires_at,
        created_by=actor,
    )
    token.full_clean()
    token.save()
    record(
        "create_api_token",
        actor=actor,
        institution_id=token.institution_id,
        target=token.audit_label,
        detail={"scope": token.scope, "can_write": can_write, "expires_at": expires_at.isoformat()},
    )
    return token, plain


@transaction.atomic
def revoke_api_token(token: ApiToken, *, actor: User | None, now: dt.datetime) -> bool:
    """End a token at once. False when it was revoked before; then nothing is recorded."""
    if not ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        return False
    token.revoked_at = now
    record("revoke_api_token", actor=actor, institution_id=token.institution_id, target=token.audit_label)
    return True


def find_token(plain: str, now: dt.datetime) -> ApiToken | None:
    """The live token with this plain text, its use noted (at most once a minute); None for any other."""
    token = (
        ApiToken.objects.select_related("town", "institution")
        .filter(sha256=hashed(plain), revoked_at=None, expires_at__gt=now)
        .first()
    )
    if token is None:
        return None
    due = now - _USE_NOTED_EVERY
    if token.last_used_at is None or token.last_used_at <= due:
        stale = ApiToken.objects.filter(Q(last_used_at=None) | Q(last_used_at__lte=due), pk=token.pk)
        stale.update(last_used_at=now)
        token.last_used_at = now
    return token
