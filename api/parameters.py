"""The parameters of each operation besides its body, for the OpenAPI document and the pages."""

from typing import Any

from api.queries import ID, LARGEST, LARGEST_PAGE, PAGE
from api.serializers import CONTROL
from chat.models import MAX_KEY
from chat.search import MAX_QUERY

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer", "format": "int64", "minimum": -LARGEST, "maximum": LARGEST}
PK: Schema = {**NUMBER, "minimum": 0, "maximum": 10**18 - 1}
KEY = {**TEXT, "maxLength": MAX_KEY, "pattern": rf"^([^{CONTROL}]*[^\s{CONTROL}][^{CONTROL}]*)?$"}

SINCE = "Only later changes, in Unix seconds"
SINCE_OF_DAY = f"{SINCE}; of the last day without `before`, `after` and `q`"
LIMIT = f"At most N. With `before`, `after` or `q`, {PAGE} by default and at most {LARGEST_PAGE}"
IDS = "Only users with these ids, such as `1,2,3`; at most 100"
WORDS = "Messages of any age that have all these words or words that begin so, newest first"
IDEMPOTENCY = "Makes a retry safe: the same key returns the same message. Choose a UUID."
PREFER = ("header", "Prefer", TEXT, "`respond-async` answers from a worker (RFC 7240)")
# Place, name, schema and description by operation; PATCH has those of PUT, and all are optional.
PARAMETERS: dict[str, list[tuple[str, str, Schema, str]]] = {
    "users_list": [
        ("query", "online", TEXT, "`0`: offline users; other values: online ones"),
        ("query", "updated_since", {"anyOf": [NUMBER, {"type": "string", "const": ""}]}, SINCE),
        ("query", "ids", {**TEXT, "pattern": f"^{ID}(,{ID}){{0,99}}$"}, IDS),
        ("query", "nickname", TEXT, "Only users because of whom this nickname is taken"),
    ],
    "messages_list": [
        ("query", "updated_since", NUMBER, SINCE_OF_DAY),
        ("query", "user_id", NUMBER, "Only messages of this user"),
        ("query", "limit", {**NUMBER, "minimum": 1}, LIMIT),
        ("query", "before", NUMBER, "Messages of any age with a smaller id"),
        ("query", "after", NUMBER, "Messages of any age with a larger id, the next ones first"),
        ("query", "q", {**TEXT, "maxLength": MAX_QUERY}, WORDS),
        ("header", "If-None-Match", TEXT, "The `ETag` of an earlier response"),
    ],
    "messages_create": [("header", "Idempotency-Key", KEY, IDEMPOTENCY), PREFER],
    "messages_update": [PREFER],
    "deletions_list": [("query", "updated_since", NUMBER, SINCE)],
}
