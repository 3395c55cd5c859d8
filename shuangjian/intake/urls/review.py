"""Addresses of the review: approval, acceptance, lock, correction."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
