from django.apps import AppConfig


class InspectionsConfig(AppConfig):
    name = "inspections"
    label = "inspections"
    verbose_name = "检查"

    def ready(self) -> None:
        from inspections.api import register_resources
        from inspections.scope import institutions_of
        from shuangjian.accounts.inspectors import register_targets

        register_targets(institutions_of)
        register_resources()
