from django.apps import AppConfig


class HomeworkConfig(AppConfig):
    name = "homework"
    label = "homework"
    verbose_name = "作业"

    def ready(self) -> None:
        from homework import observed_rules, rules  # noqa: F401
        from homework.observation_kinds import register_kinds
        from homework.sections import HomeworkSection
        from shuangjian.api.registry import register_resource
        from shuangjian.intake.sections import register_section

        register_kinds()
        register_section(HomeworkSection())
        register_resource("homework-items", "homework.api.HomeworkItemViewSet")
