"""A fictional district of any size: invented schools in the real towns, planted violations, and the key to them."""
