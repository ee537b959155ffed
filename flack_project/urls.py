"""The root URL configuration, and JSON error responses for requests outside the API's views."""

import sys

from django.contrib import admin
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, JsonResponse
from django.urls import include, path

from chat.errors import FORBIDDEN, NOT_FOUND, SERVER_ERROR, UNAVAILABLE, error_body
from chat.views import redirect_to

urlpatterns = [
    path("", include("chat.urls")),
    path("", include("api.urls")),
    path("api-auth/", include("rest_framework.urls")),
    path("admin", redirect_to("/admin/")),
    path("admin/", admin.site.urls),
]


def _error(status: int, error: str) -> JsonResponse:
    return JsonResponse(error_body(status, error), status=status)


def handler400(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Respond to a request that Django rejects as malformed."""
    return _error(400, "Bad request.")


def handler403(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Respond to a request that is not allowed."""
    return _error(403, FORBIDDEN)


def csrf_failure(request: HttpRequest, reason: str = "") -> JsonResponse:
    """Respond to a form without a valid CSRF token."""
    return _error(403, f"{reason.rstrip('.')}.")


def handler404(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Respond to a path that does not exist."""
    return _error(404, NOT_FOUND)


def handler500(request: HttpRequest) -> JsonResponse:
    """Respond to an unhandled error; 503 if the database is unavailable outside the API."""
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        return _error(503, UNAVAILABLE)
    return _error(500, SERVER_ERROR)
