from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "shuangjian.intake"
    label = "intake"
    verbose_name = "周报"
