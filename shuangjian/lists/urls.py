"""Pages of the lists."""

from django.urls import path

from shuangjian.lists import views

urlpatterns = [
    path("lists/", views.ListsView.as_view(), name="lists"),
    path("lists/propose/", views.ProposeView.as_view(), name="list_propose"),
    path("lists/waiting/", views.WaitingView.as_view(), name="lists_waiting"),
    path("lists/standards/", views.StandardsView.as_view(), name="list_standards"),
    path("lists/standards/date/", views.ListDateView.as_view(), name="list_date"),
    path("lists/decisions/<int:pk>/", views.DecisionView.as_view(), name="list_decision"),
    path("lists/decisions/<int:pk>/review/", views.ReviewDecisionView.as_view(), name="list_review"),
    path("lists/decisions/<int:pk>/withdraw/", views.WithdrawView.as_view(), name="list_withdraw"),
    path("lists/decisions/<int:pk>/publish/", views.PublishView.as_view(), name="list_publish"),
    path("lists/decisions/<int:pk>/appeal/", views.AppealView.as_view(), name="list_appeal"),
    path("lists/decisions/<int:pk>/answer/", views.AnswerView.as_view(), name="list_answer"),
]
