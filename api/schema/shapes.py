"""What goes over the wire, as JSON Schemas; OpenAPI 3.1 and AsyncAPI 3 both speak this dialect."""

from typing import Any

from chat.accounts.nicknames import MAX_NICKNAME
from chat.content.characters import INVISIBLE
from chat.errors import CODES
from chat.models import MAX_KEY, MAX_SOURCE

Schema = dict[str, Any]

CONTROL = r"\x00-\x1f\x7f-\x9f"
TIME = {"type": "integer", "format": "int64", "minimum": 0, "description": "Unix seconds"}
ID = {"type": "integer", "format": "int64", "minimum": 1}


def ref(name: str) -> Schema:
    """Return what stands for the schema of this name."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(description: str, /, **properties: Schema) -> Schema:
    """Return the schema of an object that has these properties and no other."""
    return body(description, **properties) | {"additionalProperties": False}


def body(description: str, /, **properties: Schema) -> Schema:
    """Return the schema of an object that a client sends; what else it holds is not looked at."""
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
    }


def partial(schema: Schema, *optional: str) -> Schema:
    """Return the schema of an object that may be without some of its properties."""
    required = [name for name in schema["required"] if name not in optional]
    others = {key: value for key, value in schema.items() if key != "required"}
    return others | ({"required": required} if required else {})


def link(pattern: str) -> Schema:
    """Return the schema of a relative URL."""
    return {"type": "string", "format": "uri-reference", "pattern": f"^{pattern}$"}


NICKNAME = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_NICKNAME,
    "pattern": rf"^[^\s:{CONTROL}]([^:{CONTROL}]*[^\s:{CONTROL}])?$",
}
PASSWORD = {
    "type": "string",
    "format": "password",
    "minLength": 8,
    "description": "Not too common, not all digits, not like the nickname.",
}
SOURCE: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_SOURCE,
    "pattern": rf"^[^\x00]*[^\s{INVISIBLE}][^\x00]*$",
    "description": "Markdown",
}
KEY: Schema = {"type": "string", "maxLength": MAX_KEY, "pattern": rf"^[^{CONTROL}]*$"}
TOKEN: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
SENTENCE = {"type": "string", "minLength": 1, "description": "One sentence for people"}

SCHEMAS: dict[str, Schema] = {
    "User": record(
        "Somebody who chats",
        id=ID,
        created_at=TIME,
        updated_at=TIME,
        nickname={"type": "string", "minLength": 1, "maxLength": MAX_NICKNAME},
        last_seen_at=TIME,
        online={"type": "boolean"},
        _links=record(
            "Where to go on",
            self=link("/api/users/[0-9]+"),
            messages=link(r"/api/messages\?user_id=[0-9]+"),
            tokens=link("/api/tokens"),
        ),
    ),
    "Message": record(
        "What somebody said",
        id=ID,
        created_at=TIME,
        updated_at=TIME,
        source=SOURCE,
        html={"type": "string", "description": "Safe HTML, with previews once links are expanded"},
        user_id=ID,
        _links=record(
            "Where to go on",
            self=link("/api/messages/[0-9]+"),
            user=link("/api/users/[0-9]+"),
        ),
    ),
    "Deletion": record(
        "From the one id to the other all of a class is gone; with a user also their messages",
        **{"class": {"enum": ["User", "Message"]}},
        first=ID,
        last=ID,
    ),
    "Error": partial(
        record(
            "What went wrong",
            error=SENTENCE,
            code={"enum": list(CODES)},
            fields={
                "type": "object",
                "description": "What is wrong with which field, when the input is invalid",
                "additionalProperties": {"type": "array", "items": {"type": "string"}},
            },
        ),
        "fields",
    )
    | {"examples": [{"error": "What is wrong, in one sentence.", "code": "invalid"}]},
}
# What only one door of the API takes or gives.
HTTP_SCHEMAS: dict[str, Schema] = {
    "Registration": body("A new user", nickname=NICKNAME, password=PASSWORD),
    "UserChange": partial(
        body("What to change", nickname=NICKNAME, password=PASSWORD), "nickname", "password"
    ),
    "NewMessage": body("A new message", source=SOURCE),
    "MessageChange": partial(body("What to change", source=SOURCE), "source"),
    "Users": record("A list", users={"type": "array", "items": ref("User")}),
    "Messages": record("A list", messages={"type": "array", "items": ref("Message")}),
    "Deletions": record("A list", deletions={"type": "array", "items": ref("Deletion")}),
    "Token": record("Goes into `Authorization: Bearer`", token=TOKEN),
    "Links": record(
        "Where to go on",
        users=link("/api/users"),
        tokens=link("/api/tokens"),
        messages=link("/api/messages"),
        deletions=link("/api/deletions"),
    ),
    "Stats": record(
        "Of all nodes together, over 15 s", requests_per_second={"type": "number", "minimum": 0}
    ),
}
