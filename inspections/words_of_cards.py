"""What explanation cards call the facts and codes of findings about rectifications and repetitions."""

from __future__ import annotations

from shuangjian.alerts.rectification_models import Rectification
from shuangjian.rules.explain import register_words


def register() -> None:
    """Called once, when the app is ready."""
    register_words(
        kinds={"rectification": "整改事项"},
        facts={
            "due_on": "整改期限",
            "rectification_state": "整改状态",
            "rule": "违反的规则",
            "last_confirmed_on": "此前最近一次查实",
        },
        values={"rectification_state": {str(key): str(label) for key, label in Rectification.State.choices}},
    )
