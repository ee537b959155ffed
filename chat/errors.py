"""Errors as clients see them: a status and a body, the same on HTTP and on the socket.

A body is `{"error": SENTENCE, "code": CODE}`, with `fields` for invalid input, and with
`retry_after` in seconds for a rate limit.
"""

import logging
import time
from typing import Any

import orjson
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db import DataError, IntegrityError, InterfaceError, OperationalError

from chat.throttling import FRAME_SIZE, LimitReached

UNAUTHENTICATED = "authentication required"
FORBIDDEN = "You may not do that."
BANNED = "You are banned: you may read, but not write."
NOT_YOUR_MESSAGE = "You may only edit or delete your own messages."
NOT_YOURSELF = "You may only change yourself."
NOT_FOUND = "Not found."
KEY_REUSED = "This key belongs to a message with another source."
DELETED = "This was deleted."
NOT_STORABLE = "The request has a value that cannot be stored."
UNAVAILABLE = "The database cannot be reached. Try again in a moment."
SERVER_ERROR = "Something went wrong on the server."
RETRY_AFTER = 2  # seconds, for the Retry-After of each 503
LOG_EVERY = 5.0  # seconds between two log lines about the database, of each process

logger = logging.getLogger(__name__)
_next_log = 0.0  # in terms of `time.monotonic()`

# Every `code` of an error body. nginx sends the same ones (nginx/http.conf).
CODES = {
    "invalid": "The request is malformed, or a field is missing or not allowed.",
    "taken": "Another user has this nickname.",
    "too_long": "A field is longer than its limit.",
    "key_reused": "The `Idempotency-Key` or `ref` belongs to a message with another source.",
    "too_large": "The body or the frame is larger than its limit.",
    "authentication_required": "The token or the password is missing, wrong or no longer valid.",
    "forbidden": "This user may not do that.",
    "banned": "An operator banned this user: reading is allowed, writing is not.",
    "not_found": "There is no such path, or the object does not exist or was deleted.",
    "method_not_allowed": "The path does not support this method.",
    "rate_limited": "Too many requests, frames or sockets. Repeat after `Retry-After`.",
    "unavailable": "A part of the server cannot be reached. Repeat after `Retry-After`.",
    "server_error": "The server failed; its log has the reason under `X-Request-ID`.",
}
_CODE_OF_STATUS = {
    401: "authentication_required",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    422: "key_reused",
    429: "rate_limited",
    500: "server_error",
    503: "unavailable",
}
# The codes of validators, of Django and of DRF, that are more than `invalid` to a client.
_CODE_OF_VALIDATOR = {"unique": "taken", "max_length": "too_long"}


class Unauthenticated(Exception):
    """The credentials are missing, wrong or no longer valid."""


class Banned(PermissionDenied):
    """An operator banned this user."""

    def __init__(self) -> None:
        super().__init__(BANNED)


class KeyReused(Exception):
    """The author posted another source with this key."""


EXPECTED = (
    KeyReused,
    Unauthenticated,
    ValidationError,
    PermissionDenied,
    LimitReached,
    OperationalError,
    InterfaceError,
    ObjectDoesNotExist,  # the row was deleted after it was looked up
    IntegrityError,  # the row refers to one that was deleted
    DataError,  # a value that PostgreSQL refuses, such as a NUL in a cookie
)


def describe(error: Exception) -> tuple[int, dict[str, Any]]:
    """Return the HTTP status and the body for one of the `EXPECTED` errors."""
    match error:
        case Unauthenticated():
            return 401, error_body(401, UNAUTHENTICATED)
        case KeyReused():
            return 422, error_body(422, KEY_REUSED)
        case LimitReached():
            return 429, {**error_body(429, str(error.message)), "retry_after": error.wait}
        case ValidationError(error_dict=errors):
            first = next(iter(errors.values()))[0]
            return 400, invalid(error.message_dict, first.code)
        case ValidationError():
            return 400, error_body(400, " ".join(error.messages))
        case Banned():
            return 403, error_body(403, BANNED, "banned")
        case PermissionDenied():
            return 403, error_body(403, str(error) or FORBIDDEN)
        case ObjectDoesNotExist() | IntegrityError():
            return 404, error_body(404, DELETED)
        case DataError():
            return 400, error_body(400, NOT_STORABLE)
        case _:
            log_outage(error)
            return 503, error_body(503, UNAVAILABLE)


def log_outage(error: Exception) -> None:
    """Log why the database failed, such as a full disk; clients only receive `UNAVAILABLE`."""
    global _next_log
    if time.monotonic() >= _next_log:
        _next_log = time.monotonic() + LOG_EVERY
        logger.error("Database unavailable error=%s", " ".join(str(error).split()))


def error_body(status: int, error: str, code: str | None = None) -> dict[str, Any]:
    """Return the body of an error; its code is the one of the status unless given."""
    return {"error": error, "code": code or _CODE_OF_STATUS.get(status, "invalid")}


def invalid(fields: dict[str, list[str]], validator: str | None) -> dict[str, Any]:
    """Return the body for invalid fields; `validator` is the code of the first error's validator.

    The sentence is the first error, with the name of its field.
    """
    name, messages = next(iter(fields.items()))
    code = _CODE_OF_VALIDATOR.get(validator or "", "invalid")
    return {**error_body(400, f"{name}: {messages[0]}", code), "fields": fields}


def error_frame(status: int, error: str) -> str:
    """Return the JSON of an `error` frame that does not answer a particular frame."""
    data = {"status": status, **error_body(status, error)}
    return orjson.dumps({"event": "error", "ref": None, "data": data}).decode()


TOO_LONG = error_frame(413, f"A frame has at most {FRAME_SIZE} bytes.")
