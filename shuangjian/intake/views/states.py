"""Acts that change a return's state: 审核通过, 接收, 退回, 锁定, 撤回, and what follows a lock: 申请更正."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput, Refused
from shuangjian.intake import review, services
from shuangjian.intake.return_form import ReturnForm
from shuangjian.intake.views.page import ReturnPage, is_filer


class StateView(ReturnPage):
    """An act that changes the state; its reason or note stays in its field when it is refused."""

    http_method_names = ["post"]
    field: ClassVar[str]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        text = request.POST.get("reason", "")
        if not self.user.may_write:
            raise PermissionDenied("您的账号现在不能办理，请先修改初始密码。")
        try:
            self.act(text)
        except Refused as refused:
            if refused.status == 403:
                raise PermissionDenied(refused.message) from None
            wrong = refused.problems[0].message if isinstance(refused, InvalidInput) else refused.message
            self.weekly_return = self.find_return()
            form = ReturnForm.filled(self.institution, self.week, self.stored_payload())
            return self.page(form, status=refused.status, **{f"{self.field}_error": wrong, "reason": text})
        return self.back()

    def act(self, text: str) -> None:
        """Do it, or raise Refused."""
        raise NotImplementedError

    def seen_version(self) -> int | None:
        """The number of the version that the person read; None when the page did not tell."""
        given = self.request.POST.get("version", "")
        return int(given) if given.isascii() and given.isdigit() and len(given) < 6 else None


class ApproveView(StateView):
    """审核通过: town, centre and bureau."""

    field = "approve"

    def act(self, text: str) -> None:
        review.approve_return(
            self.institution, self.week, actor=self.user, now=clock.now(), note=text, version=self.seen_version()
        )
        messages.success(self.request, "已审核通过，等待区教育局接收。")


class AcceptView(StateView):
    """接收: the bureau."""

    field = "accept"

    def act(self, text: str) -> None:
        review.accept_return(
            self.institution, self.week, actor=self.user, now=clock.now(), note=text, version=self.seen_version()
        )
        messages.success(self.request, "已接收。到期后自动锁定，也可现在锁定。")


class SendBackView(StateView):
    """退回: town, centre and bureau, with a remark."""

    field = "send_back"

    def act(self, text: str) -> None:
        review.send_back_return(
            self.institution, self.week, actor=self.user, now=clock.now(), remark=text, version=self.seen_version()
        )
        messages.success(self.request, "已退回，学校会在周报页面看到退回原因；重新提交之前，仍按已提交的版本核对。")


class LockView(StateView):
    """锁定: the bureau, with a reason."""

    field = "lock"

    def act(self, text: str) -> None:
        review.lock_return(self.institution, self.week, actor=self.user, now=clock.now(), reason=text)
        messages.success(self.request, "已锁定，学校会看到锁定原因；确需更正时由学校申请。")


class WithdrawView(StateView):
    """撤回: the school's filer, with a reason."""

    field = "withdraw"

    def act(self, text: str) -> None:
        if not is_filer(self.user, self.institution):
            raise PermissionDenied("只有本校填报员可以撤回周报。")
        services.withdraw_return(self.institution, self.week, actor=self.user, now=clock.now(), reason=text)
        messages.success(self.request, "已撤回，内容保留为草稿；请修改后重新提交，逾期未提交按未报处理。")


class AskReopenView(StateView):
    """申请更正 of a locked return: the school's filer, with a reason."""

    field = "ask_reopen"

    def act(self, text: str) -> None:
        if not is_filer(self.user, self.institution):
            raise PermissionDenied("只有本校填报员可以申请更正。")
        review.ask_reopen(self.institution, self.week, actor=self.user, now=clock.now(), reason=text)
        messages.success(self.request, "已提交更正申请，区教育局处理后在本页显示结果。")
