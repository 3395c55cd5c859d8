"""Black, white and warning lists: decisions of two people under a version of the criteria, with entry, exit, appeal."""
