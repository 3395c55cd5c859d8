from django.apps import AppConfig


class HomeworkConfig(AppConfig):
    name = "homework"
    label = "homework"
    verbose_name = "作业"
