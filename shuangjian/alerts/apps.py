from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "shuangjian.alerts"
    label = "alerts"
    verbose_name = "预警"

    def ready(self) -> None:
        from shuangjian.alerts.rectifications import cancel_of_withdrawn, pending_number
        from shuangjian.alerts.regroup import regroup
        from shuangjian.alerts.sla import due_dates_now
        from shuangjian.evidence.followers import register_follower
        from shuangjian.evidence.kinds import register_due_dates
        from shuangjian.rules.registries import register_regroup

        register_regroup(regroup)
        register_due_dates(due_dates_now)
        register_follower(cancel_of_withdrawn, pending_number)
