"""What the cast of conftest.py have in common."""

PASSWORD = "river-lantern-42"
