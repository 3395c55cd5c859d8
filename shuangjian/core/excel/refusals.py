"""How a workbook is refused: one Problem, the sheet or "文件", what is wrong and how to mend it."""

from __future__ import annotations

from shuangjian.core.errors import InvalidInput, Problem

FILE = "文件"
_SAVE_AGAIN = "请用 Excel 或 WPS 打开原表，另存为“Excel 工作簿（*.xlsx）”后再上传。"


def refusal(path: str, message: str, code: str) -> InvalidInput:
    """The error to raise; its own message is the same sentence, because there is only one thing to mend."""
    problem = Problem(path, message, code)
    return InvalidInput([problem], message=str(problem))


def truncated() -> InvalidInput:
    return refusal(FILE, "文件不完整，可能没有传完或没有保存完。请重新保存后再上传。", "truncated")


def damaged(path: str = FILE, detail: str = "") -> InvalidInput:
    what = f"内容已损坏（{detail}）" if detail else "内容已损坏"
    return refusal(path, f"{what}，无法读取。{_SAVE_AGAIN}", "damaged")


def other_format(what: str, code: str = "not-xlsx") -> InvalidInput:
    blank = " " if what[:1].isascii() else ""  # 这是图片, 这是 PDF 文件
    return refusal(FILE, f"这是{blank}{what}，系统只读取 .xlsx 工作簿。{_SAVE_AGAIN}", code)


def too_large_inside() -> InvalidInput:
    message = "文件解压后过大，不像填报用的工作簿。请只保留要填报的内容，复制到新的模板后再上传。"
    return refusal(FILE, message, "too-large-unpacked")


def has_doctype() -> InvalidInput:
    return damaged(detail="含有不允许的 DOCTYPE 或 ENTITY 声明")


def has_macros() -> InvalidInput:
    message = "工作簿含有宏，系统不接收。请另存为不含宏的“Excel 工作簿（*.xlsx）”后再上传。"
    return refusal(FILE, message, "macros")


def megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.3g} MB"
