from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "shuangjian.evidence"
    label = "evidence"
    verbose_name = "核查与投诉"
