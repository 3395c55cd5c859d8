from django.apps import AppConfig


class InspectionsConfig(AppConfig):
    name = "inspections"
    label = "inspections"
    verbose_name = "检查"

    def ready(self) -> None:
        from inspections import rules, words_of_cards  # noqa: F401
        from inspections.api import register_resources
        from inspections.fiction.demo import act_scenes
        from inspections.fiction.world import make_visits
        from inspections.scope import institutions_of, shown_photos
        from inspections.services.checklist_loading import load_checklists
        from inspections.services.photos import PURPOSE
        from shuangjian.accounts.inspectors import register_targets
        from shuangjian.bureau.reference import register_reference
        from shuangjian.core.fiction import register_scene, register_teller
        from shuangjian.files.models import register_shown_by

        register_reference("检查表", load_checklists)
        register_targets(institutions_of)
        register_shown_by(PURPOSE, shown_photos)
        words_of_cards.register()
        register_teller("visits", make_visits)  # after training_orgs, whose institutions it visits
        register_scene("visits", act_scenes)
        register_resources()
