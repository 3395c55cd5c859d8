"""Addresses of the workbook: template, upload, confirmation."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
