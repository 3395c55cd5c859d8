from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "shuangjian.api"
    label = "api"
    verbose_name = "接口"
