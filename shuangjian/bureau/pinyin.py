"""The stored sort key of Chinese names: PostgreSQL's collations do not sort 大石 < 南村 < 番禺 as readers expect."""

from __future__ import annotations

from pypinyin import lazy_pinyin


def sort_key(name: str, length: int) -> str:
    """Pinyin without tones, one syllable a word, cut to ``length`` characters; Latin and digits stay as they are."""
    return " ".join(lazy_pinyin(name))[:length]
