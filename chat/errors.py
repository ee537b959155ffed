"""What a client is told when something cannot be done, the same on HTTP and on the socket."""

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
BANNED = "You are banned: you may read, but not write."
EXPECTED = (
    ValidationError,
    PermissionDenied,
    LimitReached,
    OperationalError,
    InterfaceError,
    ObjectDoesNotExist,  # of a row that was deleted since it was looked up
    IntegrityError,  # of a row that refers to such a one
)


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
        case ObjectDoesNotExist() | IntegrityError():
            return 404, {"error": "This was deleted a moment ago."}
        case _:
            return 503, {"error": "The database cannot be reached. Try again in a moment."}


def error_frame(status: int, error: str) -> str:
    """Return the text of an `error` frame that answers no frame of the client's."""
    data = {"status": status, "error": error}
    return orjson.dumps({"event": "error", "ref": None, "data": data}).decode()


TOO_LONG = error_frame(413, f"A frame has at most {FRAME_SIZE} bytes.")


def sentence(fields: dict[str, list[str]]) -> str:
    """Return one sentence that tells what is wrong with which field."""
    name, messages = next(iter(fields.items()))
    return messages[0] if name == NON_FIELD_ERRORS else f"{name}: {messages[0]}"
