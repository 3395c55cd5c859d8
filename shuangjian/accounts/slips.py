"""The one-time slip that an account starts with: printed, handed over, used once."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass

from django.contrib.auth.hashers import PBKDF2PasswordHasher, get_hasher, make_password

from shuangjian.accounts.models import User
from shuangjian.core import clock

VALID_FOR = dt.timedelta(hours=72)
# Read aloud and typed by hand: no 0/o, 1/l/i, and nothing that a print shows twice alike.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_GROUPS = 3
_GROUP_LENGTH = 4


@dataclass(frozen=True)
class Slip:
    """What the holder of an account needs for the first login. Exists only in the answer to whoever asked for it."""

    unit: str
    name: str
    login: str
    password: str
    valid_until: dt.datetime

    @property
    def valid_until_text(self) -> str:
        """The end of its validity in local time, to the minute."""
        return clock.local(self.valid_until).strftime("%Y-%m-%d %H:%M")


def random_password() -> str:
    """A fresh one-time password such as ``k7mq-x3hp-9tdw`` (31 signs, 12 of them: 59 bits)."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS))
    return "-".join(groups)


def put_slip(user: User, now: dt.datetime) -> Slip:
    """Give ``user`` (not saved here) a one-time password that ends all sessions, and return its slip."""
    password = random_password()
    user.password = _hash(password)
    user.must_change_password = True
    user.temporary_until = now + VALID_FOR
    return Slip(user.unit_name, user.name, user.username, password, user.temporary_until)


def _hash(password: str) -> str:
    """Hash with fewer rounds than a chosen password gets.

    59 random bits do not need slow hashing, and 300 accounts would otherwise take minutes. The first login hashes it
    again with the full rounds, as Django does whenever the rounds have changed.
    """
    hasher = get_hasher()
    if isinstance(hasher, PBKDF2PasswordHasher):
        return hasher.encode(password, hasher.salt(), iterations=20_000)
    return make_password(password)
