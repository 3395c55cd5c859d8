"""For the test suite: dev settings with cheap password hashes, and a folder of its own for files that are sent."""

import tempfile
from pathlib import Path

from shuangjian.settings.dev import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
PARAMETER_GAPS_RAISE = True
_media = tempfile.TemporaryDirectory(prefix="shuangjian-media-")
MEDIA_ROOT = Path(_media.name)
