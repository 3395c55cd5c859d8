"""The TO rules, one module per group of clauses; importing the package declares them all."""
