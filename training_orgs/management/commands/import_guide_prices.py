from typing import Any

from shuangjian.bureau.import_command import ImportCommand
from shuangjian.bureau.tables import ImportResult, Line
from training_orgs.services.standards_imports import PRICE_COLUMNS, PRICE_OPTIONAL, import_guide_prices


class Command(ImportCommand):
    help = "Create or change guide prices by mode, least class size and first day; judges the charges since then again."
    required = PRICE_COLUMNS
    optional = PRICE_OPTIONAL
    subject = "政府指导价"

    def run_import(self, lines: list[Line], **options: Any) -> ImportResult:
        return import_guide_prices(lines, actor=None)
