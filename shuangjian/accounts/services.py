"""What is done to accounts. Every act is recorded in its own transaction, refusals too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from shuangjian.accounts import lockout
from shuangjian.accounts.logins import normalised
from shuangjian.accounts.models import User
from shuangjian.accounts.slips import Slip, put_slip
from shuangjian.bureau.models import Department, GuidanceCentre, Institution, Town
from shuangjian.core.errors import InvalidInput, Problem, Refused
from shuangjian.journal.models import AuditEntry
from shuangjian.journal.services import record

Unit = Town | GuidanceCentre | Institution | Department

RESET = "reset_account"
DEACTIVATE = "deactivate_account"


# Django's words tell what is wrong but not what to do, and one of them has no Chinese translation.
_PASSWORD_REMEDIES = {
    "password_too_short": "新密码太短，请至少用 10 个字符，可用几个词连成一句。",
    "password_entirely_numeric": "新密码不能只有数字，请加入字母或其他字符。",
    "password_too_common": "新密码太常见，容易被猜中，请换一个。",
    "password_too_similar": "新密码与登录名太相似，请换一个。",
}


class OutsideJurisdiction(Refused):
    """The account does not exist for whoever asks, whether or not it exists for others."""

    status = 404
    code = "not_found"

    def __init__(self) -> None:
        super().__init__("没有这个账号，或它不归您管理。请由该单位的上级单位办理。")


@transaction.atomic
def create_account(
    *,
    login: str,
    name: str,
    role: str,
    unit: Unit | None,
    actor: User | None,
    now: dt.datetime,
    classes: Sequence[str] = (),
) -> tuple[User, Slip]:
    """A new account for one named person, with its one-time slip.

    ``actor`` None is whoever runs commands on the server; a person may create only what that person may reset.
    ``classes`` are the codes of a teacher's classes. ValidationError names the fields that do not hold.
    """
    user = User(
        username=normalised(login),
        name=name.strip(),
        role_kind=role,
        centre=unit if isinstance(unit, GuidanceCentre) else None,
        town=unit if isinstance(unit, Town) else None,
        institution=unit if isinstance(unit, Institution) else None,
        department=unit if isinstance(unit, Department) else None,
        classes=list(classes),
    )
    slip = put_slip(user, now)
    user.full_clean()
    user.save()
    if actor is not None and not User.objects.administered_by(actor).filter(pk=user.pk).exists():
        raise OutsideJurisdiction
    record(
        "create_account",
        actor=actor,
        institution_id=user.institution_id,
        target=user.audit_label,
        detail={"role": role, "classes": list(classes), "valid_until": slip.valid_until.isoformat()},
    )
    return user, slip


@transaction.atomic
def set_classes(user: User, classes: Sequence[str], *, actor: User) -> User:
    """Give a teacher these classes instead of the present ones; for whoever may reset the account."""
    found = find_administered(user.pk, actor=actor, act="set_classes")
    before, found.classes = found.classes, list(classes)
    found.full_clean(validate_unique=False, validate_constraints=False)
    found.save(update_fields=["classes"])
    record(
        "set_classes",
        actor=actor,
        institution_id=found.institution_id,
        target=found.audit_label,
        detail={"before": before, "after": found.classes},
    )
    return found


def find_administered(pk: int, *, actor: User, act: str) -> User:
    """The account ``pk`` if ``actor`` may do ``act`` to it; else it records the try and raises OutsideJurisdiction."""
    found: User | None = User.objects.administered_by(actor).with_units().filter(pk=pk).first()
    if found is None:
        record(act, actor=actor, target=f"账号 {pk}", result=AuditEntry.Result.REFUSED)
        raise OutsideJurisdiction
    return found


def reset_account(user: User, *, actor: User, now: dt.datetime) -> Slip:
    """Give an account of a unit below a new one-time password: its sessions end, its lock is lifted, it is enabled."""
    find_administered(user.pk, actor=actor, act=RESET)
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        was_active = locked.is_active
        slip = put_slip(locked, now)
        locked.is_active = True
        locked.save(update_fields=["password", "must_change_password", "temporary_until", "is_active"])
        lockout.unlock(locked.username)
        record(
            RESET,
            actor=actor,
            institution_id=locked.institution_id,
            target=locked.audit_label,
            detail={"valid_until": slip.valid_until.isoformat(), "was_active": was_active},
        )
    return slip


def deactivate_account(user: User, *, actor: User) -> None:
    """Shut an account of a unit below at once: no login, and its sessions end with its password.

    The account itself stays, since the journal points at it; ``reset_account`` opens it again.
    """
    find_administered(user.pk, actor=actor, act=DEACTIVATE)
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        locked.is_active = False
        # A later reset must not revive old sessions, which live as long as the password does.
        locked.password = make_password(None)
        locked.temporary_until = None
        locked.save(update_fields=["is_active", "password", "temporary_until"])
        record(DEACTIVATE, actor=actor, institution_id=locked.institution_id, target=locked.audit_label)


def change_password(user: User, *, current: str, new: str, address: str | None, now: dt.datetime) -> User:
    """Replace one's own password, which ends all sessions; the caller renews the one at hand.

    Guesses at the current password count like failed logins. InvalidInput names ``current`` or ``new``.
    """
    attempt = lockout.reserve(user.username, address, now)
    if attempt is None:
        _refuse_change(user, "locked")
        raise InvalidInput([Problem("current", "错误次数过多，请在 15 分钟后再试。", "locked")])
    if user.has_expired_slip(now) or not user.check_password(current):
        _refuse_change(user, "wrong_password")
        raise InvalidInput(
            [Problem("current", "当前密码不正确，请重新输入；首次登录时填纸条上的一次性密码。", "wrong")]
        )
    attempt.succeeded()
    if new == current:
        raise InvalidInput([Problem("new", "新密码须与当前密码不同。", "same")])
    try:
        validate_password(new, user)
    except ValidationError as error:
        raise InvalidInput([_what_to_mend(each) for each in error.error_list]) from error
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        if locked.password != user.password:
            raise InvalidInput([Problem("current", "密码刚刚被重置，请退出后用新的一次性密码登录。", "changed")])
        locked.set_password(new)
        locked.must_change_password = False
        locked.temporary_until = None
        locked.save(update_fields=["password", "must_change_password", "temporary_until"])
        record("change_password", actor=locked, institution_id=locked.institution_id, target=locked.audit_label)
    return locked


def record_login(user: User) -> None:
    """Write down that ``user`` signed in."""
    record("login", actor=user, institution_id=user.institution_id, target=user.audit_label)


def record_logout(user: User) -> None:
    """Write down that ``user`` signed out."""
    record("logout", actor=user, institution_id=user.institution_id, target=user.audit_label)


def record_refused_login(login: str, reason: str) -> None:
    """Write down a refused login: nobody is its actor, since nobody has proved to be anyone.

    ``reason`` is locked, wrong or expired_slip. An unknown login is not kept: it may be a password in the wrong field.
    """
    user = User.objects.with_units().filter(username=login).first()
    record(
        "login",
        actor=None,
        institution_id=user.institution_id if user else None,
        target=user.audit_label if user else "未知登录名",
        detail={"reason": reason},
        result=AuditEntry.Result.REFUSED,
    )


def _what_to_mend(error: ValidationError) -> Problem:
    code = error.code or "invalid"
    return Problem("new", _PASSWORD_REMEDIES.get(code, "".join(error.messages)), code)


def _refuse_change(user: User, reason: str) -> None:
    record(
        "change_password",
        actor=user,
        institution_id=user.institution_id,
        target=user.audit_label,
        detail={"reason": reason},
        result=AuditEntry.Result.REFUSED,
    )
