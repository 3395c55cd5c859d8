"""The answer key: what must stand open, noted by those who planted it and by nobody who judges."""

from shuangjian.core.fiction import COLUMNS, Answer, AnswerKey, Found, flag, found, four_places

__all__ = ["COLUMNS", "Answer", "AnswerKey", "Found", "flag", "found", "four_places"]
