"""Middleware that costs API requests nothing for what only pages need.

django-csp would build the same header for each response. Django's MessageMiddleware takes 17 µs of
CPU time, the one below 4 (27 November 2026, `python -m comparison.bench.overrides`).
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.messages.middleware import MessageMiddleware
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from chat.errors import RETRY_AFTER

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def policies(get_response: GetResponse) -> GetResponse:
    """Set the Content-Security-Policy, Permissions-Policy on pages, and Retry-After of a 503."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        # Django's own pages about errors have their styles inline.
        if not (settings.DEBUG and response.status_code in (404, 500)):
            response.headers["Content-Security-Policy"] = settings.CONTENT_SECURITY_POLICY
        if response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers["Permissions-Policy"] = settings.PERMISSIONS_POLICY
        if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            response.headers["Retry-After"] = str(RETRY_AFTER)
        return response

    return middleware


class AdminMessageMiddleware(MessageMiddleware):
    """Messages between the pages of the admin, which alone shows any."""

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        self.root = reverse("admin:index")

    def __call__(self, request: HttpRequest) -> Any:
        """Skip Django's middleware outside the admin."""
        if not request.path.startswith(self.root):
            return self.get_response(request)
        return super().__call__(request)
