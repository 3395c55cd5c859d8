"""Resources of the domains: each registers its viewsets when it gets ready; the platform imports no domain."""

from __future__ import annotations

_resources: dict[str, str] = {}


def register_resource(prefix: str, viewset: str) -> None:
    """Mount ``viewset`` (a dotted path, imported when the addresses are built) at ``/api/v1/<prefix>/``."""
    known = _resources.setdefault(prefix, viewset)
    if known != viewset:
        raise RuntimeError(f"/api/v1/{prefix}/ is registered by {known} and {viewset}: choose another prefix.")


def all_resources() -> dict[str, str]:
    """Registered resources, by prefix; ``courses/clashes`` before ``courses``, which would take it for a code."""
    return dict(sorted(_resources.items(), key=lambda each: (-each[0].count("/"), each[0])))
