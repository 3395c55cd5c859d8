from django.apps import AppConfig


class TrainingOrgsConfig(AppConfig):
    name = "training_orgs"
    label = "training_orgs"
    verbose_name = "校外培训机构"
