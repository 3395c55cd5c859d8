from django.apps import AppConfig


class ListsConfig(AppConfig):
    name = "shuangjian.lists"
    label = "lists"
    verbose_name = "名单"
