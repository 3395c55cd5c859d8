from django.apps import AppConfig


class SchoolsConfig(AppConfig):
    name = "schools"
    label = "schools"
    verbose_name = "学校"

    def ready(self) -> None:
        from schools import observed_rules, rules  # noqa: F401
        from schools.exposure import class_days
        from schools.observation_kinds import register_kinds
        from schools.sections import SchoolDaySection
        from shuangjian.api.registry import register_resource
        from shuangjian.dashboards.exposure import register_class_days
        from shuangjian.intake.sections import register_section

        register_kinds()
        register_section(SchoolDaySection())
        register_class_days(class_days)
        register_resource("schools", "schools.api.SchoolViewSet")
        register_resource("classes", "schools.api.SchoolClassViewSet")
        register_resource("school-days", "schools.api.SchoolDayViewSet")
