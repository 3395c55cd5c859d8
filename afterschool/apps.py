from django.apps import AppConfig


class AfterschoolConfig(AppConfig):
    name = "afterschool"
    label = "afterschool"
    verbose_name = "课后服务"

    def ready(self) -> None:
        from afterschool import observed_rules, rules  # noqa: F401
        from afterschool.observation_kinds import register_kinds
        from afterschool.sections import AfterSchoolSection
        from shuangjian.api.registry import register_resource
        from shuangjian.intake.sections import register_section

        register_kinds()
        register_section(AfterSchoolSection())
        register_resource("service-days", "afterschool.api.ServiceDayViewSet")
