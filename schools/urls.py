"""Classes of a school."""

from django.urls import path, re_path

from schools import teachers, views

urlpatterns = [
    path("schools/<slug:code>/classes/", views.ClassesView.as_view(), name="classes"),
    path("schools/<slug:code>/teachers/", teachers.TeachersView.as_view(), name="teachers"),
    path("schools/<slug:code>/teachers/<int:pk>/", teachers.TeacherClassesView.as_view(), name="teacher_classes"),
    re_path(
        r"^schools/(?P<code>[-\w]+)/classes/(?P<class_code>[-\d]+)/(?P<act>close|reopen)/$",
        views.ClassStateView.as_view(),
        name="class_state",
    ),
]
