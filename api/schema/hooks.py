"""What drf-spectacular does not find by itself: shapes, errors, views that are not DRF's."""

from typing import Any

from django.http import HttpRequest
from drf_spectacular.plumbing import build_mock_request
from rest_framework.request import Request
from rest_framework.views import APIView

from api.schema.service import SERVICE
from api.schema.shapes import ref

RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds to wait",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    }
}
ALWAYS = ("502", "503", "504")  # what nginx may have to say
CHALLENGE = {
    "WWW-Authenticate": {
        "description": "For Basic too, so that no browser asks by itself",
        "required": True,
        "schema": {"type": "string", "const": 'Bearer realm="Authentication Required"'},
    }
}
REQUEST_ID = {
    "X-Request-ID": {
        "description": "Under which the operator finds this request in the log",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9A-Za-z_-]{1,64}$"},
    }
}
ERRORS = {
    400: "What was sent makes no sense.",
    401: "No good token, or a wrong nickname or password.",
    403: "This is somebody else's.",
    404: "There is nothing.",
    413: "More than 256 KiB were sent.",
    429: "Too often.",
    500: "The fault is ours.",
    502: "No node can be reached.",
    503: "A part of the server is away.",
    504: "A node did not answer in time.",
}
HEADERS = {"401": CHALLENGE, "429": RETRY_AFTER, **dict.fromkeys(ALWAYS, RETRY_AFTER)}


def complete(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Complete the document; a hook of drf-spectacular."""
    schemas = result["components"]["schemas"]
    for name, schema in schemas.items():
        if not name.endswith("Request"):  # other properties of a request are ignored
            schema["additionalProperties"] = False
    result["paths"] |= SERVICE
    for operation in (
        operation for path in result["paths"].values() for operation in path.values()
    ):
        if (body := operation.get("requestBody")) is not None:
            name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            body["required"] = "required" in schemas[name]
        responses = operation["responses"]
        for status in ALWAYS:
            content = {"application/json": {"schema": ref("Error")}}
            responses.setdefault(status, {"description": ERRORS[int(status)], "content": content})
        for status, response in responses.items():
            found = response.get("headers", {}) | HEADERS.get(status, {})
            response["headers"] = found | REQUEST_ID
    return result


def mock_request(method: str, path: str, view: APIView, *args: Any, **options: Any) -> Request:
    """Return the request by which drf-spectacular looks at a view; that of tokens asks for it."""
    view.request = HttpRequest()  # type: ignore[assignment]
    view.request.method = method
    return build_mock_request(method, path, view, *args, **options)
