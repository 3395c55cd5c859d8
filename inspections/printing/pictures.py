"""Photos made small for print, one at a time, so that a record of sixty needs the memory of one."""

from __future__ import annotations

import logging
from pathlib import Path

from PIL import Image

from shuangjian.files.models import StoredFile
from shuangjian.files.services import location

logger = logging.getLogger(__name__)

#: Two photos a row are 75 mm wide: 300 dots an inch.
_LONGEST_SIDE = 900
_QUALITY = 72


def for_print(stored: StoredFile, folder: Path, name: str) -> bool:
    """Write ``folder/name``, a JPEG of the view of ``stored``; False where its file is lost or cannot be read."""
    try:
        with Image.open(location(stored.path)) as picture:
            share = _LONGEST_SIDE / max(picture.size)
            if share < 1:
                picture.draft("RGB", (int(picture.width * share) or 1, int(picture.height * share) or 1))
            picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE), reducing_gap=2.0)
            picture.convert("RGB").save(folder / name, "JPEG", quality=_QUALITY)
    except OSError as error:
        logger.error("photo %s cannot be printed: %s", stored.key, error)
        return False
    return True
