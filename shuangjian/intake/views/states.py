"""Acts that change a return's state for a reason: 退回, 撤回."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput, Refused
from shuangjian.intake import review, services
from shuangjian.intake.return_form import ReturnForm
from shuangjian.intake.views.page import REVIEWERS, ReturnPage, is_filer


class StateView(ReturnPage):
    """An act that changes the state for a reason; the reason stays in its field when it is refused."""

    http_method_names = ["post"]
    field: ClassVar[str]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        reason = request.POST.get("reason", "").replace("\x00", "")  # PostgreSQL keeps no such character
        try:
            self.act(reason)
        except Refused as refused:
            wrong = refused.problems[0].message if isinstance(refused, InvalidInput) else refused.message
            form = ReturnForm.filled(self.institution, self.week, self.stored_payload())
            return self.page(form, status=refused.status, **{f"{self.field}_error": wrong, "reason": reason})
        return self.back()

    def act(self, reason: str) -> None:
        """Do it, or raise Refused."""
        raise NotImplementedError


class SendBackView(StateView):
    """退回: town, centre and bureau, with a remark."""

    field = "send_back"

    def act(self, reason: str) -> None:
        if self.user.role_kind not in REVIEWERS or not self.user.may_write:
            raise PermissionDenied("只有镇街、教育指导中心和区教育局可以退回周报。")
        review.send_back_return(self.institution, self.week, actor=self.user, now=clock.now(), remark=reason)
        messages.success(self.request, "已退回，学校会在周报页面看到退回原因；重新提交之前，仍按已提交的版本核对。")


class WithdrawView(StateView):
    """撤回: the school's filer, with a reason."""

    field = "withdraw"

    def act(self, reason: str) -> None:
        if not is_filer(self.user, self.institution):
            raise PermissionDenied("只有本校填报员可以撤回周报。")
        services.withdraw_return(self.institution, self.week, actor=self.user, now=clock.now(), reason=reason)
        messages.success(self.request, "已撤回，内容保留为草稿；请修改后重新提交，逾期未提交按未报处理。")
