"""The WebSocket as an AsyncAPI document: https://www.asyncapi.com/docs/reference/specification."""

from typing import Any, NamedTuple

from django.conf import settings

from api.schema import openapi
from api.schema.examples import HELLO, SUSAN
from api.schema.openapi import record, ref
from api.schema.parameters import KEY, Schema
from chat.errors import UNAUTHENTICATED, error_body
from chat.throttling import FRAME_SIZE

CLOSE_CODES = {
    1002: "The bytes are not WebSocket. An `error` comes first.",
    1007: "A text is not UTF-8. An `error` comes first.",
    1008: "Too many frames, or the socket's token has ended. An `error` comes first.",
    1009: f"A frame has more than {FRAME_SIZE} bytes. An `error` comes first.",
    1012: "The node is shutting down. Connect again, to another node.",
    1013: "Too many sockets from this address, or the client reads too slowly. Try again later.",
}
DESCRIPTION = """
Any client may connect and listen; a browser only from a page of Flack. Each text frame is one JSON
object. After each (re)connect fetch what changed meanwhile, from a little before the newest change
that the client has, and merge by `id`: pushes may be lost, the database is authoritative.

A refused handshake is 400 (malformed), 403 (the `Origin` of another site) or 503 (no node).

Close codes:

""" + "".join(f"- {code}: {text}\n" for code, text in CLOSE_CODES.items())
NUMBER = {"type": "integer", "minimum": -(2**63), "maximum": 2**64 - 1}
REF = {"anyOf": [KEY, NUMBER, {"type": "null"}], "description": "Returned in the reply to a frame"}
ANY_REF = {"anyOf": [{"type": "string"}, NUMBER, {"type": "null"}]}
ID = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
TOKEN = ref("Token/properties/token")
UNKNOWN = {"status": 401, **error_body(401, UNAUTHENTICATED)}


class Frame(NamedTuple):
    """A frame that the server receives if `optional` is given, and otherwise sends."""

    summary: str
    properties: Schema
    example: dict[str, Any]
    optional: tuple[str, ...] | None = None
    replies: tuple[str, ...] = ()


def push(model: str) -> Schema:
    """Return the data of an `updated_model`."""
    return record(**{"class": {"const": model}, "model": ref(model)})


FRAMES = {
    "ping_user": Frame(
        "Signs the socket in and keeps the user online; send it every 30 s",
        {"token": TOKEN, "ref": REF},
        {"token": "2f7c" * 16},
        optional=("ref",),
        replies=("error",),
    ),
    "post_message": Frame(
        "Posts a message. `token` defaults to that of the last `ping_user`, `ref` prevents doubles",
        {"data": ref("MessageRequest"), "token": TOKEN, "ref": REF},
        {"data": {"source": HELLO["source"]}, "ref": ID},
        optional=("token", "ref"),
        replies=("ack", "error"),
    ),
    "updated_model": Frame(
        "A user or a message is new, or changed",
        {"data": {"oneOf": [push("User"), push("Message")]}},
        {"data": {"class": "User", "model": SUSAN}},
    ),
    "deleted_model": Frame(
        "Users or messages were deleted",
        {"data": ref("Deletion")},
        {"data": {"class": "Message", "first": 1, "last": 1}},
    ),
    "ack": Frame(
        "The message is in the database",
        {"ref": REF, "data": ref("Message")},
        {"ref": ID, "data": HELLO},
    ),
    "error": Frame(
        "A frame was refused. The socket stays open, unless a limit was exceeded",
        {"ref": ANY_REF, "data": ref("FrameError")},
        {"ref": None, "data": UNKNOWN},
    ),
    "resync": Frame(
        "Pushes were lost that the node cannot repair: fetch what changed",
        {"data": record()},
        {"data": {}},
    ),
}


def message(name: str, frame: Frame) -> Schema:
    """Return a message of the document; the server ignores further properties of a frame."""
    payload = record(event={"const": name}, **frame.properties)
    if frame.optional is not None:
        del payload["additionalProperties"]
        payload["required"] = [key for key in payload["required"] if key not in frame.optional]
    return {
        "name": name,
        "summary": frame.summary,
        "contentType": "application/json",
        "payload": payload,
        "examples": [{"name": name, "payload": {"event": name, **frame.example}}],
    }


def operation(name: str, frame: Frame) -> Schema:
    """Return an operation: the server receives or sends a message."""
    channel = {"$ref": "#/channels/chat"}

    def messages(*names: str) -> Schema:
        refs = [{"$ref": f"#/channels/chat/messages/{name}"} for name in names]
        return {"channel": channel, "messages": refs}

    action = "send" if frame.optional is None else "receive"
    reply = {"reply": messages(*frame.replies)} if frame.replies else {}
    return {"action": action, "summary": frame.summary, **messages(name), **reply}


def document() -> dict[str, Any]:
    """Return the AsyncAPI document; its schemas are those of the OpenAPI document."""
    schemas = openapi.document()["components"]["schemas"]
    status = {"enum": [400, 401, 403, 404, 413, 429, 503]}
    properties = {"status": status, **schemas["Error"]["properties"]}
    required = ["status", *schemas["Error"]["required"]]
    error = {**schemas["Error"], "properties": properties, "required": required}
    chat = {
        "address": "/ws/",
        "title": "The chat",
        "description": DESCRIPTION.strip(),
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in FRAMES},
        "bindings": {"ws": {"method": "GET"}},
        "x-close-codes": {str(code): text for code, text in CLOSE_CODES.items()},
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "The WebSocket of Flack",
            "version": settings.SPECTACULAR_SETTINGS["VERSION"],
            "description": "Pushes every change; OpenAPI describes the requests over HTTP.",
            "externalDocs": {"url": "/api/schema/openapi.json"},
        },
        "channels": {"chat": chat},
        "operations": {name: operation(name, frame) for name, frame in FRAMES.items()},
        "components": {
            "messages": {name: message(name, frame) for name, frame in FRAMES.items()},
            "schemas": {**schemas, "FrameError": error},
        },
    }
