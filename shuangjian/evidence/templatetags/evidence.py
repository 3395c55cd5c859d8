"""Words of evidence for templates."""

from __future__ import annotations

from django import template

from shuangjian.evidence.kinds import kind_label as label_of

register = template.Library()


@register.filter
def kind_label(code: str) -> str:
    """事项 of an observation."""
    return label_of(code)
