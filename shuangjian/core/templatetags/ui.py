"""How values are written for readers: dates, weeks, money, quantities, signs; and links that keep a page's filters.

Source: look.md, "Signs". Every filter shows a missing value as an em dash, never as 0 and never as nothing.
"""

import datetime as dt
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import urlencode

from django import template
from django.db.models import Choices
from django.forms import BoundField
from django.http import QueryDict
from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join, json_script
from django.utils.safestring import SafeString

from shuangjian.core.choices import AlertState, FilingState, Outcome, Severity
from shuangjian.core.units import SHARE, TIME_OF_DAY, clock_text, share_text
from shuangjian.core.weeks import Week

register = template.Library()

C = TypeVar("C", bound=Choices)

MISSING = "—"
_WEEKDAYS = "一二三四五六日"
# A link that changes a filter starts again at the first page: page 7 of another list means nothing.
_POSITION_PARAMETERS = ("page", "cursor")
_SEVERITY_SCALE = [str(label) for label in (Outcome.COMPLIANT.label, *Severity.labels)]


@register.filter
def cn_date(value: dt.date | dt.datetime | None) -> str:
    """2026-11-24（周二）. An aware datetime is shown as its date in the current time zone."""
    if not value:
        return MISSING
    if isinstance(value, dt.datetime):
        value = (timezone.localtime(value) if timezone.is_aware(value) else value).date()
    return f"{value:%Y-%m-%d}（周{_WEEKDAYS[value.weekday()]}）"


@register.filter
def cn_datetime(value: dt.datetime | None) -> str:
    """2026-11-24（周二）09:30, in the current time zone."""
    if not value:
        return MISSING
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return f"{cn_date(local)}{local:%H:%M}"


@register.filter
@lru_cache(maxsize=1024)
def week_label(value: str | dt.date | None) -> str:
    """2026年第48周（11.23–11.29） from an ISO week key such as `2026-W48` or from any date of the week.

    A text that is no week key is shown as it stands: periods of other lengths pass through the same column.
    """
    if not value:
        return MISSING
    if isinstance(value, str):
        try:
            return Week.parse(value).label
        except ValueError:
            return value
    return Week.of(value).label


@register.filter
def money(value: Decimal | int | str | None) -> str:
    """¥12,345.00; negative amounts carry their sign before the mark."""
    amount = _decimal(value)
    if amount is None:
        return MISSING
    return f"{'-' if amount < 0 else ''}¥{abs(amount):,.2f}"


@register.filter
def hhmm(value: Decimal | int | str | None) -> str:
    """Minutes after midnight as a time of day: 500 → 08:20."""
    minutes = _decimal(value)
    if minutes is None:
        return MISSING
    return clock_text(minutes)


@register.filter
def quantity(value: Decimal | float | str | None, unit: str = "") -> str:
    """A number with its unit and without idle zeros: 60.0000 → 60 分钟; 时刻 is a time of day (08:20), 比例 90%."""
    number = _decimal(value)
    if number is None:
        return MISSING
    if unit == TIME_OF_DAY:
        return clock_text(number)
    if unit == SHARE:
        return share_text(number)
    # At most two decimals are shown: an average of 65.3333 minutes is read, not computed with.
    text = f"{number.quantize(Decimal('0.01')):,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{text} {unit}".rstrip()


@register.filter
def as_severity(value: Any) -> Severity | None:
    """The Severity of a stored number, or None where the value names none."""
    return _member(Severity, value)


@register.filter
def as_outcome(value: Any) -> Outcome | None:
    return _member(Outcome, value)


@register.filter
def as_filing_state(value: Any) -> FilingState | None:
    return _member(FilingState, value)


@register.filter
def as_alert_state(value: Any) -> AlertState | None:
    return _member(AlertState, value)


@register.filter
def severity_class(value: Any) -> str:
    """The CSS class of a severity (`sign--violation`), for rows and figures that carry its colour."""
    severity = as_severity(value)
    return f"sign--{severity.css_class}" if severity else "sign--neutral"


@register.simple_tag
def severity_sign(value: Any, label: str = "", count: Any = None) -> SafeString:
    """The sign of a severity (1–4 or Severity); ``label`` says it in other words, ``count`` stands beside it.

    A tag and not an include: a list has hundreds of signs, of which a process knows each by heart.
    """
    return _sign(as_severity(value), label, count, False, False)


@register.simple_tag
def outcome_sign(value: Any, label: str = "", count: Any = None) -> SafeString:
    """The sign of an outcome; 数据不足 is hatched grey."""
    return _sign(as_outcome(value), label, count, False, False)


@register.simple_tag
def filing_sign(value: Any, label: str = "", count: Any = None) -> SafeString:
    """The sign of one 应报任务; words alone, or an em dash, where none was owed."""
    return _sign(as_filing_state(value), label, count, False, False)


