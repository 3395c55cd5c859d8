"""Addresses of the weekly return."""

from django.urls import path

from shuangjian.intake.views import form, lists, reading, states

ONE = "units/<str:code>/returns/<str:week>/"

urlpatterns = [
    path("units/<str:code>/returns/", lists.ReturnsView.as_view(), name="returns"),
    path(ONE, form.ReturnView.as_view(), name="return"),
    path(f"{ONE}saved/", reading.SavedView.as_view(), name="return_saved"),
    path(f"{ONE}versions/<int:number>/", reading.VersionView.as_view(), name="return_version"),
    path(f"{ONE}versions/<int:number>/changes/", reading.ChangesView.as_view(), name="return_changes"),
    path(f"{ONE}send-back/", states.SendBackView.as_view(), name="return_send_back"),
    path(f"{ONE}withdraw/", states.WithdrawView.as_view(), name="return_withdraw"),
]
