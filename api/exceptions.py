"""Error responses: `{"error": SENTENCE, "code": CODE}`, with `fields` for invalid input."""

from typing import Any

from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from api.authentication import CHALLENGE
from chat.errors import (
    EXPECTED,
    NOT_FOUND,
    UNAUTHENTICATED,
    describe,
    error_body,
    invalid,
)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the response to an error that a view may raise, or None for an unexpected one."""
    set_rollback()
    headers: dict[str, str] = {}
    if isinstance(error, EXPECTED):
        status, body = describe(error)
        wait = getattr(error, "wait", None)
        if status == 401:
            headers["WWW-Authenticate"] = CHALLENGE
    elif isinstance(error, Http404):
        status, body, wait = 404, error_body(404, NOT_FOUND), None
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
    status = error.status_code
    match error:
        case exceptions.ValidationError(detail=dict() as fields):
            return 400, invalid(fields, next(iter(fields.values()))[0].code)
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return status, error_body(status, UNAUTHENTICATED)
        case exceptions.UnsupportedMediaType():
            return 400, error_body(400, "The body must be JSON, as application/json.")
        case _:
            return status, error_body(status, str(error.detail))
