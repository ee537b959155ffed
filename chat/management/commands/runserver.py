"""`runserver`: the whole chat in one process, for development."""

import logging
import threading
from typing import Any

from celery import beat, current_app
from daphne.management.commands import runserver
from daphne.server import twisted_loop
from django.conf import settings
from django.core.management import call_command

from chat.management.operator import BASE_ARGUMENTS
from chat.realtime.hub import hub


class Command(runserver.Command):
    suppressed_base_arguments = BASE_ARGUMENTS
    help = (
        "Starts the chat for development. Without REDIS_URL it needs no other process: push uses "
        "an in-memory channel layer, and Celery's worker and beat run in threads."
    )

    def inner_run(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        # After the loop runs, because the in-memory channel layer belongs to one event loop.
        twisted_loop.call_soon(hub.start)
        if not settings.REDIS_URL:
            twisted_loop.call_soon(start_worker)
        options["use_static_handler"] = False  # whitenoise serves static files, as in production
        super().inner_run(*args, **options)


def start_worker() -> None:
    """Run a Celery worker and beat in daemon threads of this process."""
    app = current_app._get_current_object()
    worker = app.WorkController(
        app=app,
        pool_cls="threads",
        concurrency=settings.FLACK_THREADS,
        loglevel=logging.WARNING,
        without_gossip=True,
        without_heartbeat=True,
        without_mingle=True,
    )
    schedule = beat.Service(app, scheduler_cls=beat.Scheduler)
    for name, target in (("worker", worker.start), ("beat", schedule.start)):
        threading.Thread(target=target, name=name, daemon=True).start()
