"""What a section measured: printed as it goes, and handed to the command that started it, which makes the table."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_FILE, _SMALL = "BENCHMARK_FIGURES", "BENCHMARK_SMALL"
BEGIN, END = "<!-- district: begin -->", "<!-- district: end -->"


@dataclass(frozen=True)
class Figure:
    """One line of the table. ``bound`` says what is asked of the ratio or the value; ``is_met`` None: nothing is."""

    name: str
    value: str
    baseline: str = ""
    ratio: str = ""
    bound: str = ""
    is_met: bool | None = None

    def text(self) -> str:
        parts = [f"{self.name}: {self.value}"]
        if self.ratio:
            parts.append(f"{self.ratio} {self.baseline}")
        elif self.baseline:
            parts.append(self.baseline)
        if self.bound:
            verdict = {None: "not judged in a small world", True: "met", False: "MISSED"}[self.is_met]
            parts.append(f"bound {self.bound}: {verdict}")
        return "; ".join(parts)


def tell(figure: Figure) -> None:
    """Print it, and leave it for the table if this process was started for one."""
    print(f"{figure.text()} (load {os.getloadavg()[0]:.1f})", flush=True)
    if os.environ.get(_FILE):
        with open(os.environ[_FILE], "a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(figure), ensure_ascii=False) + "\n")


def at_most(name: str, value: str, times: float, baseline: str, bound: float) -> None:
    """``times`` is the ratio to the baseline of the same run, and should be small."""
    tell(Figure(name, value, baseline, f"{times:.2f} ×", f"≤ {bound:g} ×", _judged(times <= bound)))


def at_least(name: str, value: str, times: float, baseline: str, bound: float | None) -> None:
    """``times`` is how many times faster than the baseline, and should be large."""
    shown = f"{times:,.0f}" if times >= 100 else f"{times:.1f}"
    asked = "" if bound is None else f"≥ {bound:g} ×"
    met = None if bound is None else _judged(times >= bound)
    tell(Figure(name, value, baseline, f"{shown} × faster than", asked, met))


def _judged(is_met: bool) -> bool | None:
    """Bounds of ratios hold at full size: in a small world, what every evaluation costs anyway weighs most."""
    return None if os.environ.get(_SMALL) else is_met


def environment(file: Path, *, is_small: bool) -> dict[str, str]:
    """What a section's process needs to leave its figures in ``file``."""
    return {_FILE: str(file), _SMALL: "1" if is_small else ""}


def read(file: Path) -> list[Figure]:
    """The figures that a section left, in order."""
    if not file.exists():
        return []
    return [Figure(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]


def table(figures: Sequence[Figure]) -> str:
    """As markdown."""
    lines = ["| figure | measured | ratio to a baseline of the same run | bound | |", "|---|---|---|---|---|"]
    for each in figures:
        met = {None: "", True: "met", False: "**missed**"}[each.is_met]
        ratio = f"{each.ratio} {each.baseline}".strip()
        lines.append(f"| {each.name} | {each.value} | {ratio} | {each.bound} | {met} |")
    return "\n".join(lines)


def put_between_marks(document: Path, text: str) -> None:
    """Replace what stands between the two marks of the document; ValueError where they are missing."""
    whole = document.read_text(encoding="utf-8")
    before, begin, rest = whole.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{document}: write {BEGIN} and {END} on lines of their own where the table belongs.")
    document.write_text(f"{before}{begin}\n{text.strip()}\n{end}{after}", encoding="utf-8")
