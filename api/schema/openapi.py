"""The OpenAPI document: https://spec.openapis.org/oas/v3.1.0.

drf-spectacular derives the operations from viewsets and serializers. `complete` adds what follows
from an operation: parameters, error statuses, response headers and examples.
"""

import functools
import inspect
from http import HTTPStatus
from typing import Any

import orjson
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator

from api.authentication import CHALLENGE
from api.parameters import PARAMETERS, PK
from api.queries import TEXT, Schema
from api.schema.examples import EXAMPLES
from chat import views

ALWAYS = {"X-Request-ID": {"type": "string", "pattern": "^[0-9A-Za-z_-]{1,64}$"}}
ETAG = {"ETag": {"type": "string", "pattern": '^W/"[0-9a-f]+(-[0-9a-f]+){4}"$'}}
NEXT = {"Link": {"type": "string", "pattern": '^<[^>]+>; rel="next"$'}}
PREFERENCE = {"Preference-Applied": {"const": "respond-async"}}
RETRY = {"Retry-After": {"type": "integer", "minimum": 1}}
HEADERS: dict[str, dict[str, Schema]] = {
    "201": {"Location": {"type": "string", "pattern": "^/api/(users|messages)/[0-9]+$"}},
    "202": {"Location": {"type": "string", "pattern": "^/tasks/status/[0-9a-f-]{36}$"}},
    "401": {"WWW-Authenticate": {"const": CHALLENGE}},
    **dict.fromkeys(("429", "502", "503", "504"), RETRY),
}
STATUS = {**TEXT, "minLength": 1, "description": "`ok`, or what fails"}
STATE = {
    "enum": ["ok", "not used", "degraded", "unavailable", "disk full"],
    "description": "`disk full` for SQLite",
}
STATES = dict.fromkeys(("database", "redis", "worker", "previews", "push"), STATE)
RATE = {"type": "number", "minimum": 0}
# Views of Django by name, the properties of their responses and the statuses that have them.
SERVICE: dict[str, tuple[views.View, Schema, tuple[str, ...]]] = {
    "stats": (views.get_stats, {"requests_per_second": RATE}, ("200",)),
    "healthz": (views.healthz, {"status": STATUS}, ("200", "503")),
    "readyz": (views.readyz, {"ready": {"type": "boolean"}, **STATES}, ("200", "503")),
}


class BearerScheme(OpenApiAuthenticationExtension):
    """`Authorization: Bearer T`, with the token of a sign-in."""

    target_class = "api.authentication.TokenAuthentication"
    name, scheme = "token", "bearer"

    def get_security_definition(self, auto_schema: Any) -> Schema:
        """Return the security scheme."""
        return {"type": "http", "scheme": self.scheme, "description": self.__doc__}


class BasicScheme(BearerScheme):
    """`Authorization: Basic`, with nickname and password, to sign in only."""

    target_class = "api.authentication.BasicAuthentication"
    name, scheme = "password", "basic"


def ref(name: str) -> Schema:
    """Return a reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def body(schema: Schema) -> Schema:
    """Return a response or request with a JSON body."""
    return {"content": {"application/json": {"schema": schema}}}


def record(**properties: Schema) -> Schema:
    """Return the schema of an object with exactly these properties."""
    exact = {"required": list(properties), "additionalProperties": False}
    return {"type": "object", "properties": properties, **exact}


def errors(method: str, operation: Schema) -> list[str]:
    """Return the error statuses of an operation; nginx may answer the last four for any."""
    places = {parameter["in"] for parameter in operation["parameters"]}
    has_body, security = "requestBody" in operation, operation["security"]
    deletes_row = method == "delete" and "path" in places
    has_key = any(parameter["name"] == "Idempotency-Key" for parameter in operation["parameters"])
    possible = {
        "400": has_body or "query" in places,
        "401": security != [{}],
        "403": (has_body or deletes_row) and {} not in security,
        "404": "path" in places or has_key,  # the key may be that of a deleted message
        "413": has_body,
        "422": has_key,
    }
    return [*(status for status in possible if possible[status]), "429", "502", "503", "504"]


def complete(result: Schema, **_: Any) -> Schema:
    """Complete the document; a hook of drf-spectacular."""
    for name, schema in result["components"]["schemas"].items():
        if not name.endswith("Request"):  # other properties of a request are ignored
            schema["additionalProperties"] = False
    for name, (view, properties, statuses) in SERVICE.items():
        responses = {status: body(record(**properties)) for status in statuses}
        doc = inspect.getdoc(view)
        operation = {"operationId": name, "description": doc, "responses": responses}
        result["paths"][f"/{name}"] = {"get": {**operation, "tags": ["service"], "security": [{}]}}
    for methods in result["paths"].values():
        for method, operation in methods.items():
            complete_operation(method, operation)
    return result


def complete_operation(method: str, operation: Schema) -> None:
    """Add parameters, responses, headers and examples to an operation."""
    name, responses = operation["operationId"].replace("partial_", ""), operation["responses"]
    # The first line of a method's docstring is the summary.
    summary, _, description = operation["description"].partition("\n")
    operation |= {"summary": summary.rstrip("."), "description": description.strip()}
    operation["parameters"] = operation.get("parameters", []) + [
        {"in": place, "name": key, "schema": schema, "description": description}
        for key, description, schema, place in PARAMETERS.get(name, [])
    ]
    parts = {parameter["name"]: parameter for parameter in operation["parameters"]}
    if request := operation.get("requestBody"):
        parts["body"] = request["content"]["application/json"]
    parts.get("id", {})["schema"] = PK
    for status in errors(method, operation):
        responses.setdefault(status, body(ref("Error")))
    if "Prefer" in parts:
        responses["202"] = {"headers": PREFERENCE}
    if "If-None-Match" in parts:
        responses |= {"304": {"headers": ETAG}, "200": {**responses["200"], "headers": ETAG}}
    if "updated_since" in parts:
        responses["200"] |= {"headers": responses["200"].get("headers", {}) | NEXT}
    for status, response in responses.items():
        response["description"] = HTTPStatus(int(status)).phrase
        headers = response.get("headers", {}) | HEADERS.get(status, {}) | ALWAYS
        response["headers"] = {
            # A list that changed in the last 2 s has no ETag, and a whole one no Link.
            header: {"required": header not in ("ETag", "Link"), "schema": schema}
            for header, schema in headers.items()
        }
    for owner, title, sent, answered, answer in EXAMPLES:
        if owner == name:
            content = responses[str(answered)].get("content", {})
            shown = [(parts[part], value) for part, value in sent.items()]
            for part, value in [*shown, *((media, answer) for media in content.values())]:
                part.setdefault("examples", {})[title] = {"value": value}


@functools.cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document, which is the same as long as the process runs."""
    return orjson.loads(orjson.dumps(SchemaGenerator().get_schema(public=True), default=str))
