"""A small fictional district for demonstrations: invented schools in the real towns, with planted violations."""
