"""Tables of inspections."""

from inspections.models.checklists import ChecklistItem, ChecklistVersion
from inspections.models.visits import Answer, Visit, VisitInspector, VisitPhoto, VisitStep, VisitVersion

__all__ = [
    "Answer",
    "ChecklistItem",
    "ChecklistVersion",
    "Visit",
    "VisitStep",
    "VisitInspector",
    "VisitPhoto",
    "VisitVersion",
]
