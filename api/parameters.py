"""The parameters of each operation besides its body, for the OpenAPI document and the pages."""

from api.queries import AFTER, BEFORE, IDS, LIMIT, NUMBER, SINCE, TEXT, USER_ID, Parameter, Schema
from api.serializers import CONTROL
from chat.models import MAX_KEY
from chat.search import MAX_QUERY

PK: Schema = {**NUMBER, "minimum": 0, "maximum": 10**18 - 1}
KEY = {**TEXT, "maxLength": MAX_KEY, "pattern": rf"^([^{CONTROL}]*[^\s{CONTROL}][^{CONTROL}]*)?$"}

SINCE_OR_ALL = SINCE._replace(schema={"anyOf": [NUMBER, {**TEXT, "const": ""}]})
SINCE_OF_DAY = f"{SINCE.description}; of the last day without `before`, `after` and `q`"
WORDS = (
    "Messages of any age that contain all these words, or words that begin with them, newest "
    "first; a single letter matches longer words only at the end"
)
IDEMPOTENCY = (
    "Makes a retry safe: the same key returns the same message, or 404 if that was deleted. "
    "Choose a UUID."
)
PREFER = Parameter("Prefer", "`respond-async` answers from a worker (RFC 7240)", TEXT, "header")
# By operation; PATCH has those of PUT.
PARAMETERS: dict[str, list[Parameter]] = {
    "users_list": [
        Parameter("online", "`0`: offline users; other values: online ones", TEXT),
        SINCE_OR_ALL,
        IDS,
        Parameter("nickname", "Only the users whose nicknames make this one unavailable", TEXT),
    ],
    "messages_list": [
        SINCE._replace(description=SINCE_OF_DAY),
        USER_ID,
        LIMIT,
        BEFORE,
        AFTER,
        Parameter("q", WORDS, {**TEXT, "maxLength": MAX_QUERY}),
        Parameter("If-None-Match", "The `ETag` of an earlier response", TEXT, "header"),
    ],
    "messages_create": [Parameter("Idempotency-Key", IDEMPOTENCY, KEY, "header"), PREFER],
    "messages_update": [PREFER],
    "deletions_list": [SINCE],
}
