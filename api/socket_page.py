"""The AsyncAPI document as a page: each frame with its fields and an example."""

from collections.abc import Iterator
from typing import Any

import orjson
from django.utils.safestring import SafeString, mark_safe

from api.highlight import highlighted
from api.schema import asyncapi
from chat.content.markup import render

Schema = dict[str, Any]
ROWS = ("User", "Message")  # not unfolded: the documentation of the API describes them
LISTED = "one of"  # the values that the description explains


def context() -> dict[str, Any]:
    """Return what the template shows."""
    document = asyncapi.document()
    operations = document["operations"]
    frames = []
    for name, message in document["components"]["messages"].items():
        operation = operations[name]
        replies = operation.get("reply", {}).get("messages", [])
        example = orjson.dumps(message["examples"][0]["payload"], option=orjson.OPT_INDENT_2)
        frames.append(
            {
                "name": name,
                "is_received": operation["action"] == "receive",
                "summary": text(message["summary"]),
                "fields": list(fields(message["payload"], document)),
                "example": highlighted(example.decode()),
                "replies": [reply["$ref"].rpartition("/")[2] for reply in replies],
            }
        )
    sections = [
        ("Frames that clients send", [frame for frame in frames if frame["is_received"]]),
        ("Frames that clients receive", [frame for frame in frames if not frame["is_received"]]),
    ]
    return {
        "address": document["channels"]["chat"]["address"],
        "description": text(document["info"]["description"]),
        "sections": sections,
    }


def text(markdown: str) -> SafeString:
    """Return a description of the document as HTML."""
    return mark_safe(render(markdown) if markdown else "")  # noqa: S308  # sanitised


def resolved(schema: Schema, document: Schema) -> tuple[str, Schema]:
    """Return the name of the component that a schema refers to, if any, and the schema itself."""
    name = ""
    while "$ref" in schema:
        name, found = schema["$ref"].rpartition("/")[2], document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return name, schema


def fields(schema: Schema, document: Schema, before: str = "") -> Iterator[dict[str, Any]]:
    """Yield the fields of an object, those of its objects too, as `data.source`."""
    for key, value in schema["properties"].items():
        name, inner = resolved(value, document)
        kind = type_of(value, document)
        is_listed = "enum" in inner and kind != LISTED
        yield {
            "name": before + key,
            "type": kind,
            "is_required": key in schema.get("required", []),
            "help": "" if is_listed else text(inner.get("description", "")),
        }
        if "properties" in inner and name not in ROWS:
            yield from fields(inner, document, f"{before}{key}.")


def type_of(schema: Schema, document: Schema) -> str:
    """Return the type in words."""
    name, schema = resolved(schema, document)
    match schema:
        case {"oneOf": choices} | {"anyOf": choices}:
            return " or ".join(dict.fromkeys(type_of(choice, document) for choice in choices))
        case {"const": value}:
            return orjson.dumps(value).decode()
        case {"enum": [_, _, _, *_], "description": _}:
            return LISTED
        case {"enum": values}:
            return "one of " + ", ".join(orjson.dumps(value).decode() for value in values)
        case {"properties": {"class": {"const": kind}}}:
            return f'{{"class": "{kind}", "model": {kind}}}'
        case {"type": "object"} if name in ROWS:
            return name
        case {"type": "string", "maxLength": length}:
            return f"string of at most {length:,} characters"
        case _:
            return str(schema["type"])
