"""Documents and photos: stored once by content, sealed by SHA-256, seen only within their institution's scope."""
