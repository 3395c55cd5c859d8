"""Addresses of the weekly return."""

from django.urls import path

from shuangjian.intake.views import form, lists, reading, states

_ONE = "units/<str:code>/returns/<str:week>/"

urlpatterns = [
    path("units/<str:code>/returns/", lists.ReturnsView.as_view(), name="returns"),
    path(_ONE, form.ReturnView.as_view(), name="return"),
    path(f"{_ONE}saved/", reading.SavedView.as_view(), name="return_saved"),
    path(f"{_ONE}versions/<int:number>/", reading.VersionView.as_view(), name="return_version"),
    path(f"{_ONE}send-back/", states.SendBackView.as_view(), name="return_send_back"),
    path(f"{_ONE}withdraw/", states.WithdrawView.as_view(), name="return_withdraw"),
]
