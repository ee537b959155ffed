"""JSON Schemas of what is not a serializer: frames, headers and the answers of plain views."""

from typing import Any

from chat.models import MAX_KEY

Schema = dict[str, Any]

CONTROL = r"\x00-\x1f\x7f-\x9f"
KEY: Schema = {
    "type": "string",
    "maxLength": MAX_KEY,
    "pattern": rf"^([^{CONTROL}]*[^\s{CONTROL}][^{CONTROL}]*)?$",
}


def ref(name: str) -> Schema:
    """Return a reference to the component of this name."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(description: str, /, **properties: Schema) -> Schema:
    """Return the schema of an object with exactly these properties."""
    return body(description, **properties) | {"additionalProperties": False}


def body(description: str, /, **properties: Schema) -> Schema:
    """Return the schema of an object that a client sends; other properties are ignored."""
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
    }


def partial(schema: Schema, *optional: str) -> Schema:
    """Return the schema with some properties made optional."""
    required = [name for name in schema["required"] if name not in optional]
    others = {key: value for key, value in schema.items() if key != "required"}
    return others | ({"required": required} if required else {})


def link(pattern: str) -> Schema:
    """Return the schema of a relative URL."""
    return {"type": "string", "format": "uri-reference", "pattern": f"^{pattern}$"}
