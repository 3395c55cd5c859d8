from django.apps import AppConfig


class TrainingOrgsConfig(AppConfig):
    name = "training_orgs"
    label = "training_orgs"
    verbose_name = "校外培训机构"

    def ready(self) -> None:
        from shuangjian.bureau.derived_days import on_derived_days_change
        from shuangjian.bureau.reference import register_reference
        from training_orgs import rules  # noqa: F401
        from training_orgs.api import register_resources
        from training_orgs.calendar_follow import judge_again
        from training_orgs.observation_kinds import register_kinds
        from training_orgs.services.standards_imports import load_words

        on_derived_days_change(judge_again)
        register_kinds()
        register_resources()
        register_reference("词表", load_words)
