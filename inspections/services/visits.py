"""What is done to visits: pages and the API call these. Answers, photos, whole documents have modules of their own."""

from __future__ import annotations

from inspections.services.details import save_details, set_inspectors
from inspections.services.ground import Stale, is_above, is_inspector, may_write
from inspections.services.places import Place
from inspections.services.planning import cancel_visit, checklist_for, open_visit, plan_visits, start_visit
from inspections.services.review import correct_visit, hand_in_problems, hand_in_visit, may_review, review_visit

__all__ = [
    "Place",
    "Stale",
    "cancel_visit",
    "checklist_for",
    "correct_visit",
    "hand_in_problems",
    "hand_in_visit",
    "is_above",
    "is_inspector",
    "may_review",
    "may_write",
    "open_visit",
    "plan_visits",
    "review_visit",
    "save_details",
    "set_inspectors",
    "start_visit",
]
