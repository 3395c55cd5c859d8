"""The address of a stored file."""

from django.urls import path

from shuangjian.files import views

urlpatterns = [path("files/<uuid:key>/", views.FileView.as_view(), name="file")]
