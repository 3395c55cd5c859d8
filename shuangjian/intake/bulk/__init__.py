"""A whole district's returns in one CSV file: one row an item, one transaction, the checks of the form and the API."""

from shuangjian.intake.bulk.loading import LoadResult, load_returns

__all__ = ["LoadResult", "load_returns"]
