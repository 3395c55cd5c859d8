from django.apps import AppConfig


class BureauConfig(AppConfig):
    name = "shuangjian.bureau"
    label = "bureau"
    verbose_name = "区教育局"
