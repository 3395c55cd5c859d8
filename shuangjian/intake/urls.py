"""Addresses of the weekly return."""

from django.urls import path

from shuangjian.intake import views

_ONE = "units/<str:code>/returns/<str:week>/"

urlpatterns = [
    path("units/<str:code>/returns/", views.ReturnsView.as_view(), name="returns"),
    path(_ONE, views.ReturnView.as_view(), name="return"),
    path(f"{_ONE}saved/", views.SavedView.as_view(), name="return_saved"),
    path(f"{_ONE}versions/<int:number>/", views.VersionView.as_view(), name="return_version"),
    path(f"{_ONE}send-back/", views.SendBackView.as_view(), name="return_send_back"),
    path(f"{_ONE}withdraw/", views.WithdrawView.as_view(), name="return_withdraw"),
]
