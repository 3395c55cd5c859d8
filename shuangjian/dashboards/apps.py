from django.apps import AppConfig


class DashboardsConfig(AppConfig):
    name = "shuangjian.dashboards"
    label = "dashboards"
    verbose_name = "页面"
