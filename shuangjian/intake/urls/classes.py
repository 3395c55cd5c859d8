"""Addresses of filling in by class."""

from django.urls import path

from shuangjian.intake.views import classes

_ONE = "units/<str:code>/returns/<str:week>/classes/"

urlpatterns = [
    path("my-classes/", classes.TeacherHomeView.as_view(), name="my_classes"),
    path(_ONE, classes.ClassBoardView.as_view(), name="class_board"),
    path(f"{_ONE}<str:class_code>/", classes.ClassDraftView.as_view(), name="class_draft"),
]
