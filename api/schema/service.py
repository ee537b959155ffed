"""The views that are not DRF's, described."""

from typing import Any

from api.schema.shapes import Schema, record

STATE = {"type": "string", "minLength": 1, "description": "`ok`, `not used`, or what is wrong"}
READY = record(
    "Each part",
    ready={"type": "boolean"},
    database=STATE,
    redis=STATE,
    worker=STATE,
)


def get(operation_id: str, summary: str, responses: dict[str, tuple[str, Schema]]) -> Any:
    """Describe a path that can be read, by anybody."""
    return {
        "get": {
            "operationId": operation_id,
            "summary": summary,
            "tags": ["service"],
            "security": [{}],
            "responses": {
                status: {
                    "description": description,
                    "content": {"application/json": {"schema": schema}},
                }
                for status, (description, schema) in responses.items()
            },
        }
    }


STATS = record(
    "Of all nodes together, over 15 s", requests_per_second={"type": "number", "minimum": 0}
)
SERVICE: dict[str, Any] = {
    "/stats": get(
        "stats", "Requests a second", {"200": ("Of all nodes together, over 15 s", STATS)}
    ),
    "/healthz": get(
        "healthz",
        "Whether a node answers",
        {"200": ("It does", record("It does", status={"const": "ok"}))},
    ),
    "/readyz": get(
        "readyz",
        "Whether all parts work",
        {"200": ("All do", READY), "503": ("Not all do", READY)},
    ),
}
