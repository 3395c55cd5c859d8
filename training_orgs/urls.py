"""Pages of the training institutions. Fixed addresses first: /training/<code>/ takes whatever is left."""

from django.urls import include, path

from training_orgs.views import orgs, register

urlpatterns = [
    path("", include("training_orgs.people_urls")),
    path("", include("training_orgs.door_urls")),
    path("", include("training_orgs.money_urls")),
    path("training/", register.RegisterView.as_view(), name="training_orgs"),
    path("training/sites/new/", register.SiteAddView.as_view(), name="site_add"),
    path("training/new/", orgs.OrgAddView.as_view(), name="org_add"),
    path("training/<slug:code>/", register.PartyView.as_view(), name="training_org"),
    path("training/<slug:code>/profile/", orgs.OrgChangeView.as_view(), name="org_change"),
    path("training/<slug:code>/status/", register.StatusView.as_view(), name="org_status"),
    path("training/<slug:code>/brand/", register.BrandView.as_view(), name="org_brand"),
    path("training/<slug:code>/sightings/new/", register.SightingView.as_view(), name="org_sighting"),
    path("training/<slug:code>/recognise/", register.RecogniseView.as_view(), name="org_recognise"),
]
