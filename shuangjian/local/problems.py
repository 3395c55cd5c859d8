"""The one error that the local commands show to a person without a traceback."""


class Problem(Exception):
    """Something a person can mend; the text says what happened and how to mend it."""
