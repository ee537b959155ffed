"""Metrics for Prometheus, counted by each process and served by any node for its whole machine.

`PROMETHEUS_MULTIPROC_DIR` names the folder that the nodes and workers of a machine share; without
it a process serves only its own metrics. Counting costs one to two microseconds, so a fan-out is
counted once and not once per socket.
"""

import time
from contextlib import suppress
from functools import cache
from typing import Any

from celery.signals import before_task_publish, task_postrun, task_prerun
from django.conf import settings
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from chat.observability.archive import fold_dead_processes, locked

__all__ = ["CONTENT_TYPE_LATEST", "exposition"]

FOLDER: str = settings.PROMETHEUS_MULTIPROC_DIR
SHORT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)  # seconds
LONG = (0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900)

SOCKETS = Gauge("flack_sockets", "Open WebSockets.", multiprocess_mode="livesum")
DELIVERIES = Counter("flack_deliveries", "Frames written to sockets by fan-outs.")
FAN_OUT = Histogram("flack_fan_out_seconds", "A fan-out to all sockets of a node.", buckets=SHORT)
DROPPED = Counter("flack_dropped_sockets", "Sockets closed because their client does not read.")
LOST = Counter("flack_lost_pushes", "Pushes dropped while the channel layer was unavailable.")
RESYNCED = Counter("flack_resynced_sockets", "Sockets that were sent a resync event.")
REPAIRED = Counter("flack_repaired_pushes", "Lost pushes that a node read from the database.")
FAILURES = Counter("flack_hub_failures", "Failed tasks and malformed messages.", ["task"])
REQUESTS = Counter("flack_requests", "HTTP requests.", ["method", "route", "status"])
REQUEST = Histogram("flack_request_seconds", "An HTTP request in its thread.", buckets=SHORT)
TASK_AGE = Histogram(
    "flack_task_age_seconds", "From queueing a task to its start.", ["task"], buckets=LONG
)
TASKS = Counter("flack_tasks", "Celery tasks that ended.", ["task", "state"])

# Those that Flack answers; clients can send any other.
METHODS = frozenset("GET HEAD POST PUT PATCH DELETE OPTIONS".split())


def exposition() -> bytes:
    """Return all metrics of this machine in Prometheus's text format."""
    if not FOLDER:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    with locked(FOLDER):
        fold_dead_processes(FOLDER)
        MultiProcessCollector(registry, FOLDER)  # type: ignore[no-untyped-call]
        return generate_latest(registry)


def count_request(method: str, route: str | None, status: int, seconds: float) -> None:
    """Count a request; `route` is the pattern of its URL, None if there is none."""
    _requests(method if method in METHODS else "other", route or "none", status).inc()
    REQUEST.observe(seconds)


@cache
def _requests(method: str, route: str, status: int) -> Counter:
    return REQUESTS.labels(method, route, status)


@before_task_publish.connect
def note_when(headers: dict[str, Any], **kwargs: Any) -> None:
    """Store when a task was queued; a retry keeps the first time."""
    headers.setdefault("asked_at", time.time())


@task_prerun.connect
def observe_age(task: Any, **kwargs: Any) -> None:
    """Observe how long a task was queued."""
    with suppress(TypeError):  # queued by a version without the header
        TASK_AGE.labels(task.name).observe(max(0.0, time.time() - task.request.get("asked_at")))


@task_postrun.connect
def count_task(task: Any, state: str | None = None, **kwargs: Any) -> None:
    """Count a task that ended."""
    TASKS.labels(task.name, state or "UNKNOWN").inc()
