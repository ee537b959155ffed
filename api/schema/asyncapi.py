"""The socket, as an AsyncAPI document: https://www.asyncapi.com/docs/reference/specification."""

from typing import Any

from django.conf import settings

from api import serializers
from api.schema import openapi
from api.schema.examples import HELLO, SUSAN
from api.schema.shapes import KEY, Schema, body, partial, record, ref
from chat.throttling import FRAME_SIZE

CLOSE_CODES = {
    1002: "What came is not WebSocket. An `error` says why.",
    1007: "A text that is not UTF-8. An `error` says so.",
    1008: "Too many frames, or the token of this socket has ended. An `error` says which.",
    1009: f"A frame of more than {FRAME_SIZE} bytes. An `error` says so.",
    1012: "The node is about to leave. Connect again, to another one.",
    1013: "Too many sockets from this address, or a client that reads too slowly. Try again later.",
}
DESCRIPTION = """
Anyone may connect and listen; a browser from the hosts of Flack only. Each text frame is one JSON
object. After each (re)connect fetch what changed meanwhile, from a little before the newest change
that you know, and merge by `id`: a push is a hint, and the database is the truth.

A handshake that is refused is 400 (it is broken), 403 (the `Origin` of another site) or 503 (no
node is there).

Close codes:

""" + "".join(f"- {code}: {text}\n" for code, text in CLOSE_CODES.items())

NUMBER = {"type": "integer", "minimum": -(2**63), "maximum": 2**64 - 1}
REF = {
    "description": "What the client calls this frame; on `post_message` an idempotency key as well",
    "anyOf": [KEY, NUMBER, {"type": "null"}],
}
ANY_REF = {
    "description": "The `ref` of the frame that was refused, if it had one",
    "anyOf": [{"type": "string"}, NUMBER, {"type": "null"}],
}


SOURCE: Schema = {"type": "string", **serializers.SOURCE}
TOKEN: Schema = {"type": "string", **serializers.TOKEN}


def push(name: str) -> Schema:
    """Return the data of an `updated_model`."""
    return record(
        f"A {name} that is new, or changed", **{"class": {"const": name}}, model=ref(name)
    )


def frame(event: str, **properties: Schema) -> Schema:
    """Return the schema of a frame that the server sends."""
    return record("A frame", event={"const": event}, **properties)


def asked(event: str, *optional: str, **properties: Schema) -> Schema:
    """Return the schema of a frame that the server takes; what else it holds is not looked at."""
    return partial(body("A frame", event={"const": event}, **properties), *optional)


PING = "Who I am, and that I am still here: at sign-in, and every 30 s"
POST = "Posts a message. Without `token` that of the last good `ping_user` of this socket counts."
MESSAGES: dict[str, tuple[str, Schema, Any]] = {
    "ping_user": (
        PING,
        asked("ping_user", "ref", token=TOKEN, ref=REF),
        {"token": "2f7c" * 16},
    ),
    "post_message": (
        POST,
        asked(
            "post_message",
            *("token", "ref"),
            data=body("A new message", source=SOURCE),
            token=TOKEN,
            ref=REF,
        ),
        {"data": {"source": HELLO["source"]}, "ref": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"},
    ),
    "updated_model": (
        "A user or a message is new, or changed",
        frame("updated_model", data={"oneOf": [push("User"), push("Message")]}),
        {"data": {"class": "User", "model": SUSAN}},
    ),
    "deleted_model": (
        "Users or messages are gone",
        frame("deleted_model", data=ref("Deletion")),
        {"data": {"class": "Message", "first": 1, "last": 1}},
    ),
    "ack": (
        "The message is in the database",
        frame("ack", ref=REF, data=ref("Message")),
        {"ref": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "data": HELLO},
    ),
    "error": (
        "What was asked for was not done. The socket stays open, unless a limit was not kept",
        frame(
            "error",
            ref=ANY_REF,
            data=ref("FrameError"),
        ),
        {
            "ref": None,
            "data": {
                "status": 401,
                "error": "authentication required",
                "code": "authentication_required",
            },
        },
    ),
    "resync": (
        "More was missed than the node repairs by itself: fetch what changed",
        frame("resync", data=record("Nothing")),
        {"data": {}},
    ),
}
TAKEN = ("ping_user", "post_message")


def message(name: str) -> dict[str, Any]:
    """Return a message of the document."""
    summary, payload, example = MESSAGES[name]
    return {
        "name": name,
        "summary": summary,
        "contentType": "application/json",
        "payload": payload,
        "examples": [{"name": name, "payload": {"event": name, **example}}],
    }


def operation(name: str) -> dict[str, Any]:
    """Return an operation: the server receives or sends a message."""
    channel = "#/channels/chat"
    described: dict[str, Any] = {
        "action": "receive" if name in TAKEN else "send",
        "channel": {"$ref": channel},
        "summary": MESSAGES[name][0],
        "messages": [{"$ref": f"{channel}/messages/{name}"}],
    }
    answers = {"ping_user": ["error"], "post_message": ["ack", "error"]}.get(name)
    if answers:
        replies = [{"$ref": f"{channel}/messages/{answer}"} for answer in answers]
        described["reply"] = {"channel": {"$ref": channel}, "messages": replies}
    return described


def schemas() -> dict[str, Schema]:
    """Return the schemas of the models and of errors, which are those of the OpenAPI document."""
    found = openapi.document()["components"]["schemas"]
    names = ("User", "UserLinks", "Message", "MessageLinks", "Deletion")
    error = found["Error"]
    status = {"enum": [400, 401, 403, 404, 413, 429, 503]}
    frame_error = {
        **error,
        "properties": {"status": status, **error["properties"]},
        "required": ["status", *error["required"]],
    }
    return {name: found[name] for name in names} | {"FrameError": frame_error}


def document() -> dict[str, Any]:
    """Return the AsyncAPI document."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "The socket of Flack",
            "version": settings.SPECTACULAR_SETTINGS["VERSION"],
            "description": "What changes in the room, as it changes. The rest is OpenAPI's.",
            "externalDocs": {"url": "/api/schema/openapi.json"},
        },
        "channels": {
            "chat": {
                "address": "/ws/",
                "title": "The room",
                "description": DESCRIPTION.strip(),
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in MESSAGES},
                "bindings": {"ws": {"method": "GET"}},
                "x-close-codes": {str(code): text for code, text in CLOSE_CODES.items()},
            }
        },
        "operations": {name: operation(name) for name in MESSAGES},
        "components": {
            "messages": {name: message(name) for name in MESSAGES},
            "schemas": schemas(),
        },
    }
