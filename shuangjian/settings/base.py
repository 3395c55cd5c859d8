"""What every environment shares. Nothing here reads a secret; prod.py does."""

from __future__ import annotations

import os
from pathlib import Path

import pghistory
from celery.schedules import crontab

from shuangjian.settings.env import database, service_url

BASE_DIR = Path(__file__).resolve().parents[2]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pgtrigger",
    "pghistory",
    "allauth",
    "allauth.account",
    # The platform, lowest layer first.
    "shuangjian.core",
    "shuangjian.journal",
    "shuangjian.bureau",
    "shuangjian.accounts",
    "shuangjian.files",
    "shuangjian.lists",
    "shuangjian.evidence",
    "shuangjian.rules",
    "shuangjian.intake",
    "shuangjian.alerts",
    "shuangjian.dashboards",
    "shuangjian.api",
    # The five domains.
    "schools",
    "homework",
    "afterschool",
    "training_orgs",
    "inspections",
]

MIDDLEWARE = [
    "shuangjian.core.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "shuangjian.accounts.middleware.PasswordChangeMiddleware",
    "shuangjian.core.middleware.PrivatePagesMiddleware",
]

# How many proxies of our own stand in front and append to X-Forwarded-For: journal and login limits see the caller's
# address through them. 0: nobody's word is taken for it.
TRUSTED_PROXIES = 0

ROOT_URLCONF = "shuangjian.urls"
WSGI_APPLICATION = "shuangjian.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "shuangjian.dashboards.context.shell",
            ],
        },
    },
]

DATABASES = {"default": database(service_url("DATABASE_URL"), as_app_role=os.environ.get("DATABASE_ROLE") == "app")}
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis carries Celery only and may be emptied at any time: sessions, limits and keys live in PostgreSQL.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
# Accounts have no address: nothing is sent by mail, the unit above resets.
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "shuangjian.accounts.adapter.AccountAdapter"
# Failures are counted atomically in PostgreSQL (accounts.services), never in a cache that a flush would empty.
ACCOUNT_RATE_LIMITS = False
ACCOUNT_LOGOUT_ON_GET = False

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True
DATE_FORMAT = "Y-m-d"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "var" / "static"
# Files that people send (shuangjian.files): kept by content, never served by address, so there is no MEDIA_URL.
MEDIA_ROOT = Path(os.environ.get("MEDIA_ROOT") or BASE_DIR / "var" / "media")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "worker-src": ["'self'", "blob:"],
        "style-src-attr": ["'unsafe-inline'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "base-uri": ["'self'"],
    }
}

# A weekly return of the largest school is about 1 MB; the API refuses larger bodies with a problem+json.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
FILE_UPLOAD_HANDLERS = [
    "shuangjian.core.uploads.QuotaUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["shuangjian.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["shuangjian.api.permissions.TokenMayWrite"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["shuangjian.api.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "shuangjian.api.pagination.CursorPagination",
    "DEFAULT_FILTER_BACKENDS": ["shuangjian.api.filters.StrictFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "shuangjian.api.problems.exception_handler",
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "番禺区双减工作监管平台 API",
    "VERSION": "1",
    "DESCRIPTION": (BASE_DIR / "shuangjian" / "api" / "description.md").read_text(encoding="utf-8"),
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "StageEnum": "shuangjian.core.choices.Stage",
        "CourseStageEnum": "training_orgs.choices.CourseStage",
        "FilingStateEnum": "shuangjian.core.choices.FilingState",
        "OutcomeEnum": "shuangjian.core.choices.Outcome",
        "WeeklyReturnStateEnum": "shuangjian.intake.models.WeeklyReturn.State",
        "ListKindEnum": "shuangjian.lists.models.ListKind",
        "ListActEnum": "shuangjian.lists.models.ListDecision.Act",
        "ListDecisionStateEnum": "shuangjian.lists.models.ListDecision.State",
        "RectificationStateEnum": "shuangjian.alerts.models.Rectification.State",
        "AlertStateEnum": "shuangjian.alerts.models.Alert.State",
        "RunStateEnum": "shuangjian.journal.models.RunPart.State",
        "RunKindEnum": "shuangjian.journal.models.Run.Kind",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "shuangjian.api.schema.document_problems",
    ],
}

CELERY_BROKER_URL = service_url("REDIS_URL")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_PUBLISH_RETRY = False
# A submit must answer within a second while Redis is away: the doorbell gives up quickly, beat rings again.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 0.5,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "visibility_timeout": 600,
}
CELERY_BEAT_SCHEDULE = {
    "drain the outbox": {"task": "rules.drain", "schedule": 5.0, "options": {"expires": 5}},
    "ask for the weeks that fell due": {
        "task": "intake.open_due_filings",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "lock the returns whose time is over": {
        "task": "intake.lock_due_returns",
        "schedule": 900.0,
        "options": {"expires": 600},
    },
    "seal the journal": {"task": "journal.seal", "schedule": 60.0, "options": {"expires": 55}},
    "nightly sweep": {"task": "rules.sweep", "schedule": crontab(hour=2, minute=30)},
    "remove what is done": {"task": "rules.tidy", "schedule": crontab(hour=3, minute=30)},
    "forget old idempotency keys": {"task": "api.forget_old_keys", "schedule": crontab(minute=40)},
    "confirm lessons after silence": {
        "task": "training_orgs.confirm_silent",
        "schedule": crontab(hour=1, minute=30),
    },
    "forget old uploads": {"task": "intake.forget_old_imports", "schedule": crontab(hour=3, minute=45)},
    "forget uploads that broke off": {"task": "files.tidy", "schedule": crontab(hour=3, minute=50)},
}

PGHISTORY_CONTEXT_FIELD = pghistory.ContextJSONField()

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
