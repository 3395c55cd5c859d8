"""WSGI entry point of the web processes; they use the restricted database role."""

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from shuangjian.api.chunked import ChunkedBodies
from shuangjian.api.unread import UnreadBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuangjian.settings.prod")
os.environ.setdefault("DATABASE_ROLE", "app")

application = UnreadBodies(ChunkedBodies(get_wsgi_application(), limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
# Only now: its module needs the apps to be ready.
import_module("shuangjian.rules.doorbell").warm_up()
