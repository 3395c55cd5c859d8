"""The TO rules, one module per group of clauses; importing the package declares them all."""

from training_orgs.rules import disputes, observed, words

__all__ = ["disputes", "observed", "words"]
