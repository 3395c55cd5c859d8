"""Addresses of the review: approval, acceptance, lock, correction."""

from django.urls import path

import shuangjian.intake.views.review as review
import shuangjian.intake.views.states as states
from shuangjian.intake.urls.returns import ONE

urlpatterns = [
    path("returns/review/", review.ReviewView.as_view(), name="returns_review"),
    path("returns/reopen/<int:pk>/grant/", review.GrantView.as_view(), name="reopen_grant"),
    path("returns/reopen/<int:pk>/refuse/", review.RefuseView.as_view(), name="reopen_refuse"),
    path(f"{ONE}approve/", states.ApproveView.as_view(), name="return_approve"),
    path(f"{ONE}accept/", states.AcceptView.as_view(), name="return_accept"),
    path(f"{ONE}lock/", states.LockView.as_view(), name="return_lock"),
    path(f"{ONE}ask-reopen/", states.AskReopenView.as_view(), name="return_ask_reopen"),
]
