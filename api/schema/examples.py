"""Examples for the schema. tests/stack/test_examples.py sends each one to a real server.

They speak of a chat where Susan (1) and David (2) have said a word each. Examples of a request and
of its answer have the same name.
"""

from typing import Any

from drf_spectacular.utils import OpenApiExample

NOON = 1479902400
JSON = dict[str, Any]


def user(pk: int, nickname: str) -> JSON:
    """Return a user who is offline."""
    return {
        "id": pk,
        "created_at": NOON,
        "updated_at": NOON,
        "nickname": nickname,
        "last_seen_at": NOON,
        "online": False,
        "_links": {
            "self": f"/api/users/{pk}",
            "messages": f"/api/messages?user_id={pk}",
            "tokens": "/api/tokens",
        },
    }


def message(pk: int, user_id: int, source: str, html: str) -> JSON:
    """Return a message."""
    return {
        "id": pk,
        "created_at": NOON,
        "updated_at": NOON,
        "source": source,
        "html": html,
        "user_id": user_id,
        "_links": {"self": f"/api/messages/{pk}", "user": f"/api/users/{user_id}"},
    }


SUSAN, DAVID = user(1, "susan"), user(2, "david")
HELLO = message(1, 1, "hello *world*!", "hello <em>world</em>!")
ANSWER = message(2, 2, "hi **susan**", "hi <strong>susan</strong>")
POSTED = message(3, 1, "see `flask`", "see <code>flask</code>")


def sent(name: str, value: Any) -> OpenApiExample:
    """Return an example of a body that is sent."""
    return OpenApiExample(name, value, request_only=True)


def got(name: str, status: int, value: Any) -> OpenApiExample:
    """Return an example of an answer."""
    return OpenApiExample(name, value, response_only=True, status_codes=[str(status)])


def blank(field: str) -> JSON:
    """Return the error of a field that is missing."""
    message = "This field is required."
    return {"error": f"{field}: {message}", "code": "invalid", "fields": {field: [message]}}


REGISTER = [
    sent("a new user", {"nickname": "carol", "password": "correct horse"}),
    got("a new user", 201, user(3, "carol")),
    sent("a nickname that is taken", {"nickname": "susan", "password": "correct horse"}),
    got(
        "a nickname that is taken",
        400,
        {
            "error": "nickname: This nickname is taken.",
            "code": "taken",
            "fields": {"nickname": ["This nickname is taken."]},
        },
    ),
    sent("no password", {"nickname": "carol"}),
    got("no password", 400, blank("password")),
]
USERS = [
    got("everybody", 200, {"users": [DAVID, SUSAN]}),
    got("who is online", 200, {"users": []}),
    got("who changed since", 200, {"users": []}),
]
USER = [
    got("susan", 200, SUSAN),
    got("nobody", 404, {"error": "Not found.", "code": "not_found"}),
]
CHANGE_USER = [
    sent("a new nickname", {"nickname": "suzie"}),
    sent("a new password", {"password": "battery staple"}),
    sent("another user", {"nickname": "dave"}),
    got("another user", 403, {"error": "You may only change yourself.", "code": "forbidden"}),
]
SIGN_IN = [
    got("a sign-in", 200, {"token": "2f7c" * 16}),
    got(
        "a wrong password",
        401,
        {"error": "authentication required", "code": "authentication_required"},
    ),
]
POST = [
    sent("a message", {"source": "see `flask`"}),
    got("a message", 201, POSTED),
    sent("a message sent again", {"source": "see `flask`"}),
    got("a message sent again", 201, POSTED),
    sent("a message for the worker", {"source": "see `flask`"}),
    sent("nothing", {}),
    got("nothing", 400, blank("source")),
]
MESSAGES = [
    got("the last day", 200, {"messages": [HELLO, ANSWER]}),
    got("what changed since", 200, {"messages": []}),
    got("the newest one", 200, {"messages": [ANSWER]}),
    got("older ones", 200, {"messages": [HELLO]}),
    got("what david said", 200, {"messages": [ANSWER]}),
    got(
        "a limit that is no number",
        400,
        {
            "error": "limit: This must be a whole number.",
            "code": "invalid",
            "fields": {"limit": ["This must be a whole number."]},
        },
    ),
]
MESSAGE = [
    got("a message", 200, HELLO),
    got("no message", 404, {"error": "Not found.", "code": "not_found"}),
]
EDIT = [
    sent("own message", {"source": "hello, world"}),
    sent("a message for the worker", {"source": "hello, world"}),
    sent("a message of another", {"source": "hello, world"}),
    got(
        "a message of another",
        403,
        {"error": "You may only edit your own messages.", "code": "forbidden"},
    ),
]
DELETIONS = [
    got("what is gone", 200, {"deletions": [{"class": "Message", "first": 90, "last": 95}]}),
    got("what is gone since", 200, {"deletions": []}),
]
ROOT = [
    got(
        "the resources",
        200,
        {name: f"/api/{name}" for name in ("users", "tokens", "messages", "deletions")},
    )
]
