"""Examples for the OpenAPI document; tests/stack/test_examples.py sends each to a real server.

They belong to a chat in which Susan (1) and David (2) have posted one message each.
"""

from typing import Any

from chat import errors
from chat.content.markup import render
from chat.models import Message, User

JSON = dict[str, Any]
NOON = 1479902400
TIMES = {"created_at": NOON, "updated_at": NOON}
SUSAN, DAVID, CAROL = (
    User(pk=pk, nickname=nickname, last_seen_at=NOON, **TIMES).to_dict()
    for pk, nickname in ((1, "susan"), (2, "david"), (3, "carol"))
)
HELLO, ANSWER, POSTED = (
    Message(pk=pk, user_id=author, source=source, html=render(source), **TIMES).to_dict()
    for pk, author, source in ((1, 1, "hello *world*!"), (2, 2, "hi **susan**"), (3, 1, "`flask`"))
)
GONE = {"class": "Message", "first": 90, "last": 95}
UUID = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
SENT = {"source": "`flask`"}
DEFER = {"Prefer": "respond-async", "body": SENT}
CAROLS, SUSANS = ({"nickname": n, "password": "correct horse"} for n in ("carol", "susan"))
UNKNOWN = errors.error_body(401, errors.UNAUTHENTICATED)
LOST = errors.error_body(404, errors.NOT_FOUND)
NOT_YOURSELF = errors.error_body(403, errors.NOT_YOURSELF)
NOT_YOURS = errors.error_body(403, errors.NOT_YOUR_MESSAGE)
TAKEN = errors.invalid({"nickname": ["This nickname is taken."]}, "unique")
MISSING = errors.invalid({"source": ["This field is required."]}, "required")
NO_NUMBER = errors.invalid({"limit": ["This must be a whole number."]}, "invalid")
# Operation, name, parameters and `body` of the request, status and body of the response.
EXAMPLES: list[tuple[str, str, JSON, int, JSON | None]] = [
    ("users_create", "a new user", {"body": CAROLS}, 201, CAROL),
    ("users_create", "a taken nickname", {"body": SUSANS}, 400, TAKEN),
    ("users_list", "all users", {}, 200, {"users": [DAVID, SUSAN]}),
    ("users_list", "online users", {"online": "1"}, 200, {"users": []}),
    ("users_list", "a taken nickname", {"nickname": "SUSAN"}, 200, {"users": [SUSAN]}),
    ("users_list", "some users", {"ids": "2,3"}, 200, {"users": [DAVID]}),
    ("users_retrieve", "a user", {"id": 1}, 200, SUSAN),
    ("users_update", "a nickname", {"id": 1, "body": {"nickname": "suzie"}}, 204, None),
    ("users_update", "a password", {"id": 1, "body": {"password": "battery staple"}}, 204, None),
    ("users_update", "another user", {"id": 2, "body": {"nickname": "x"}}, 403, NOT_YOURSELF),
    ("tokens_create", "a sign-in", {}, 200, {"token": "2f7c" * 16}),
    ("tokens_create", "a wrong password", {}, 401, UNKNOWN),
    ("messages_create", "a message", {"body": SENT}, 201, POSTED),
    ("messages_create", "sent again", {"Idempotency-Key": UUID, "body": SENT}, 201, POSTED),
    ("messages_create", "in a worker", DEFER, 202, None),
    ("messages_create", "no source", {"body": {}}, 400, MISSING),
    ("messages_list", "the last day", {}, 200, {"messages": [HELLO, ANSWER]}),
    ("messages_list", "recent changes", {"updated_since": NOON + 3600}, 200, {"messages": []}),
    ("messages_list", "the newest", {"limit": 1}, 200, {"messages": [ANSWER]}),
    ("messages_list", "history", {"limit": 10, "before": 2}, 200, {"messages": [HELLO]}),
    ("messages_list", "what follows", {"after": 1}, 200, {"messages": [ANSWER]}),
    ("messages_list", "a search", {"q": "hel wor"}, 200, {"messages": [HELLO]}),
    ("messages_list", "one author", {"user_id": 2}, 200, {"messages": [ANSWER]}),
    ("messages_list", "no number", {"limit": "ten"}, 400, NO_NUMBER),
    ("messages_retrieve", "a message", {"id": 1}, 200, HELLO),
    ("messages_retrieve", "no such message", {"id": 99}, 404, LOST),
    ("messages_update", "an edit", {"id": 1, "body": SENT}, 204, None),
    ("messages_update", "in a worker", {"id": 1, **DEFER}, 202, None),
    ("messages_update", "another user's", {"id": 2, "body": SENT}, 403, NOT_YOURS),
    ("messages_destroy", "a message", {"id": 1}, 204, None),
    ("messages_destroy", "another user's", {"id": 2}, 403, NOT_YOURS),
    ("deletions_list", "all deletions", {}, 200, {"deletions": [GONE]}),
]
