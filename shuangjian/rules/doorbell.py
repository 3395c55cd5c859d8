"""Rings Celery after a commit. Publishing never retries and gives up after half a second: beat drains anyway."""

from __future__ import annotations

from kombu.connection import Connection

from shuangjian.celery import app

PATIENCE_SECONDS = 0.5


def ring() -> None:
    """Publish one drain task; raises whatever the broker raises."""
    options = {
        **app.conf.broker_transport_options,
        "socket_timeout": PATIENCE_SECONDS,
        "socket_connect_timeout": PATIENCE_SECONDS,
        "max_retries": 0,
    }
    with Connection(app.conf.broker_url, transport_options=options) as broker:
        app.send_task("rules.drain", connection=broker, retry=False, ignore_result=True, expires=60)


def warm_up() -> None:
    """Load what the first ring needs, so that the first submit of a fresh web process does not pay for it."""
    app.finalize(auto=True)
    app.amqp.queues  # noqa: B018 - built when first looked at
    Connection(app.conf.broker_url).get_transport_cls()
