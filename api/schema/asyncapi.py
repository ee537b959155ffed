"""The WebSocket as an AsyncAPI document: https://www.asyncapi.com/docs/reference/specification."""

from typing import Any

from api.parameters import KEY
from api.queries import Schema
from api.schema import openapi
from api.schema.examples import GONE, HELLO, SUSAN, UNKNOWN, UUID
from api.schema.openapi import record, ref
from chat.throttling import FRAME_SIZE

DESCRIPTION = f"""
Any client may connect; a browser only from a page of Flack. A text frame is one JSON object.
After each (re)connect fetch what changed and what was deleted, from a little before the newest
change of the last time, and merge by `id`: pushes may be lost, and a deletion may come before the
message. A refused handshake is 400 (malformed), 403 (the
`Origin` of another site) or 503 (no node).

Close codes: 1002 (not WebSocket), 1007 (not UTF-8), 1008 (too many frames, or the token has ended),
1009 (over {FRAME_SIZE} bytes) and 1013 (too many sockets from this address: wait) follow an
`error`. No `error` comes before 1012 (the node is shutting down: connect again) and 1013 when the
client reads too slowly (wait).
"""
NUMBER = {"type": "integer", "minimum": -(2**63), "maximum": 2**64 - 1}
REF = {"anyOf": [KEY, NUMBER, {"type": "null"}], "description": "Returned in the reply"}
ANY_REF = {"anyOf": [{"type": "string"}, NUMBER, {"type": "null"}]}
TOKEN = ref("Token/properties/token")
MODELS = [record(**{"class": {"const": name}, "model": ref(name)}) for name in ("User", "Message")]
PUSH = {"class": "User", "model": SUSAN}
SENT = {"data": {"source": HELLO["source"]}, "ref": UUID}
REFUSED = {"ref": None, "data": {"status": 401, **UNKNOWN}}
SIGN_IN = "Sign in and stay online; send it every 30 s"
POST = "Post a message; `token` defaults to that of `ping_user`, `ref` makes a retry safe"
REFUSAL = (
    "A frame was refused and the socket stays open; or, with a null `ref`, the reason why the "
    "socket is being closed"
)
# Summary, properties and example of each frame.
FRAMES: dict[str, tuple[str, Schema, Schema]] = {
    "ping_user": (SIGN_IN, {"token": TOKEN, "ref": REF}, {"token": "2f7c" * 16}),
    "post_message": (POST, {"data": ref("MessageRequest"), "token": TOKEN, "ref": REF}, SENT),
    "updated_model": ("A row is new, or changed", {"data": {"oneOf": MODELS}}, {"data": PUSH}),
    "deleted_model": ("Rows were deleted", {"data": ref("Deletion")}, {"data": GONE}),
    "ack": ("Reply: stored", {"ref": REF, "data": ref("Message")}, {"ref": UUID, "data": HELLO}),
    "error": (REFUSAL, {"ref": ANY_REF, "data": ref("FrameError")}, REFUSED),
    "resync": (
        "Pushes were lost: fetch what changed and what was deleted",
        {"data": record()},
        {"data": {}},
    ),
}
# The frames that clients send, whose further properties are ignored: what is required, the replies.
RECEIVED = {
    "ping_user": (["event", "token"], ["error"]),
    "post_message": (["event", "data"], ["ack", "error"]),
}


def messages(*names: str) -> Schema:
    """Return the channel and references to some of its messages."""
    refs = [{"$ref": f"#/channels/chat/messages/{name}"} for name in names]
    return {"channel": {"$ref": "#/channels/chat"}, "messages": refs}


def document() -> dict[str, Any]:
    """Return the AsyncAPI document; its schemas are those of the OpenAPI document."""
    described = openapi.document()
    schemas = described["components"]["schemas"]
    status = {"enum": [400, 401, 403, 404, 413, 422, 429, 503]}
    error = record(status=status, **schemas["Error"]["properties"])
    error["required"] = ["status", *schemas["Error"]["required"]]
    components: Schema = {"messages": {}, "schemas": {**schemas, "FrameError": error}}
    operations: Schema = {}
    for name, (summary, properties, example) in FRAMES.items():
        payload = record(event={"const": name}, **properties)
        operations[name] = {"action": "send", **messages(name)}
        if name in RECEIVED:
            required, replies = RECEIVED[name]
            payload |= {"required": required, "additionalProperties": True}
            operations[name] |= {"action": "receive", "reply": messages(*replies)}
        shown = [{"name": name, "payload": {"event": name, **example}}]
        message = {"name": name, "summary": summary, "payload": payload, "examples": shown}
        components["messages"][name] = message
    refs = {name: {"$ref": f"#/components/messages/{name}"} for name in FRAMES}
    return {
        "asyncapi": "3.0.0",
        "info": {**described["info"], "description": DESCRIPTION.strip()},
        "defaultContentType": "application/json",
        "channels": {"chat": {"address": "/ws/", "messages": refs}},
        "operations": operations,
        "components": components,
    }
