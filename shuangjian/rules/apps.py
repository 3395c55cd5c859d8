from django.apps import AppConfig


class RulesConfig(AppConfig):
    name = "shuangjian.rules"
    label = "rules"
    verbose_name = "规则"

    def ready(self) -> None:
        from shuangjian.journal.services import on_request
        from shuangjian.rules import checks  # noqa: F401
        from shuangjian.rules.doorbell import ring

        on_request(ring)
