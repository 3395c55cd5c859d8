"""Every kind of row; importing them makes them known."""

from training_orgs.rows.kinds import complaints, courses, ledger, money, orders, papers, people, register  # noqa: F401
