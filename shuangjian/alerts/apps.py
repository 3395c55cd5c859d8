from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "shuangjian.alerts"
    label = "alerts"
    verbose_name = "预警"
