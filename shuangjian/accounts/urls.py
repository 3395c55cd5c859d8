"""Login, logout, password and accounts. None of allauth's other pages is mounted: no signup, no mail."""

from django.urls import path

from shuangjian.accounts import views

urlpatterns = [
    path("login/", views.LoginView.as_view(), name="account_login"),
    path("logout/", views.LogoutView.as_view(), name="account_logout"),
    path("password/", views.PasswordView.as_view(), name="password"),
    path("accounts/", views.AccountsView.as_view(), name="accounts"),
    path("accounts/<int:pk>/reset/", views.ResetView.as_view(), name="account_reset"),
    path("accounts/<int:pk>/deactivate/", views.DeactivateView.as_view(), name="account_deactivate"),
]
