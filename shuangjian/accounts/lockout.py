"""How many times one may try to sign in. An attempt is reserved before its password is looked at.

Each reservation is a single committed statement on one row: of any number of parallel attempts PostgreSQL lets at most
the limit through. Reading the count first and adding to it after the check would let all of them through.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest

from shuangjian.accounts.logins import normalised
from shuangjian.accounts.models import LoginFailure

WINDOW = dt.timedelta(minutes=15)
PER_LOGIN = 5
PER_ADDRESS = 50

# No row comes back when the limit is reached and its time has not passed: the WHERE of DO UPDATE refuses atomically.
_RESERVE = """
    INSERT INTO accounts_loginfailure AS f (key, count, first_at, locked_until)
    VALUES (%(key)s, 1, %(now)s, NULL)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN {over} THEN 1 ELSE f.count + 1 END,
        first_at = CASE WHEN {over} THEN %(now)s ELSE f.first_at END,
        locked_until = CASE WHEN NOT {over} AND f.count + 1 >= %(limit)s THEN %(until)s::timestamptz END
    WHERE {over} OR f.count < %(limit)s
    RETURNING count
""".format(over="(CASE WHEN f.locked_until IS NULL THEN f.first_at <= %(since)s ELSE f.locked_until <= %(now)s END)")  # noqa: S608 - what is put in is written right here


@dataclass(frozen=True)
class Attempt:
    """One reserved attempt to sign in, to be settled by ``succeeded`` or left to count as a failure."""

    login_key: str
    address_key: str

    def succeeded(self) -> None:
        """The password was right: forget the login's failures, and give the address its one reservation back.

        The address keeps its other failures, else one account of one's own would pay for guessing at all others.
        """
        LoginFailure.objects.filter(key=self.login_key).delete()
        _give_back(self.address_key)


def reserve(login: str, address: str | None, now: dt.datetime) -> Attempt | None:
    """Count one attempt for ``login`` from ``address``; None when either has used up its attempts.

    Unknown logins count like known ones, so that the answer tells nothing. RuntimeError inside a transaction: a
    rollback there would take the count back.
    """
    attempt = Attempt(_login_key(login), _address_key(address))
    if not _reserve(attempt.address_key, PER_ADDRESS, now):
        return None
    if not _reserve(attempt.login_key, PER_LOGIN, now):
        # Nothing is guessed at a locked login: a whole school behind one address must not be shut out for it.
        _give_back(attempt.address_key)
        return None
    return attempt


def admit(purpose: str, address: str | None, limit: int, now: dt.datetime) -> bool:
    """Count one use of a public page by ``address``; False once ``limit`` uses within WINDOW are used up.

    ``purpose`` (short, no colon) keeps the counts of different pages apart, and from those of signing in.
    """
    return _reserve(f"{purpose}:{_address_key(address)}", limit, now, is_guarded=False)


def unlock(login: str) -> None:
    """Forget the failures of ``login``: its unit above has just given it a new password."""
    LoginFailure.objects.filter(key=_login_key(login)).delete()


def tidy(now: dt.datetime) -> int:
    """Delete counts whose time has passed; returns how many."""
    passed = Q(locked_until__lte=now) | Q(locked_until=None, first_at__lte=now - WINDOW)
    return LoginFailure.objects.filter(passed).delete()[0]


def _reserve(key: str, limit: int, now: dt.datetime, *, is_guarded: bool = True) -> bool:
    """``is_guarded`` refuses to count where a rollback would forget it: nobody must get to guess a password twice."""
    with transaction.atomic(durable=is_guarded), connection.cursor() as cursor:
        cursor.execute(_RESERVE, {"key": key, "limit": limit, "now": now, "until": now + WINDOW, "since": now - WINDOW})
        return cursor.fetchone() is not None


def _give_back(key: str) -> None:
    LoginFailure.objects.filter(key=key).update(count=Greatest(F("count") - 1, 0), locked_until=None)


def _login_key(login: str) -> str:
    # Hashed: people type passwords into the wrong field, and a login may be of any length.
    return "login:" + hashlib.sha256(normalised(login).encode()).hexdigest()


def _address_key(address: str | None) -> str:
    if not address:
        return "ip:unknown"
    parsed = ipaddress.ip_address(address)
    if parsed.version == 6:
        # One subscriber has a whole /64: single addresses would be no limit.
        return f"ip:{ipaddress.ip_network((parsed, 64), strict=False).network_address}/64"
    return f"ip:{parsed}"
