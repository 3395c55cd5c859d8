"""The log of runs."""

from django.urls import path

from shuangjian.dashboards.views import runs

urlpatterns = [
    path("runs/", runs.RunsView.as_view(), name="runs"),
    path("runs/new/", runs.RunOpenView.as_view(), name="run_open"),
    path("runs/<int:pk>/", runs.RunView.as_view(), name="run"),
    path("runs/<int:pk>/receipt/", runs.RunReceiptView.as_view(), name="run_receipt"),
]
