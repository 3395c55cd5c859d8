"""Calendar, and towns to confirm."""

from django.urls import path

from shuangjian.bureau import views

urlpatterns = [
    path("calendar/", views.CalendarView.as_view(), name="calendar"),
    path("calendar/terms/new/", views.TermEditView.as_view(), name="term_add"),
    path("calendar/terms/<int:pk>/", views.TermEditView.as_view(), name="term_change"),
    path("calendar/terms/<int:pk>/remove/", views.TermRemoveView.as_view(), name="term_remove"),
    path("calendar/breaks/new/", views.BreakEditView.as_view(), name="break_add"),
    path("calendar/breaks/<int:pk>/", views.BreakEditView.as_view(), name="break_change"),
    path("calendar/breaks/<int:pk>/remove/", views.BreakRemoveView.as_view(), name="break_remove"),
    path("calendar/days/new/", views.CalendarDayEditView.as_view(), name="calendar_day_add"),
    path("calendar/days/<int:pk>/", views.CalendarDayEditView.as_view(), name="calendar_day_change"),
    path("calendar/days/<int:pk>/remove/", views.CalendarDayRemoveView.as_view(), name="calendar_day_remove"),
    path("unconfirmed-towns/", views.UnconfirmedTownsView.as_view(), name="unconfirmed_towns"),
    path("unconfirmed-towns/<slug:code>/", views.ConfirmTownView.as_view(), name="confirm_town"),
]
