from django.apps import AppConfig


class RulesConfig(AppConfig):
    name = "shuangjian.rules"
    label = "rules"
    verbose_name = "规则"
