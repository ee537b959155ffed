"""What a request says beside its body, and an answer in its headers."""

from typing import Any, Literal

from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from api.messages import LARGEST_PAGE, PAGE
from api.queries import LARGEST
from api.schema import shapes
from api.schema.examples import NOON

Location = Literal["path", "query", "header"]

NUMBER = {"type": "integer", "format": "int64", "minimum": -LARGEST, "maximum": LARGEST}
ID = {"type": "integer", "format": "int64", "minimum": 0, "maximum": 10**18 - 1}
UUID = {"type": "string", "format": "uuid"}
TEXT = {"type": "string"}
HOUR = 3600  # seconds


def parameter(
    name: str,
    location: Location,
    schema: dict[str, Any],
    description: str = "",
    examples: dict[str, Any] | None = None,
) -> OpenApiParameter:
    """Describe a parameter, with its values in the examples of these names."""
    return OpenApiParameter(
        name,
        schema,
        location,
        required=location == OpenApiParameter.PATH,
        description=description,
        examples=[OpenApiExample(name, value) for name, value in (examples or {}).items()],
    )


def header(
    name: str, statuses: list[int | str], schema: dict[str, Any], text: str, required: bool = True
) -> OpenApiParameter:
    """Describe a header of answers."""
    return OpenApiParameter(
        name, schema, "header", description=text, required=required, response=statuses
    )


def path_id(**examples: int) -> OpenApiParameter:
    """Describe the id in a path; `_` stands for a space in the name of an example."""
    values = {name.replace("_", " "): number for name, number in examples.items()}
    return parameter("id", "path", ID, examples=values)


TASK_ID = parameter("task_id", "path", UUID)

SINCE = "Only what changed later than this, in Unix seconds"
USERS_SINCE = parameter(
    "updated_since",
    "query",
    {"anyOf": [NUMBER, {"type": "string", "const": ""}]},
    SINCE,
    {"who changed since": NOON + HOUR},
)
MESSAGES_SINCE = parameter(
    "updated_since",
    "query",
    NUMBER,
    f"{SINCE}; never more than a day back, except with `before`",
    {"what changed since": NOON + HOUR},
)
DELETIONS_SINCE = parameter(
    "updated_since",
    "query",
    NUMBER,
    "Only what was deleted later than this, in Unix seconds",
    {"what is gone since": NOON + HOUR},
)
ONLINE = parameter(
    "online",
    "query",
    TEXT,
    "`0`: who is offline; anything else: who is online",
    {"who is online": "1"},
)
WRITTEN_BY = parameter(
    "user_id", "query", NUMBER, "Only what this user said", {"what david said": 2}
)
LIMIT = parameter(
    "limit",
    "query",
    {**NUMBER, "minimum": 1},
    f"The newest so many. With `before` it is {PAGE} unless given, and {LARGEST_PAGE} at most",
    {"the newest one": 1, "older ones": 10, "a limit that is no number": "ten"},
)
BEFORE = parameter(
    "before", "query", NUMBER, "Older messages, of any age, than that of this id", {"older ones": 2}
)
IF_NONE_MATCH = parameter("If-None-Match", "header", TEXT, "An `ETag` of the same list")
KEY = parameter(
    "Idempotency-Key",
    "header",
    shapes.KEY,
    "Makes it safe to send a message again: the same key gives the same message. Choose a UUID.",
    {"a message sent again": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"},
)
PREFER = parameter(
    "Prefer",
    "header",
    TEXT,
    "`respond-async` lets a worker answer (RFC 7240)",
    {"a message for the worker": "respond-async"},
)

LOCATION = header("Location", [201], shapes.link("/api/(users|messages)/[0-9]+"), "What was made")
TASK_LOCATION = header(
    "Location", [202], shapes.link("/tasks/status/[0-9a-f-]{36}"), "Where to ask for the answer"
)
PREFERENCE_APPLIED = header(
    "Preference-Applied", [202], {"type": "string", "const": "respond-async"}, "What was preferred"
)
ETAG = header(
    "ETag",
    [200, 304],
    {"type": "string", "pattern": '^W/"[0-9a-f]{24}"$'},
    "Of a list whose newest change is 2 s old",
    required=False,
)
