"""Every kind of row; importing them makes them known."""

from training_orgs.rows.kinds import ledger, money, orders, papers, people  # noqa: F401
