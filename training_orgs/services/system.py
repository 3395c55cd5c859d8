"""Who acts where no person does: a command of the district, or the portal itself after what an institution filed."""

from __future__ import annotations


class System:
    """The district, as the journal keeps it: 系统."""

    class _meta:
        label_lower = "training_orgs.system"

    audit_label = "系统"
    power = role_kind = "bureau"
