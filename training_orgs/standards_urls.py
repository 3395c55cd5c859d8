"""Addresses of dated data and advertisements; included before /training/<code>/, which takes whatever is left."""

from django.urls import path

from training_orgs.views import standards

urlpatterns = [
    path("training/standards/", standards.StandardsView.as_view(), name="standards"),
    path("training/standards/words/new/", standards.WordAddView.as_view(), name="word_add"),
    path("training/standards/words/<int:pk>/end/", standards.WordEndView.as_view(), name="word_end"),
    path("training/standards/prices/new/", standards.PriceAddView.as_view(), name="guide_price_add"),
    path("training/standards/prices/<int:pk>/end/", standards.PriceEndView.as_view(), name="guide_price_end"),
    path("training/ads/", standards.AdsView.as_view(), name="ads"),
    path("training/ads/<int:pk>/clue/", standards.AdClueView.as_view(), name="ad_clue"),
]
