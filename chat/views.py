"""The page, the statistics of the class, and what a load balancer or an operator asks."""

import functools
from collections.abc import Callable

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from chat.observability import metrics, stats
from chat.tasks import WORKER_SEEN

View = Callable[[HttpRequest], HttpResponse]


def read_only(view: View) -> View:
    """Let a view answer GET and HEAD, and JSON to everything else."""

    @csrf_exempt
    @functools.wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        if request.method in ("GET", "HEAD"):
            return view(request)
        error = {"error": f'Method "{request.method}" not allowed.'}
        return JsonResponse(error, status=405, headers={"Allow": "GET, HEAD"})

    return answer


@read_only
def index(request: HttpRequest) -> HttpResponse:
    """Serve the browser chat."""
    return render(request, "chat/index.html")


@read_only
def get_stats(request: HttpRequest) -> JsonResponse:
    """Serve the requests a second of all nodes together."""
    try:
        return JsonResponse({"requests_per_second": stats.requests_per_second()})
    except redis.RedisError:
        return JsonResponse({"error": "The counters cannot be reached."}, status=503)


@read_only
def healthz(request: HttpRequest) -> JsonResponse:
    """Say that this process answers."""
    return JsonResponse({"status": "ok"})


@read_only
def get_metrics(request: HttpRequest) -> HttpResponse:
    """Serve what Prometheus reads; nginx does not pass this path on."""
    return HttpResponse(metrics.exposition(), content_type=metrics.CONTENT_TYPE_LATEST)


@read_only
def readyz(request: HttpRequest) -> JsonResponse:
    """Say of each part whether it works; 503 unless all do."""
    parts = {
        "database": _works(lambda: connection.cursor().execute("SELECT 1")),
        "redis": _works(lambda: cache.get(WORKER_SEEN)) if settings.REDIS_URL else "not used",
        "worker": _works(_worker_seen),
    }
    ready = all(state in ("ok", "not used") for state in parts.values())
    response = JsonResponse({"ready": ready, **parts}, status=200 if ready else 503)
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django: this is no fault
    return response


def _worker_seen() -> None:
    if not cache.get(WORKER_SEEN):
        raise LookupError("none was heard of lately")


def _works(probe: Callable[[], object]) -> str:
    try:
        probe()
    except (DatabaseError, redis.RedisError, LookupError) as error:
        return f"{type(error).__name__}: {error}"
    return "ok"
