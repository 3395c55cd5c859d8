"""Pages about courses and money of training institutions, the order clinic, which is open to everybody, and the
lessons of one order, open to whoever holds its link."""

from django.urls import path

from training_orgs.views import clinic, lessons, money

urlpatterns = [
    path("clinic/", clinic.ClinicView.as_view(), name="clinic"),
    path("lessons/<str:token>/", lessons.LessonsView.as_view(), name="lessons"),
    path("training/radar/", money.RadarView.as_view(), name="radar"),
    path("training/<slug:code>/courses/", money.CoursesView.as_view(), name="org_courses"),
    path(
        "training/<slug:code>/courses/check/", money.CourseCheckView.as_view(), {"kind": "courses"}, name="course_check"
    ),
    path("training/<slug:code>/money/", money.MoneyView.as_view(), name="org_money"),
    path("training/<slug:code>/money/<str:day>/", money.MoneyDayView.as_view(), name="org_money_day"),
    path("training/<slug:code>/identify/", money.IdentifyView.as_view(), name="org_identify"),
    path("training/<slug:code>/courses/<path:number>/identify/", money.IdentifyView.as_view(), name="course_identify"),
    path("training/<slug:code>/courses/<path:number>/publish/", money.PublishView.as_view(), name="course_publish"),
    path("training/<slug:code>/sessions/<int:pk>/cancel/", money.CancelSessionView.as_view(), name="session_cancel"),
    path("training/<slug:code>/sessions/<int:pk>/lessons/", money.TakeLessonsView.as_view(), name="session_lessons"),
    path(
        "training/<slug:code>/orders/<path:contract>/refund/", money.RefundRequestView.as_view(), name="refund_request"
    ),
    path("training/<slug:code>/refunds/<path:number>/answer/", money.RefundAnswerView.as_view(), name="refund_answer"),
    path("training/<slug:code>/refunds/<path:number>/pay/", money.RefundPayView.as_view(), name="refund_pay"),
    path(
        "training/<slug:code>/refunds/<path:number>/withdraw/",
        money.RefundWithdrawView.as_view(),
        name="refund_withdraw",
    ),
]
