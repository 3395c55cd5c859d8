"""What a hostile workbook costs the process that judges it (P17 asks for at most 100 MiB; 60 hold here)."""

from pathlib import Path
from typing import Any

import pytest

from tests.core.excel.footprint import measured
from tests.core.excel.workbooks import BOMBS, LARGEST

MOST_MIB = 60
EXPECTED = {
    "corners A1 and XFD1048576": ["作业", "too-many-rows"],
    "1,000,000 numbered rows": ["作业", "too-many-rows"],
    "10,000 surplus rows": ["作业", "too-many-rows"],
    "400,000 different shared strings": ["文件", "too-many-strings"],
    "1,200,000 cells that only carry a format": ["作业", "too-many-cells"],
    "1,300,000 empty elements in one string": ["文件", "too-many-elements"],
    "one tag of 20 MB": ["作业", "damaged"],
    "one text of 10 MB": ["文件", "too-many-characters"],
    "merged A1:XFD1048576 and a million more": ["作业", "too-many-merged"],
    "billion laughs": ["文件", "damaged"],
    "a file of this machine as an entity": ["文件", "damaged"],
    "200 MB that state 100 bytes": ["文件", "damaged"],
    **dict.fromkeys(LARGEST, ["", "read"]),
}


@pytest.fixture(scope="module")
def measures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("bombs")
    files: list[Path] = []
    for number, make in enumerate([*BOMBS.values(), *LARGEST.values()]):
        files.append(folder / f"{number}.xlsx")
        files[-1].write_bytes(make())
    return dict(zip([*BOMBS, *LARGEST], measured(files), strict=True))


@pytest.mark.parametrize("name", [*BOMBS, *LARGEST])
def test_a_bomb_is_refused_for_what_it_is_and_the_process_grows_little(name: str, measures) -> None:
    measure = measures[name]
    print(f"{name}: {measure}")
    assert measure["outcome"] == EXPECTED.get(name, ["文件", "too-large-unpacked"])
    assert measure["grown"] < MOST_MIB
