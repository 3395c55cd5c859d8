"""Signs as tags: every one is what the include writes, and what is kept of one is never shown for another."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import models
from django.template import Context, Template
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString

from shuangjian.core.choices import AlertState, FilingState, Outcome, Severity
from shuangjian.core.templatetags import ui


def drawn(source: str, **context: Any) -> str:
    return Template("{% load ui %}" + source).render(Context(context)).strip()


@pytest.mark.parametrize(
    ("kind", "name", "values"),
    [
        ("severity", "severity", [*Severity, 1, "2", None, 9]),
        ("outcome", "outcome", [*Outcome, "insufficient_data", "", None]),
        ("filing_state", "state", [*FilingState, "late", None]),
        ("alert_state", "state", [*AlertState, "open", None]),
    ],
)
def test_a_sign_as_a_tag_is_the_sign_of_the_include(kind: str, name: str, values: list[Any]) -> None:
    tag = f"{kind.removesuffix('_state')}_sign"
    for value in values:
        for count in (None, 3):
            include = f'{{% include "includes/_{kind}.html" with {name}=value sign_count=count %}}'
            assert drawn(f"{{% {tag} value count=count %}}", value=value, count=count) == drawn(
                include, value=value, count=count
            )


def test_a_sign_shows_icon_and_words_and_other_words_as_text() -> None:
    icon = '<i class="bi bi-exclamation-octagon-fill" aria-hidden="true"></i>'
    assert drawn("{% severity_sign 3 %}") == f'<span class="sign sign--violation">{icon}违规</span>'
    assert "<b>" in drawn("{% severity_sign 3 label=words %}", words=SafeString("<b>"))
    assert "&lt;b&gt;" in drawn("{% severity_sign 3 label=words %}", words="<b>"), "whatever else has been kept"
    assert drawn("{% filing_sign None label=words %}", words="无须报送") == '<span class="sj-muted">无须报送</span>'
    assert drawn("{% filing_sign None %}") == '<span class="sj-muted">—</span>'


def test_members_of_two_enums_with_one_value_keep_their_own_signs() -> None:
    class Other(models.TextChoices):
        LATE = "late", "晚点"

        @property
        def css_class(self) -> str:
            return "other"

        @property
        def icon(self) -> str:
            return "bus"

    assert Other.LATE == FilingState.LATE, "which is why the two could be mixed up"
    assert "迟报" in ui.sign(FilingState.LATE)
    assert "晚点" in ui.sign(Other.LATE)


def test_an_address_is_that_of_the_url_tag() -> None:
    for code in ("44011319001", "44011319002", "44011319001"):
        assert drawn("{% address 'unit' code %}", code=code) == reverse("unit", args=[code])
    with pytest.raises(NoReverseMatch):
        drawn("{% address 'unit' %}")
