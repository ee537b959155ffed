"""The OpenAPI document: https://spec.openapis.org/oas/v3.1.0."""

import functools
from typing import Any

import orjson
from drf_spectacular.generators import SchemaGenerator


@functools.cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document, which is the same as long as the process runs."""
    found: dict[str, Any] = SchemaGenerator().get_schema(public=True)
    return orjson.loads(orjson.dumps(found, default=str))
