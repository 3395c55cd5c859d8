"""For production: every secret from the environment, TLS in front, static files collected and compressed."""

import os

from shuangjian.settings.base import *  # noqa: F403
from shuangjian.settings.env import required

SECRET_KEY = required("DJANGO_SECRET_KEY", "Generate 50 random characters and keep them out of the repository.")
IDENTITY_KEY = required(
    "IDENTITY_KEY",
    "Generate 50 random characters and keep them: with another key no stored identity hash matches any more.",
)
ALLOWED_HOSTS = [h.strip() for h in required("ALLOWED_HOSTS", "Comma-separated host names of the portal.").split(",")]
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS if host != "*"]
DEBUG = False
# The proxy that speaks TLS. Without this every caller would have its address, and 50 failed logins would lock them all.
TRUSTED_PROXIES = int(os.environ.get("TRUSTED_PROXIES", "1"))
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600
# The portal cannot speak for the other hosts of its domain: no HSTS for them, and no entry in browsers' own lists.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
