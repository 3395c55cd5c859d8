"""The TO rules, one module per group of clauses; importing the package declares them all."""

from training_orgs.rules import charges, custody, disputes, hours, observed, refunds, spans, words

__all__ = ["charges", "custody", "disputes", "hours", "observed", "refunds", "spans", "words"]
