"""Celery application: a doorbell and a clock. What is still to be judged is remembered by PostgreSQL alone."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuangjian.settings.dev")

app = Celery("shuangjian")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
