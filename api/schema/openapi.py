"""The OpenAPI document: https://spec.openapis.org/oas/v3.1.0.

drf-spectacular derives the operations from viewsets and serializers. `complete` adds what follows
from an operation: parameters, error statuses, response headers and examples.
"""

import functools
from typing import Any

import orjson
from drf_spectacular.generators import SchemaGenerator

from api.authentication import CHALLENGE
from api.schema.examples import EXAMPLES
from api.schema.parameters import ID, PARAMETERS, Schema

DESCRIPTIONS = {
    "200": "The request succeeded.",
    "201": "The object was created.",
    "202": "A worker runs the request; `Location` has the URL of its result.",
    "204": "The request succeeded; there is no body.",
    "304": "The list has not changed.",
    "400": "The request is malformed, or a field is missing or not allowed.",
    "401": "The token or the password is missing, wrong or no longer valid.",
    "403": "The user may not do this.",
    "404": "The object does not exist.",
    "413": "The body is larger than 256 KiB.",
    "429": "Too many requests.",
    "500": "The server failed.",
    "502": "No node can be reached.",
    "503": "A service that Flack needs is unavailable.",
    "504": "A node did not respond in time.",
}


def header(description: str, required: bool = True, **schema: Any) -> Schema:
    """Return a response header, a string unless `schema` has another type."""
    return {
        "description": description,
        "required": required,
        "schema": {"type": "string", **schema},
    }


ETAG_PATTERN = '^W/"[0-9a-f]{24}"$'
RETRY = {"Retry-After": header("Seconds to wait", type="integer", minimum=1)}
CREATED = header("The URL of the object", pattern="^/api/(users|messages)/[0-9]+$")
RESULT = header("The URL of the result", pattern="^/tasks/status/[0-9a-f-]{36}$")
PREFERENCE = header("The applied preference", const="respond-async")
ETAG = header("Absent while the newest change is under 2 s old", False, pattern=ETAG_PATTERN)
ALWAYS = {"X-Request-ID": header("Marks the request in the log", pattern="^[0-9A-Za-z_-]{1,64}$")}
HEADERS = {
    "201": {"Location": CREATED},
    "202": {"Location": RESULT},
    "401": {"WWW-Authenticate": header("Also after Basic authentication", const=CHALLENGE)},
    **dict.fromkeys(("429", "502", "503", "504"), RETRY),
}
STATE = {"type": "string", "minLength": 1, "description": "`ok`, `not used`, or the error"}
READY = {
    "ready": {"type": "boolean"},
    **dict.fromkeys(("database", "redis", "worker", "push"), STATE),
}
RATE = {"requests_per_second": {"type": "number", "minimum": 0}}
SERVICE: dict[str, tuple[str, Schema, tuple[str, ...]]] = {
    "stats": ("Show the requests per second of all nodes over 15 s", RATE, ("200",)),
    "healthz": ("Check that a node responds", {"status": {"const": "ok"}}, ("200",)),
    "readyz": ("Check all services", READY, ("200", "503")),
}


def ref(name: str) -> Schema:
    """Return a reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def content(schema: Schema) -> Schema:
    """Return the content of a JSON body."""
    return {"content": {"application/json": {"schema": schema}}}


def record(**properties: Schema) -> Schema:
    """Return the schema of an object with exactly these properties."""
    required = list(properties)
    exact = {"required": required, "additionalProperties": False}
    return {"type": "object", "properties": properties, **exact}


def service(name: str) -> Schema:
    """Return the path of a view outside the API."""
    summary, properties, statuses = SERVICE[name]
    responses = {status: content(record(**properties)) for status in statuses}
    operation = {"operationId": name, "summary": summary, "responses": responses}
    return {"get": {**operation, "tags": ["service"], "security": [{}]}}


def errors(method: str, operation: Schema) -> list[str]:
    """Return the error statuses of an operation."""
    locations = {parameter["in"] for parameter in operation["parameters"]}
    body = "requestBody" in operation
    security = operation["security"]
    found = {
        "400": body or "query" in locations,
        "401": security != [{}],
        "403": body and {} not in security,
        "404": "path" in locations,
        "413": body,
        "429": method in ("post", "put", "patch"),
    }
    return [status for status, is_possible in found.items() if is_possible] + ["502", "503", "504"]


def complete(result: Schema, **_: Any) -> Schema:
    """Complete the document; a hook of drf-spectacular."""
    schemas = result["components"]["schemas"]
    for name, schema in schemas.items():
        if not name.endswith("Request"):  # other properties of a request are ignored
            schema["additionalProperties"] = False
    result["paths"] |= {f"/{name}": service(name) for name in SERVICE}
    for methods in result["paths"].values():
        for method, operation in methods.items():
            complete_operation(method, operation, schemas)
    return result


def complete_operation(method: str, operation: Schema, schemas: Schema) -> None:
    """Add parameters, responses, headers and examples to an operation."""
    name, responses = operation["operationId"], operation["responses"]
    added = [{**parameter} for parameter in PARAMETERS.get(name, [])]
    parameters = operation["parameters"] = operation.get("parameters", []) + added
    by_name = {parameter["name"]: parameter for parameter in parameters}
    if "id" in by_name:
        by_name["id"] |= {"schema": ID}
    if "requestBody" in operation:
        request = operation["requestBody"]["content"]["application/json"]
        component = schemas[request["schema"]["$ref"].rpartition("/")[2]]
        operation["requestBody"]["required"] = "required" in component
    for status in errors(method, operation):
        responses.setdefault(status, content(ref("Error")))
    if "Prefer" in by_name:
        responses["202"] = {"headers": {"Preference-Applied": PREFERENCE}}
    if "If-None-Match" in by_name:
        responses["304"] = {"headers": {"ETag": ETAG}}
        responses["200"]["headers"] = {"ETag": ETAG}
    for status, response in responses.items():
        response["description"] = DESCRIPTIONS[status]
        response["headers"] = response.get("headers", {}) | HEADERS.get(status, {}) | ALWAYS
    for example in EXAMPLES.get(name, []):
        shown = [(by_name[key], value) for key, value in example.parameters.items()]
        if example.body is not None:
            shown.append((request, example.body))
        if example.answer is not None:
            body = responses[str(example.status)]["content"]["application/json"]
            shown.append((body, example.answer))
        for part, value in shown:
            part.setdefault("examples", {})[example.name] = {"value": value}


@functools.cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document, which is the same as long as the process runs."""
    found: dict[str, Any] = SchemaGenerator().get_schema(public=True)
    return orjson.loads(orjson.dumps(found, default=str))
