"""Examples by the id of the operation; tests/stack/test_examples.py sends each to a real server.

They belong to a chat in which Susan (1) and David (2) have posted one message each.
"""

from typing import Any, NamedTuple

from chat import errors
from chat.models import Message, User

NOON = 1479902400
TIMES = {"created_at": NOON, "updated_at": NOON}
LATER = {"updated_since": NOON + 3600}
JSON = dict[str, Any]


class Example(NamedTuple):
    """A request and its response; `answer` is None for a response without a body."""

    name: str
    status: int
    answer: JSON | None = None
    body: JSON | None = None
    parameters: JSON = {}


def user(pk: int, nickname: str) -> JSON:
    """Return a user who is offline."""
    return User(pk=pk, nickname=nickname, last_seen_at=NOON, **TIMES).to_dict()


def message(pk: int, user_id: int, source: str, html: str) -> JSON:
    """Return a message."""
    return Message(pk=pk, user_id=user_id, source=source, html=html, **TIMES).to_dict()


def invalid(field: str, text: str, code: str = "invalid") -> JSON:
    """Return the error of an invalid field."""
    return errors.invalid({field: [text]}, code)


SUSAN, DAVID = user(1, "susan"), user(2, "david")
HELLO = message(1, 1, "hello *world*!", "hello <em>world</em>!")
ANSWER = message(2, 2, "hi **susan**", "hi <strong>susan</strong>")
POSTED = message(3, 1, "see `flask`", "see <code>flask</code>")
SOURCE, EDITED = {"source": "see `flask`"}, {"source": "hello, world"}
CAROL, TAKEN = ({"nickname": n, "password": "correct horse"} for n in ("carol", "susan"))
REQUIRED = "This field is required."
LOST = errors.error_body(404, errors.NOT_FOUND)
NOT_YOURSELF = errors.error_body(403, errors.NOT_YOURSELF)
NOT_YOURS = errors.error_body(403, errors.NOT_YOUR_MESSAGE)
KEY = {"Idempotency-Key": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"}
ASYNC = {"Prefer": "respond-async"}
GONE = {"class": "Message", "first": 90, "last": 95}

CHANGE_USER = [
    Example("a new nickname", 204, body={"nickname": "suzie"}, parameters={"id": 1}),
    Example("a new password", 204, body={"password": "battery staple"}, parameters={"id": 1}),
    Example("another user", 403, NOT_YOURSELF, {"nickname": "dave"}, {"id": 2}),
]
EDIT = [
    Example("own message", 204, body=EDITED, parameters={"id": 1}),
    Example("in a worker", 202, body=EDITED, parameters={"id": 1, **ASYNC}),
    Example("another user's message", 403, NOT_YOURS, EDITED, {"id": 2}),
]
EXAMPLES: dict[str, list[Example]] = {
    "root_retrieve": [
        Example("the resources", 200, {name: f"/api/{name}" for name in
                ("users", "tokens", "messages", "deletions")}),
    ],
    "users_create": [
        Example("a new user", 201, user(3, "carol"), CAROL),
        Example("a taken nickname", 400,
                invalid("nickname", "This nickname is taken.", "unique"), TAKEN),
        Example("no password", 400, invalid("password", REQUIRED), {"nickname": "carol"}),
    ],
    "users_list": [
        Example("all users", 200, {"users": [DAVID, SUSAN]}),
        Example("online users", 200, {"users": []}, parameters={"online": "1"}),
        Example("recent changes", 200, {"users": []}, parameters=LATER),
    ],
    "users_retrieve": [
        Example("a user", 200, SUSAN, parameters={"id": 1}),
        Example("no such user", 404, LOST, parameters={"id": 99}),
    ],
    "users_update": CHANGE_USER,
    "users_partial_update": CHANGE_USER,
    "tokens_create": [
        Example("a sign-in", 200, {"token": "2f7c" * 16}),
        Example("a wrong password", 401, errors.error_body(401, errors.UNAUTHENTICATED)),
    ],
    "messages_create": [
        Example("a message", 201, POSTED, SOURCE),
        Example("a message sent again", 201, POSTED, SOURCE, KEY),
        Example("in a worker", 202, body=SOURCE, parameters=ASYNC),
        Example("no source", 400, invalid("source", REQUIRED), {}),
    ],
    "messages_list": [
        Example("the last day", 200, {"messages": [HELLO, ANSWER]}),
        Example("recent changes", 200, {"messages": []}, parameters=LATER),
        Example("the newest message", 200, {"messages": [ANSWER]}, parameters={"limit": 1}),
        Example("history", 200, {"messages": [HELLO]}, parameters={"limit": 10, "before": 2}),
        Example("one author", 200, {"messages": [ANSWER]}, parameters={"user_id": 2}),
        Example("a limit that is not a number", 400,
                invalid("limit", "This must be a whole number."), parameters={"limit": "ten"}),
    ],
    "messages_retrieve": [
        Example("a message", 200, HELLO, parameters={"id": 1}),
        Example("no such message", 404, LOST, parameters={"id": 99}),
    ],
    "messages_update": EDIT,
    "messages_partial_update": EDIT,
    "deletions_list": [
        Example("all deletions", 200, {"deletions": [GONE]}),
        Example("recent deletions", 200, {"deletions": []}, parameters=LATER),
    ],
}  # fmt: skip
