"""For bin/demo and a developer's machine: no secrets, no TLS, the local servers."""

from shuangjian.settings.base import *  # noqa: F403

SECRET_KEY = "local-only-and-public: production reads DJANGO_SECRET_KEY"  # noqa: S105
IDENTITY_KEY = "local-only-and-public: production reads IDENTITY_KEY"
DEBUG = False
ALLOWED_HOSTS = ["*"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
