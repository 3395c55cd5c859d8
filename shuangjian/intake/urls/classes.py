"""Addresses of filling in by class."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
