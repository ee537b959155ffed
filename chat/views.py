"""The chat page, the request statistics, and the endpoints for load balancers and operators."""

import functools
import logging
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import Error as DatabaseError
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.views.decorators.csrf import csrf_exempt

from chat.errors import error_body
from chat.observability import metrics, stats
from chat.realtime.hub import hub
from chat.tasks import PREVIEWS_SEEN, WORKER_SEEN

STARTING = 60  # seconds after the start of a node in which workers may not have reported yet
WRITTEN = "readyz"  # a key that `readyz` writes: a full or read-only Redis still reads
MIN_FREE = 16 * 2**20  # bytes; SQLite needs 4 MiB of them for its write-ahead log

DESCRIPTION = "One public chat room, open to everyone. Read at once; choose a nickname to write."
FOLDER = Path(__file__).parent / "static"
# What the page imports, so that browsers fetch all of it at once; reload.js is no module, ticker.js
# runs in a worker, and the modules in the folder `lazy` are loaded when a user first needs them.
MODULES = sorted(
    str(path.relative_to(FOLDER))
    for path in FOLDER.glob("chat/*.js")
    if path.name not in ("main.js", "reload.js", "ticker.js")
)

View = Callable[[HttpRequest], HttpResponse]

logger = logging.getLogger(__name__)
_started = time.monotonic()
_failed: set[str] = set()  # checks whose failure is logged: each is logged once


def read_only(view: View) -> View:
    """Allow GET and HEAD, and respond to other methods with 405 in JSON."""

    @csrf_exempt
    @functools.wraps(view)
    def respond(request: HttpRequest) -> HttpResponse:
        if request.method in ("GET", "HEAD"):
            return view(request)
        error = error_body(405, f'Method "{request.method}" not allowed.')
        return JsonResponse(error, status=405, headers={"Allow": "GET, HEAD"})

    return respond


@read_only
def index(request: HttpRequest) -> HttpResponse:
    """Return the browser chat."""
    icon = request.build_absolute_uri(static("chat/icon.png"))  # social cards need the whole URL
    context = {"description": DESCRIPTION, "icon": icon, "modules": MODULES}
    return render(request, "chat/index.html", context)


def redirect_to(path: str) -> View:
    """Return a view that redirects permanently to the canonical path of a page."""
    return read_only(lambda request: HttpResponsePermanentRedirect(path))


@read_only
def favicon(request: HttpRequest) -> HttpResponse:
    """Redirect browsers that ask for an icon without a page that names one."""
    return HttpResponsePermanentRedirect(static("chat/icon.png"))


@read_only
def get_stats(request: HttpRequest) -> JsonResponse:
    """Return the request rate of all nodes together."""
    try:
        return JsonResponse({"requests_per_second": stats.requests_per_second()})
    except redis.RedisError:
        return JsonResponse(error_body(503, "The counters cannot be reached."), status=503)


@read_only
def healthz(request: HttpRequest) -> JsonResponse:
    """Check that this process works.

    The status is 503 if its push fails and cannot start again: restart the process.
    """
    if hub.is_broken():
        return JsonResponse({"status": "the tasks of the hub fail"}, status=503)
    return JsonResponse({"status": "ok"})


@read_only
def get_metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics for Prometheus; nginx does not forward this path."""
    return HttpResponse(metrics.exposition(), content_type=metrics.CONTENT_TYPE_LATEST)


@read_only
def readyz(request: HttpRequest) -> JsonResponse:
    """Check the services of this node.

    The status is 503 if this node needs a service that is unavailable. Without a worker the node is
    only degraded: it reads and writes messages, and deferred work waits. The reason of a failure is
    in the log only, because it names internal addresses.
    """
    services = {
        "database": _state("database", _check_database),
        "redis": "not used",
        "worker": _state("worker", lambda: _require(WORKER_SEEN), "degraded"),
        "previews": _state("previews", lambda: _require(PREVIEWS_SEEN), "degraded"),
        "push": hub.state(),
    }
    if settings.REDIS_URL:
        services["redis"] = _state("redis", lambda: cache.set(WRITTEN, True, STARTING))
    ready = not {"unavailable", "disk full"} & set(services.values())
    response = JsonResponse({"ready": ready, **services}, status=200 if ready else 503)
    # Keep Django from logging each 503 as a server error.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


class DiskFull(DatabaseError):
    """The database has too little space to grow."""


def _check_database() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT 1")
            file = Path(connection.settings_dict["NAME"])
            is_read_only = not all(os.access(path, os.W_OK) for path in (file, file.parent))
        else:
            cursor.execute("SHOW transaction_read_only")
            is_read_only = cursor.fetchone()[0] == "on"
    if is_read_only:
        connection.close_at = 0  # connect anew for the next request: it may lead to another server
        raise OperationalError("the database is read-only")
    if connection.vendor == "sqlite":
        free = shutil.disk_usage(file.parent).free
        if free < MIN_FREE:
            raise DiskFull(f"the disk is full, {free:,} bytes are free")


def _require(seen: str) -> None:
    if not cache.get(seen):
        raise LookupError("no worker has reported lately")


def _state(name: str, check: Callable[[], object], failed: str = "unavailable") -> str:
    try:
        check()
    except (DatabaseError, redis.RedisError, LookupError) as error:
        is_starting = time.monotonic() - _started < STARTING
        if name not in _failed and not (is_starting and isinstance(error, LookupError)):
            _failed.add(name)
            logger.warning("Readiness check failed service=%s error=%s", name, error)
        return "disk full" if isinstance(error, DiskFull) else failed
    _failed.discard(name)
    return "ok"
