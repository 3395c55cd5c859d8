"""What a hostile workbook costs the process that judges it (P17 asks for at most 100 MiB; 60 hold here)."""

from pathlib import Path

import pytest

from tests.core.excel.footprint import measured
from tests.core.excel.workbooks import BOMBS, LARGEST

MOST_MIB = 60


@pytest.fixture(scope="module")
def measures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    folder = tmp_path_factory.mktemp("bombs")
    files: list[Path] = []
    for number, make in enumerate([*BOMBS.values(), *LARGEST.values()]):
        files.append(folder / f"{number}.xlsx")
        files[-1].write_bytes(make())
    return dict(zip([*BOMBS, *LARGEST], measured(files), strict=True))


@pytest.mark.parametrize("name", [*BOMBS, *LARGEST])
def test_neither_a_bomb_nor_the_largest_workbook_makes_the_process_grow_much(name: str, measures) -> None:
    measure = measures[name]
    print(f"{name}: {measure}")
    assert (measure["outcome"] == "read") == (name in LARGEST)
    assert measure["grown"] < MOST_MIB
