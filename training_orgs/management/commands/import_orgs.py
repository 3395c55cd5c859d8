"""Import training institutions and suspected sites from a CSV file."""

from __future__ import annotations

from training_orgs.management.commands import import_rows


class Command(import_rows.Command):
    """``import_orgs CSV``."""

    help = "Import training institutions and suspected sites; a changed name, category or place is kept by date."
    kind = "orgs"
