"""WSGI entry point of the web processes; they use the restricted database role."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuangjian.settings.prod")
os.environ.setdefault("DATABASE_ROLE", "app")

application = get_wsgi_application()
