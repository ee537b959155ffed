"""The parameters in queries and headers, by the id of the operation."""

from typing import Any

from api.messages import LARGEST_PAGE, PAGE
from api.queries import LARGEST
from api.serializers import CONTROL
from chat.models import MAX_KEY

Schema = dict[str, Any]

NUMBER: Schema = {"type": "integer", "format": "int64", "minimum": -LARGEST, "maximum": LARGEST}
ID: Schema = {"type": "integer", "format": "int64", "minimum": 0, "maximum": 10**18 - 1}
TEXT: Schema = {"type": "string"}
KEY: Schema = {
    "type": "string",
    "maxLength": MAX_KEY,
    "pattern": rf"^([^{CONTROL}]*[^\s{CONTROL}][^{CONTROL}]*)?$",
}


def parameter(location: str, name: str, schema: Schema, description: str) -> Schema:
    """Return an optional parameter."""
    return {"in": location, "name": name, "schema": schema, "description": description}


def since(description: str, **schema: Any) -> Schema:
    """Return the parameter `updated_since`."""
    return parameter("query", "updated_since", schema or NUMBER, f"Unix seconds: {description}")


PREFER = parameter("header", "Prefer", TEXT, "`respond-async` answers from a worker (RFC 7240)")
IDEMPOTENCY = "Makes a retry safe: the same key returns the same message. Choose a UUID."
LIMIT = f"At most the newest N. With `before`, {PAGE} by default and at most {LARGEST_PAGE}"
PARAMETERS: dict[str, list[Schema]] = {
    "users_list": [
        parameter("query", "online", TEXT, "`0`: users who are offline; other values: online"),
        since("only later changes", anyOf=[NUMBER, {"type": "string", "const": ""}]),
    ],
    "messages_list": [
        since("only later changes, of the last day unless `before` is given"),
        parameter("query", "user_id", NUMBER, "Only messages of this user"),
        parameter("query", "limit", {**NUMBER, "minimum": 1}, LIMIT),
        parameter("query", "before", NUMBER, "Messages of any age with a smaller id"),
        parameter("header", "If-None-Match", TEXT, "The `ETag` of an earlier response"),
    ],
    "messages_create": [parameter("header", "Idempotency-Key", KEY, IDEMPOTENCY), PREFER],
    "messages_update": [PREFER],
    "messages_partial_update": [PREFER],
    "deletions_list": [since("only later deletions")],
}
