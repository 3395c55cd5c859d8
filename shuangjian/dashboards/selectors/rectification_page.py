"""One rectification with its photos and history, what the reader may do, and those of one alert."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from shuangjian.accounts.models import User
from shuangjian.alerts.models import Alert, Rectification, RectificationStep
from shuangjian.alerts.rectification_checks import ABOVE, MAY_RECHECK, may_hand_in
from shuangjian.alerts.rectification_photos import AFTER, BEFORE, photos_of
from shuangjian.alerts.rectifications import UNFINISHED
from shuangjian.core.querysets import power_of
from shuangjian.dashboards import rectification_forms as forms
from shuangjian.dashboards.selectors.alerts import AlertLine
from shuangjian.dashboards.selectors.jurisdiction import alerts_of
from shuangjian.dashboards.selectors.rectifications import lines_of, rectifications_of
from shuangjian.evidence.scope import observations_of
from shuangjian.files.models import StoredFile

HAND_IN, RECHECK, CHANGE, CANCEL = "hand_in", "recheck", "change", "cancel"
ACTS = (HAND_IN, RECHECK, CHANGE, CANCEL)
_WAITING = Rectification.WAITING


@dataclass(frozen=True)
class Photos:
    """How it was and how it is, as far as the reader may see files of the institution."""

    before: list[StoredFile]
    after: list[StoredFile]

    @property
    def any(self) -> bool:
        return bool(self.before or self.after)


def open_acts(user: User, found: Rectification) -> set[str]:
    """Acts that the role and the state leave to the reader; the services check them again."""
    if not user.may_write:
        return set()
    power, state, acts = power_of(user), found.state, set()
    if state in _WAITING and may_hand_in(user, found.institution):
        acts.add(HAND_IN)
    if state == Rectification.State.HANDED_IN and power in MAY_RECHECK and found.handed_in_by_id != user.pk:
        acts.add(RECHECK)
    if power in ABOVE and state in _WAITING:
        acts.add(CHANGE)
    if power in ABOVE and state in UNFINISHED:
        acts.add(CANCEL)
    return acts


def act_form(act: str, found: Rectification, today: dt.date, data: Any = None) -> forms.ActForm:
    """The form of an act, filled with what is known or with what was posted."""
    if act == HAND_IN:
        known: dict[str, Any] = {"account": found.account, "rectified_on": today, "revision": found.revision}
        return forms.HandInForm(data, act=act, initial=known)
    if act == CHANGE:
        return forms.ChangeForm(data, act=act, initial={"requirement": found.requirement, "due_on": found.due_on})
    return (forms.RecheckForm if act == RECHECK else forms.CancelForm)(data, act=act)


def rectification_page(
    user: User, found: Rectification, today: dt.date, refused: Mapping[str, forms.ActForm]
) -> dict[str, Any]:
    """Context of templates/dashboards/rectification.html. ``refused``: the form of an act that came to nothing."""
    acts = open_acts(user, found)
    photos = _photos([found], user)[found.number]
    of = found.observation
    alert = alerts_of(user).filter(pk=found.alert_id).first() if found.alert_id else None
    own = user.institution_id == found.institution_id
    return {
        "rectification": found,
        "line": lines_of([found], today)[0],
        "unit": found.institution,
        "is_own": own,
        "photos": photos,
        "steps": list(RectificationStep.objects.visible_to(user).filter(rectification=found).order_by("pk")),
        "alert": AlertLine.of(alert) if alert is not None else None,
        "observation": observations_of(user).filter(pk=of.pk).first() if of is not None else None,
        "forms": {act: refused.get(act) or act_form(act, found, today) for act in ACTS if act in acts},
        "refused_form": next(iter(refused.values()), None),
        "waits_for_another": not own
        and found.state == Rectification.State.HANDED_IN
        and found.handed_in_by_id == user.pk,
        "scope_trail": [{"label": "整改", "url": reverse("rectifications")}, {"label": found.number, "url": ""}],
    }


def rectifications_of_alert(
    user: User, alert: Alert, today: dt.date, order_form: forms.OrderForm | None = None
) -> dict[str, Any]:
    """The section of an alert's page: its rectifications with photos, and the form to order one; two queries more with
    any than without."""
    rows = list(rectifications_of(user).filter(alert=alert).order_by("pk"))
    photos = _photos(rows, user) if rows else {}
    may_order = alert.closed_at is None and user.may_write and power_of(user) in ABOVE
    due_on = max(alert.due_on, today)
    return {
        "rectification_rows": [(line, photos[line.found.number]) for line in lines_of(rows, today)],
        "order_form": (order_form or forms.OrderForm(act="order", initial={"due_on": due_on})) if may_order else None,
    }


def _photos(rows: list[Rectification], user: User) -> dict[str, Photos]:
    shown = photos_of(rows, StoredFile.objects.visible_to(user))
    return {number: Photos(parts[BEFORE], parts[AFTER]) for number, parts in shown.items()}
