"""The parameters in queries and headers, by the id of the operation. All are optional."""

from typing import Any

from api.messages import LARGEST_PAGE, PAGE
from api.queries import LARGEST
from api.serializers import CONTROL
from chat.models import MAX_KEY

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer", "format": "int64", "minimum": -LARGEST, "maximum": LARGEST}
ID: Schema = {**NUMBER, "minimum": 0, "maximum": 10**18 - 1}
KEY_PATTERN = rf"^([^{CONTROL}]*[^\s{CONTROL}][^{CONTROL}]*)?$"
KEY: Schema = {"type": "string", "maxLength": MAX_KEY, "pattern": KEY_PATTERN}

SINCE = "Only later changes, in Unix seconds"
LIMIT = f"At most the newest N. With `before`, {PAGE} by default and at most {LARGEST_PAGE}"
IDEMPOTENCY = "Makes a retry safe: the same key returns the same message. Choose a UUID."
PREFER = ("header", "Prefer", TEXT, "`respond-async` answers from a worker (RFC 7240)")
PARAMETERS: dict[str, list[tuple[str, str, Schema, str]]] = {
    "users_list": [
        ("query", "online", TEXT, "`0`: users who are offline; other values: who are online"),
        ("query", "updated_since", {"anyOf": [NUMBER, {"type": "string", "const": ""}]}, SINCE),
    ],
    "messages_list": [
        ("query", "updated_since", NUMBER, f"{SINCE}; of the last day unless `before` is given"),
        ("query", "user_id", NUMBER, "Only messages of this user"),
        ("query", "limit", {**NUMBER, "minimum": 1}, LIMIT),
        ("query", "before", NUMBER, "Messages of any age with a smaller id"),
        ("header", "If-None-Match", TEXT, "The `ETag` of an earlier response"),
    ],
    "messages_create": [("header", "Idempotency-Key", KEY, IDEMPOTENCY), PREFER],
    "messages_update": [PREFER],
    "deletions_list": [("query", "updated_since", NUMBER, SINCE)],
}
