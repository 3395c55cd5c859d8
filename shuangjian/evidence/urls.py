"""Addresses of complaints and observations."""

from django.urls import path

from shuangjian.evidence import views

_COMPLAINT_ACTS = ("link", "mark_duplicate", "start_check", "confirm", "refute", "withdraw", "reply_and_close")
_OBSERVATION_ACTS = ("confirm", "refute", "rectify", "withdraw")

urlpatterns = [
    path("complaints/", views.ComplaintsView.as_view(), name="complaints"),
    path("complaints/new/", views.ComplaintAddView.as_view(), name="complaint_add"),
    path("complaints/<str:number>/", views.ComplaintView.as_view(), name="complaint"),
    *(
        path(
            f"complaints/<str:number>/{act.replace('_', '-')}/",
            views.ComplaintActView.as_view(act=act),
            name=f"complaint_{act}",
        )
        for act in _COMPLAINT_ACTS
    ),
    path("observations/", views.ObservationsView.as_view(), name="observations"),
    path("observations/new/", views.ObservationAddView.as_view(), name="observation_add"),
    path("observations/<str:number>/", views.ObservationView.as_view(), name="observation"),
    *(
        path(f"observations/<str:number>/{act}/", views.ObservationActView.as_view(act=act), name=f"observation_{act}")
        for act in _OBSERVATION_ACTS
    ),
]
