from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "shuangjian.accounts"
    label = "accounts"
    verbose_name = "账号"
