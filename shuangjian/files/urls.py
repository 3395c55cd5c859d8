"""The addresses of a stored file."""

from django.urls import path

from shuangjian.files import views

urlpatterns = [
    path("files/<uuid:key>/", views.FileView.as_view(), name="file"),
    path("files/<uuid:key>/original/", views.OriginalView.as_view(), name="file_original"),
]
