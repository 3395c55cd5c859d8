"""Pages about people of training institutions, for the bureau."""

from django.urls import path

from training_orgs.views import people

urlpatterns = [
    path("training/in-service/", people.InServiceView.as_view(), name="in_service"),
    path("training/in-service/lent/", people.LentView.as_view(), name="certificate_lent"),
]
