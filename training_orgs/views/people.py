"""在职教师比对: the bureau replaces the list of hashes, sees counts alone, and marks certificates that were lent."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from shuangjian.accounts.models import RoleKind
from shuangjian.accounts.requests import signed_in
from shuangjian.bureau.forms import RefusableForm
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput, Problem, Refused
from shuangjian.core.uploads import was_too_large
from shuangjian.core.views import ScopedView
from training_orgs.forms.people import InServiceForm, LentForm
from training_orgs.models import InServiceList, InServiceTeacher, Qualification, Staff
from training_orgs.services.people import mark_certificate_lent, upload_in_service_hashes

_LISTS_SHOWN = 10


class InServiceView(ScopedView):
    """Counts of the list and of whom it could be compared with; no name and no hash is shown."""

    template_name = "training_orgs/in_service.html"
    roles = frozenset({RoleKind.BUREAU})
    form_class: ClassVar[type[RefusableForm]] = InServiceForm
    form_name: ClassVar[str] = "list_form"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = clock.today()
        here = Q(employed_on__lte=today) & (Q(left_on__isnull=True) | Q(left_on__gte=today))
        employed = self.scoped(Staff.objects.all()).filter(here)
        serving = Q(valid_until__isnull=True) | Q(valid_until__gte=today)
        hashes = InServiceTeacher.objects
        return super().get_context_data(
            **{
                "lists": InServiceList.objects.all()[:_LISTS_SHOWN],
                "hashes": hashes.count(),
                "serving": hashes.filter(serving, Q(valid_from__isnull=True) | Q(valid_from__lte=today)).count(),
                "staff": employed.count(),
                "unhashed": employed.filter(identity_hash="").count(),
                "list_form": InServiceForm(initial={"as_of": today}),
                "lent_form": LentForm(),
                **kwargs,
            }
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form_class(request.POST, request.FILES)
        problems: list[Problem] = []
        if was_too_large(request, "file"):
            form.add_error("file", "文件大于 20 MB，没有读取。请核对是否选错了文件。")
        if form.is_valid():
            try:
                messages.success(request, self.act(form))
                return redirect("in_service")
            except InvalidInput as refused:
                problems = [each for each in refused.problems if each.path not in form.fields]
                form.add_refusal(InvalidInput([each for each in refused.problems if each.path in form.fields]))
                if problems:
                    form.add_error(None, refused.message)
            except Refused as refused:
                if refused.status == 403:
                    raise PermissionDenied(refused.message) from refused
                form.add_error(None, refused.message)
        context = self.get_context_data(**{self.form_name: form}, error_form=form, problems=problems)
        return self.render_to_response(context, status=422)

    def act(self, form: Any) -> str:
        """Do what the form asks for; returns what to tell."""
        data = form.cleaned_data
        made = upload_in_service_hashes(
            data["file"].read(),
            label=data["label"],
            as_of=data["as_of"],
            actor=signed_in(self.request),
            now=clock.now(),
        )
        return f"名单已更换，共 {made.hashes} 条；相关机构正在重新比对。"


class LentView(InServiceView):
    """认定资格证出借."""

    http_method_names = ["post"]
    form_class: ClassVar[type[RefusableForm]] = LentForm
    form_name = "lent_form"

    def act(self, form: Any) -> str:
        data = form.cleaned_data
        found = (
            self.scoped(Qualification.objects.all())
            .filter(staff__institution__code=data["institution"].strip(), number=data["number"].strip())
            .first()
        )
        if found is None:
            raise InvalidInput([Problem("number", "这家机构没有登记这个资格证号，请核对机构代码和证号。", "unknown")])
        mark_certificate_lent(
            found.pk, reason=data["reason"], actor=signed_in(self.request), is_lent=data["is_lent"] == "1"
        )
        return "认定已记录，相关机构正在重新比对。"
