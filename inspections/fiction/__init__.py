"""Visits, observations and rectifications of a fictional world, and what must be found because of them."""
