"""What a form says of a field that cannot be read: what is wrong and how to mend it, where the framework's own words
say less, or nothing of how it is written."""

from __future__ import annotations

from collections.abc import Iterable

from django import forms

_CHOSEN = "不在可选的范围内，请重新选择。"
_LENGTHS = {
    "max_length": "最多 %(limit_value)d 字，现为 %(show_value)d 字，请缩短。",
    "min_length": "至少 %(limit_value)d 字，现为 %(show_value)d 字，请补充。",
    "null_characters_not_allowed": "含有空字符，请删除。",
}
_BOUNDS = {"min_value": "不能小于 %(limit_value)s，请改正。", "max_value": "不能大于 %(limit_value)s，请改正。"}
#: By kind of field, the more special one first.
_WORDS: tuple[tuple[type[forms.Field], dict[str, str]], ...] = (
    (forms.MultipleChoiceField, {"required": "请至少选择一项。", "invalid_choice": _CHOSEN, "invalid_list": _CHOSEN}),
    (forms.ChoiceField, {"required": "请选择一项。", "invalid_choice": _CHOSEN}),
    (forms.ModelMultipleChoiceField, {"required": "请至少选择一项。", "invalid_choice": _CHOSEN}),
    (forms.ModelChoiceField, {"required": "请选择一项。", "invalid_choice": _CHOSEN}),
    (forms.DateField, {"invalid": "应为日期，写成 2026-11-24 的样子。"}),
    (forms.TimeField, {"invalid": "应为时刻，写成 08:20 的样子。"}),
    (forms.DecimalField, {"invalid": "应为数，如 12.5。", **_BOUNDS}),
    (forms.FloatField, {"invalid": "应为数，如 12.5。", **_BOUNDS}),
    (forms.IntegerField, {"invalid": "应为整数，如 12。", **_BOUNDS}),
    (forms.FileField, {"required": "请选择文件。", "empty": "文件是空的（0 字节），请重新选择。"}),
    (forms.BooleanField, {"required": "请勾选。"}),
    (forms.URLField, {"invalid": "应为网址，如 https://example.com/。", **_LENGTHS}),
    (forms.CharField, _LENGTHS),
)


def say(fields: Iterable[forms.Field]) -> None:
    """Give each field these words where it has the framework's own; what a form says of a field itself stays."""
    for field in fields:
        kind, common = type(field), {"required": "请填写这一项。"}
        special = next((words for known, words in _WORDS if isinstance(field, known)), {})
        for code, words in {**common, **special}.items():
            if field.error_messages.get(code) == _own(kind, code):
                field.error_messages[code] = words


def _own(kind: type[forms.Field], code: str) -> object:
    """What the framework says at ``code`` for such a field; None where a validator says it."""
    for each in kind.__mro__:
        words = getattr(each, "default_error_messages", {})
        if code in words:
            return words[code]
    return None
