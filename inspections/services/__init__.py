"""What is done to checklists and visits; the only writers of their tables."""
