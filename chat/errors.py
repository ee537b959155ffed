"""Errors as clients see them: a status and a body, the same on HTTP and on the socket."""

from typing import Any

import orjson
from django.core.exceptions import (
    NON_FIELD_ERRORS,
    ObjectDoesNotExist,
    PermissionDenied,
    ValidationError,
)
from django.db import IntegrityError, InterfaceError, OperationalError

from chat.throttling import FRAME_SIZE, LimitReached

UNAUTHENTICATED = "authentication required"
FORBIDDEN = "You may not do that."
BANNED = "You are banned: you may read, but not write."
NOT_YOUR_MESSAGE = "You may only edit your own messages."
NOT_YOURSELF = "You may only change yourself."
NOT_FOUND = "Not found."
DELETED = "This was deleted a moment ago."
UNAVAILABLE = "The database cannot be reached. Try again in a moment."
SERVER_ERROR = "Something went wrong on the server."
RETRY_AFTER = 2  # seconds, for the Retry-After of UNAVAILABLE


class Unauthenticated(Exception):
    """The credentials are missing, wrong or no longer valid."""


EXPECTED = (
    Unauthenticated,
    ValidationError,
    PermissionDenied,
    LimitReached,
    OperationalError,
    InterfaceError,
    ObjectDoesNotExist,  # the row was deleted after it was looked up
    IntegrityError,  # the row refers to one that was deleted
)


def describe(error: Exception) -> tuple[int, dict[str, Any]]:
    """Return the HTTP status and the body for one of the `EXPECTED` errors."""
    match error:
        case Unauthenticated():
            return 401, {"error": UNAUTHENTICATED}
        case LimitReached():
            return 429, {"error": error.message}
        case ValidationError(error_dict=_):
            fields = error.message_dict
            return 400, {"error": sentence(fields), "fields": fields}
        case ValidationError():
            return 400, {"error": " ".join(error.messages)}
        case PermissionDenied():
            return 403, {"error": str(error) or FORBIDDEN}
        case ObjectDoesNotExist() | IntegrityError():
            return 404, {"error": DELETED}
        case _:
            return 503, {"error": UNAVAILABLE}


def error_frame(status: int, error: str) -> str:
    """Return the JSON of an `error` frame that does not answer a particular frame."""
    data = {"status": status, "error": error}
    return orjson.dumps({"event": "error", "ref": None, "data": data}).decode()


TOO_LONG = error_frame(413, f"A frame has at most {FRAME_SIZE} bytes.")


def sentence(fields: dict[str, list[str]]) -> str:
    """Return the first error as one sentence that names its field."""
    name, messages = next(iter(fields.items()))
    return messages[0] if name == NON_FIELD_ERRORS else f"{name}: {messages[0]}"
