"""Addresses of the weekly return: its pages, the workbook, the review, and filling in by class."""

from shuangjian.intake.urls import classes, returns, review, workbook

urlpatterns = [*returns.urlpatterns, *workbook.urlpatterns, *review.urlpatterns, *classes.urlpatterns]
