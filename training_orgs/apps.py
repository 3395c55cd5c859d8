from django.apps import AppConfig


class TrainingOrgsConfig(AppConfig):
    name = "training_orgs"
    label = "training_orgs"
    verbose_name = "校外培训机构"

    def ready(self) -> None:
        from shuangjian.api.registry import register_resource
        from shuangjian.bureau.derived_days import on_derived_days_change
        from shuangjian.bureau.reference import register_reference
        from shuangjian.bureau.sites import SiteKeeper, register_site_opener
        from shuangjian.bureau.ties import register_ties
        from shuangjian.core.fiction import register_teller
        from training_orgs import rules, words_of_cards  # noqa: F401
        from training_orgs.api import register_resources
        from training_orgs.calendar_follow import judge_again
        from training_orgs.choices import Category, LicenceState
        from training_orgs.fiction.world import make_orgs
        from training_orgs.observation_kinds import register_kinds
        from training_orgs.services.sites import open_seen_site, towns_open_to
        from training_orgs.services.standards_imports import load_words
        from training_orgs.ties import of_one_brand

        on_derived_days_change(judge_again)
        words_of_cards.register()
        register_kinds()
        register_ties(of_one_brand)
        register_teller("training_orgs", make_orgs)
        register_site_opener(SiteKeeper(open_seen_site, towns_open_to, Category.choices, LicenceState.choices))
        register_resources()
        register_reference("词表", load_words)
        register_resource("clinic", "training_orgs.clinic_api.ClinicViewSet")
        register_resource("courses/clashes", "training_orgs.clinic_api.CourseClashViewSet")
