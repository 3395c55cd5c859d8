"""Numbers that identify: the unified social credit code with its check digit, and identity numbers as keyed hashes.

Sources: GB 32100-2015 (unified social credit code), GB 11643-1999 (citizen identification number).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from dataclasses import dataclass

from django.conf import settings

_USCC_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_ID = re.compile(r"\d{17}[\dX]", re.ASCII)


def uscc_check_digit(first: str) -> str:
    """The 18th character that belongs to these 17 (all from the standard's alphabet)."""
    total = sum(_USCC_DIGITS.index(char) * weight for char, weight in zip(first, _USCC_WEIGHTS, strict=True))
    return _USCC_DIGITS[(31 - total % 31) % 31]


def parse_uscc(text: str) -> str:
    """A unified social credit code in capitals; ValueError says what is wrong and which check digit was expected."""
    code = text.strip().upper()
    if len(code) != 18:
        raise ValueError(f"“{text}”有 {len(code)} 位，统一社会信用代码应为 18 位，请对照证照核对。")
    wrong = [char for char in code if char not in _USCC_DIGITS]
    if wrong:
        raise ValueError(
            f"“{text}”含有“{wrong[0]}”，统一社会信用代码只用数字和大写字母（不含 I、O、S、V、Z），请核对。"
        )
    expected = uscc_check_digit(code[:17])
    if code[17] != expected:
        message = f"“{code}”的校验码不对：按前 17 位，第 18 位应为 {expected}，现在是 {code[17]}。请对照证照核对。"
        raise ValueError(message)
    return code


def parse_identity(text: str) -> str:
    """An identity number in capitals. ValueError never repeats the number: messages are shown and logged."""
    number = text.strip().upper()
    if not _ID.fullmatch(number):
        raise ValueError("身份证号应为 18 位：前 17 位是数字，末位是数字或 X。请核对。")
    try:
        dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise ValueError("身份证号第 7–14 位不是出生日期，请核对。") from None
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _ID_WEIGHTS, strict=True))
    expected = _ID_CHECKS[total % 11]
    if number[17] != expected:
        raise ValueError(f"身份证号的校验码不对：按前 17 位，末位应为 {expected}。请核对。")
    return number


@dataclass(frozen=True)
class Hashed:
    """An identity number as it is kept: its keyed hash, and its last four characters."""

    digest: str
    tail: str

    @classmethod
    def of(cls, number: str) -> Hashed:
        """Of a number as typed; ValueError where it is none."""
        checked = parse_identity(number)
        return cls(identity_hash(checked), checked[-4:])


def identity_hash(number: str) -> str:
    """HMAC-SHA256 of an identity number under the portal's own key: the same person gives the same 64 characters."""
    key = settings.IDENTITY_KEY.encode()
    return hmac.new(key, number.strip().upper().encode(), hashlib.sha256).hexdigest()