@register.simple_tag
def alert_sign(value: Any, label: str = "", count: Any = None) -> SafeString:
    """The sign of where the work on one 预警 stands."""
    return _sign(as_alert_state(value), label, count, False, False)


@register.simple_tag
def sign(member: Any, label: str = "", count: Any = None, large: Any = False, plain: Any = False) -> SafeString:
    """One sign: icon, word, colour, of any enum with ``css_class``, ``icon`` and ``label``."""
    return _sign(member or None, label, count, bool(large), bool(plain))


@lru_cache(maxsize=4096, typed=True)  # typed: members of two enums with the same value are equal
def _sign(member: Any, label: str, count: Any, large: bool, plain: bool) -> SafeString:
    if not member:
        return format_html('<span class="sj-muted">{}</span>', label or MISSING)
    form = (" sign--large" if large else "") + (" sign--plain" if plain else "")
    number = "" if count is None or count == "" else format_html('<span class="sign__count">{}</span>', count)
    return format_html(
        '<span class="sign sign--{}{}"><i class="bi bi-{}" aria-hidden="true"></i>{}{}</span>',
        member.css_class,
        form,
        member.icon,
        label or member.label,
        number,
    )


@register.simple_tag
def address(name: str, *arguments: Any) -> str:
    """As Django's ``url`` tag, for the rows of a list: what was reversed once is not reversed again."""
    return _address(get_script_prefix(), name, *arguments)


@lru_cache(maxsize=8192)
def _address(_prefix: str, name: str, *arguments: Any) -> str:
    return reverse(name, args=arguments)


@register.filter
def chart_cell(value: Any, chart: dict[str, Any]) -> Any:
    """A cell of a figure's table in words: None is 数据不足; on the severity scale 0 is 合规, 1–4 are severities."""
    if value is None:
        return Outcome.INSUFFICIENT_DATA.label
    return _SEVERITY_SCALE[value] if chart.get("scale") == "severity" else value


@register.simple_tag
def chart_data(chart: dict[str, Any], element_id: str) -> SafeString:
    """The figure's numbers as a JSON script element, with the words of its scale, which live in choices.py alone."""
    words = {"levels": _SEVERITY_SCALE} if chart.get("scale") == "severity" else {}
    return json_script({**chart, **words}, element_id)


@register.simple_tag(takes_context=True)
def query_with(context: template.Context, **changes: Any) -> str:
    """`?…`: the query string of this page with parameters replaced; a value of None or "" removes its parameter."""
    return _changed_query(context, changes)


@register.simple_tag(takes_context=True)
def query_set(context: template.Context, name: str, value: Any = None) -> str:
    """As `query_with`, for a parameter whose name is itself a value: `{% query_set chip.param %}` removes it."""
    return _changed_query(context, {name: value})


@register.simple_tag(takes_context=True)
def hidden_query(context: template.Context, *without: str) -> SafeString:
    """Hidden inputs that carry this page's query string through a GET form, less the named parameters."""
    left_out = {*without, *_POSITION_PARAMETERS}
    pairs = [(name, value) for name, values in _query(context).lists() for value in values if name not in left_out]
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs)


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """The widget of a bound field with the kit's class and, after an error, its invalid style.

    Django adds `aria-invalid` and `aria-describedby`; they point at the ids that includes/_field.html writes.
    """
    css = _control_class(field)
    own = field.field.widget.attrs.get("class", "")
    if field.errors:
        css += " is-invalid"
    return field.as_widget(attrs={"class": f"{own} {css}".strip()})


@register.filter
def widget_kind(field: BoundField) -> str:
    """`choices` for a group of radio or check boxes, `check` for a single box, else `text`."""
    widget = field.field.widget
    if widget.use_fieldset:
        return "choices"
    return "check" if getattr(widget, "input_type", "") == "checkbox" else "text"


def _control_class(field: BoundField) -> str:
    input_type = getattr(field.field.widget, "input_type", "")
    if input_type in {"checkbox", "radio"}:
        return "form-check-input"
    return "form-select" if input_type == "select" else "form-control"


def _member(choices: type[C], value: Any) -> C | None:
    try:
        return choices(value)
    except (ValueError, TypeError):
        return None


def _decimal(value: Any) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _query(context: template.Context) -> QueryDict:
    request = context.get("request")
    return request.GET if request is not None else QueryDict()


def _changed_query(context: template.Context, changes: dict[str, Any]) -> str:
    query = {name: values for name, values in _query(context).lists() if name not in _POSITION_PARAMETERS}
    for name, value in changes.items():
        if value is None or value == "":
            query.pop(name, None)
        else:
            query[name] = [str(value)]
    return f"?{urlencode(query, doseq=True)}"
