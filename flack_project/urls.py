"""All URLs, and the JSON that says what went wrong outside the API's own views."""

import sys

from django.contrib import admin
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, JsonResponse
from django.urls import include, path

from api.exceptions import RETRY_AFTER

urlpatterns = [
    path("", include("chat.urls")),
    path("", include("api.urls")),
    path("api-auth/", include("rest_framework.urls")),
    path("admin/", admin.site.urls),
]


def _error(status: int, error: str) -> JsonResponse:
    return JsonResponse({"error": error}, status=status)


def handler400(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Answer a request that Django itself found bad."""
    return _error(400, "Bad request.")


def handler403(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Answer a request that is not allowed."""
    return _error(403, "You may not do that.")


def csrf_failure(request: HttpRequest, reason: str = "") -> JsonResponse:
    """Answer a form that was not sent from a page of ours."""
    return _error(403, f"{reason.rstrip('.')}.")


def handler404(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Answer a path that does not exist."""
    return _error(404, "Not found.")


def handler500(request: HttpRequest) -> JsonResponse:
    """Answer when the fault is ours, or when the database is away in a view outside the API."""
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        response = _error(503, "The database cannot be reached. Try again in a moment.")
        response["Retry-After"] = str(RETRY_AFTER)
        return response
    return _error(500, "Something went wrong on the server.")
