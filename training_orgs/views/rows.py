"""One row by a form: 登记 and 修改 of whatever an institution has of a kind."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from shuangjian.accounts.requests import signed_in
from shuangjian.bureau.models import Institution
from shuangjian.core.errors import InvalidInput, Refused
from shuangjian.core.units import clock_text
from training_orgs.forms.rows import RowForm, shown_row
from training_orgs.models import Course
from training_orgs.rows import Kind, all_kinds, get_kind, may_file, save_rows
from training_orgs.rows.table import Table, of_forms, of_nested
from training_orgs.selectors.ads import photos_of
from training_orgs.selectors.party import party_trail
from training_orgs.services.ads import ADS, PHOTOS, keep_photos
from training_orgs.views.register import OrgView

#: Kinds with a form; orgs and complaints have pages of their own beginning.
FORMED = (
    "licences", "registrations", "annual-checks", "safety-checks", "custody-accounts", "reserves", "staff",
    "qualifications", "courses", "course-sessions", "fee-orders", "refunds", "consumptions", "ledger", "ads",
)  # fmt: skip
#: What stands once it is filed: the form shows no record of it to change.
_STANDS = frozenset({"fee-orders", "consumptions", "ledger"})
_WEEKDAYS = "一二三四五六日"


class RowView(OrgView):
    """A form of one kind; who may not file gets 403, after 404 for an institution out of sight."""

    template_name = "training_orgs/row_form.html"
    is_new = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        unit, kind = self.permitted()
        if "form" not in kwargs:
            kwargs["form"] = RowForm(kind, initial=self.initial(unit, kind))
        title = f"{'登记' if self.is_new else '修改'}{kind.label}"
        trail = party_trail(signed_in(self.request), unit)
        trail[-1]["url"] = reverse("training_org", args=[unit.code])
        trail.append({"label": title, "url": ""})
        kwargs |= {"unit": unit, "kind": kind, "title": title, "scope_trail": trail}
        if kind.key == ADS:
            number = "" if self.is_new else self.record(unit, kind).number
            kwargs |= {"takes_photos": True, "photos": photos_of(signed_in(self.request), unit, number)}
        return super().get_context_data(**kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        unit, kind = self.permitted()
        if not self.is_new:
            self.record(unit, kind)
        form = RowForm(kind, request.POST)
        form.is_valid()
        try:
            with transaction.atomic():
                saved = save_rows(kind, _table(kind, form), actor=signed_in(request), institution=unit)
                if kind.key == ADS:
                    keep_photos(unit, form.row()["number"], request.FILES.getlist(PHOTOS), actor=signed_in(request))
        except InvalidInput as refused:
            form.add_refusal(refused)
        except Refused as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, f"{kind.label}已保存（{saved}）。")
            return redirect("training_org", code=unit.code)
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def permitted(self) -> tuple[Institution, Kind]:
        unit = self.unit()
        if self.kwargs["kind"] not in FORMED or self.kwargs["kind"] not in all_kinds():
            raise Http404
        kind = get_kind(self.kwargs["kind"])
        if not may_file(signed_in(self.request), kind, unit.pk) or (not self.is_new and kind.key in _STANDS):
            raise PermissionDenied(f"您可以查看，不能登记{kind.label}；请联系区教育局。")
        return unit, kind

    def initial(self, unit: Institution, kind: Kind) -> dict[str, Any]:
        """What a new form holds: what the address names (``?contract_no=…``), so that pages can lead here."""
        names = {column.key for column in kind.columns}
        return {name: value for name, value in self.request.GET.items() if name in names}

    def record(self, unit: Institution, kind: Kind) -> Any:
        """The record of the address; 404 for one of another institution."""
        rows = self.scoped(kind.model._default_manager.all())  # type: ignore[arg-type]
        path = getattr(kind.model, "INSTITUTION", "institution")
        found = rows.filter(pk=self.kwargs["pk"], **{path: unit}).first()
        if found is None:
            raise Http404
        return found


class RowChangeView(RowView):
    """The record as it stands, to be changed."""

    is_new = False

    def initial(self, unit: Institution, kind: Kind) -> dict[str, Any]:
        record = self.record(unit, kind)
        row = dict(shown_row(kind, record))
        if isinstance(record, Course):
            row["slots"] = "、".join(
                f"周{_WEEKDAYS[slot.weekday - 1]} {clock_text(slot.starts_at)}-{clock_text(slot.ends_at)}"
                for slot in record.slots.all()
            )
            taught = record.teachers.filter(valid_until=None).select_related("staff")
            row["teachers"] = "、".join(each.staff.number for each in taught)
        return row


def _table(kind: Kind, form: RowForm) -> Table:
    row = form.row()
    return of_nested([row], kind.child, only=row) if kind.child else of_forms([row])
