"""What a service raises when input or state forbids an act; form, sheet and API show the same sentences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Problem:
    """One thing to mend: ``path`` says where (``homework[3].minutes``, ``第 4 行 name``), ``message`` what and how."""

    path: str
    message: str
    code: str = "invalid"

    def as_dict(self) -> dict[str, str]:
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.path}：{self.message}" if self.path else self.message


class Refused(Exception):
    """A service refuses an act. ``message`` is Chinese and says how to go on; HTTP answers with ``status``."""

    status = 422
    code = "refused"

    def __init__(self, message: str, *, code: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.status = status or self.status


class InvalidInput(Refused):
    """Input with one or more problems; nothing of it was saved."""

    code = "invalid"

    def __init__(self, problems: Iterable[Problem], message: str = "") -> None:
        self.problems = list(problems)
        super().__init__(message or f"有 {len(self.problems)} 处需要修改，数据没有保存。")


class Conflict(Refused):
    """Somebody else was faster, or the state does not allow the act any more."""

    status = 409
    code = "conflict"
