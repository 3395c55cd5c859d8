from django.apps import AppConfig


class TrainingOrgsConfig(AppConfig):
    name = "training_orgs"
    label = "training_orgs"
    verbose_name = "校外培训机构"

    def ready(self) -> None:
        from training_orgs.observation_kinds import register_kinds

        register_kinds()
