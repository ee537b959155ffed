"""Requests per second of this process."""

import time
from collections import deque
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

WINDOW = 15  # seconds

requests: deque[float] = deque()


def count_requests(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Count each request; a middleware."""

    def middleware(request: HttpRequest) -> HttpResponse:
        now = time.time()
        requests.append(now)
        while requests[0] < now - WINDOW:
            requests.popleft()
        return get_response(request)

    return middleware


def get_stats(request: HttpRequest) -> JsonResponse:
    """Return the requests per second."""
    return JsonResponse({"requests_per_second": len(requests) / WINDOW})
