"""Rows of the training registers: what each kind holds, and the one path that checks and writes them."""

from training_orgs.rows.declare import Column, Kind, all_kinds, get_kind, may_file
from training_orgs.rows.saving import Saved, save_rows
from training_orgs.rows.table import Table

__all__ = ["Column", "Kind", "Saved", "Table", "all_kinds", "get_kind", "may_file", "save_rows"]
