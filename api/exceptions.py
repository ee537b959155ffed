"""Every error is JSON: `{"error": "one sentence"}`, with `fields` for invalid input."""

from typing import Any

from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from chat.errors import EXPECTED, NOT_FOUND, RETRY_AFTER, UNAUTHENTICATED, describe, sentence


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the answer to an error that a view may raise; None for a fault of ours, a 500."""
    set_rollback()
    headers: dict[str, str] = {}
    if isinstance(error, EXPECTED):
        status, body = describe(error)
        wait = getattr(error, "wait", RETRY_AFTER if status == 503 else None)
    elif isinstance(error, Http404):
        status, body, wait = 404, {"error": NOT_FOUND}, None
    elif isinstance(error, exceptions.APIException):
        status, body = _describe(error)
        wait = getattr(error, "wait", None)
        if challenge := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = challenge
    else:
        return None
    if wait is not None:
        headers["Retry-After"] = str(wait)
    return Response(body, status=status, headers=headers)


def _describe(error: exceptions.APIException) -> tuple[int, dict[str, Any]]:
    match error:
        case exceptions.ValidationError(detail=dict() as fields):
            return 400, {"error": sentence(fields), "fields": fields}
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return error.status_code, {"error": UNAUTHENTICATED}
        case exceptions.UnsupportedMediaType():
            return 400, {"error": "The body must be JSON, as application/json."}
        case _:
            return error.status_code, {"error": str(error.detail)}
