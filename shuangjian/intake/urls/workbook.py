"""Addresses of the workbook: template, upload, confirmation."""

from django.urls import path

from shuangjian.intake.views import workbook, workbook_check

_ONE = "units/<str:code>/returns/<str:week>/"

urlpatterns = [
    path(f"{_ONE}workbook.xlsx", workbook.DownloadView.as_view(), name="return_workbook"),
    path(f"{_ONE}workbook/", workbook.UploadView.as_view(), name="return_workbook_upload"),
    path(f"{_ONE}workbook/<int:pk>/", workbook_check.CheckView.as_view(), name="return_workbook_check"),
]
