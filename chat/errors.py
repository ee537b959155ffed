"""What a client is told when something cannot be done, the same on HTTP and on the socket."""

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import InterfaceError, OperationalError

from chat.limits import LimitReached

UNAUTHENTICATED = "authentication required"
EXPECTED = (ValidationError, PermissionDenied, LimitReached, OperationalError, InterfaceError)


def describe(error: Exception) -> tuple[int, dict[str, Any]]:
    """Return the HTTP status and the body for one of the `EXPECTED` errors."""
    match error:
        case LimitReached():
            return 429, {"error": error.message}
        case ValidationError(error_dict=_):
            fields = error.message_dict
            return 400, {"error": sentence(fields), "fields": fields}
        case ValidationError():
            return 400, {"error": " ".join(error.messages)}
        case PermissionDenied():
            return 403, {"error": str(error) or "You may not do that."}
        case _:
            return 503, {"error": "The database cannot be reached. Try again in a moment."}


def sentence(fields: dict[str, list[str]]) -> str:
    """Return one sentence that tells what is wrong with which field."""
    name, messages = next(iter(fields.items()))
    return messages[0] if name == NON_FIELD_ERRORS else f"{name}: {messages[0]}"
