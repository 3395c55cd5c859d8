"""For the test suite: dev settings with cheap password hashes."""

from shuangjian.settings.dev import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
PARAMETER_GAPS_RAISE = True
