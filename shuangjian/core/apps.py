from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "shuangjian.core"
    label = "core"
    verbose_name = "公共部件"

    def ready(self) -> None:
        from shuangjian.core import lookups  # noqa: F401 - registers them
