from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "shuangjian.intake"
    label = "intake"
    verbose_name = "周报"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from shuangjian.bureau.calendar import on_calendar_change
        from shuangjian.intake import rules  # noqa: F401
        from shuangjian.intake.coverage import covered_weeks, follow_calendar, follow_due_time
        from shuangjian.intake.sufficiency import follow_release
        from shuangjian.rules.registries import register_coverage, register_follower

        register_coverage(covered_weeks)
        on_calendar_change(follow_calendar)
        register_follower(follow_due_time)
        post_migrate.connect(follow_release, sender=self)
