"""Tests of api/schema/: the OpenAPI document is complete, valid and served."""

import re

import pytest
from django.contrib.staticfiles import finders
from django.urls import get_resolver
from django.urls.resolvers import URLResolver
from jsonschema import Draft202012Validator

from api.schema.openapi import document

pytestmark = pytest.mark.django_db

# Pages, redirects, static files, metrics, and the 404 of unknown paths.
NO_PART_OF_THE_API = (
    "^$",
    "^favicon",
    "^api-auth/",
    "^admin",
    "^api/schema",
    "^api/$",
    "^(?:api|tasks)/",
    "^metrics",
)


def routes(resolver, before=""):
    """Return the regular expressions of all paths below a resolver."""
    for pattern in resolver.url_patterns:
        route = before + pattern.pattern.regex.pattern.removeprefix("^")
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        else:
            yield f"^{route}"


@pytest.mark.parametrize(
    "route",
    [
        route
        for route in routes(get_resolver())
        if not route.replace("\\Z", "$").replace("\\", "").startswith(NO_PART_OF_THE_API)
    ],
)
def test_each_path_is_in_the_document(route):
    paths = [re.sub(r"\{task_id\}", "0" * 8 + "-0000-4000-8000-" + "0" * 12, path)
             for path in document()["paths"]]  # fmt: skip
    paths = [re.sub(r"\{id\}", "1", path) for path in paths]
    assert any(re.match(route, path.removeprefix("/")) for path in paths)


def test_each_schema_is_used():
    text = str(document())
    for name in document()["components"]["schemas"]:
        assert f"#/components/schemas/{name}'" in text


def parts():
    """Return name, schema and examples of each body."""
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                yield (
                    f"{method} {path} {status}",
                    response.get("content", {}).get("application/json", {}),
                )


@pytest.mark.parametrize("part", [part for _, part in parts()], ids=[name for name, _ in parts()])
def test_each_example_matches_its_schema(part):
    schema = {**part.get("schema", {}), "components": document()["components"]}
    for example in part.get("examples", {}).values():
        Draft202012Validator(schema).validate(example["value"])


@pytest.mark.django_db
def test_the_answer_to_a_repeat_of_a_deleted_post_is_documented(alice, call):
    post = {"body": {"source": "a"}, "token": alice.token, "headers": {"Idempotency-Key": "k"}}
    call("DELETE", call("POST", "/api/messages", **post)["Location"], token=alice.token)
    answer = call("POST", "/api/messages", **post)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "404" in document()["paths"]["/api/messages"]["post"]["responses"]


def test_each_operation_has_the_errors_that_nginx_may_answer():
    for methods in document()["paths"].values():
        for operation in methods.values():
            assert {"429", "502", "503", "504"} <= operation["responses"].keys()


def test_the_document_is_served(client):
    response = client.get("/api/schema/openapi.json")
    assert response["Content-Type"] == "application/json"
    assert response.json() == document()


def test_the_page_is_served_and_takes_nothing_from_elsewhere(client):
    page = client.get("/api/schema/").content.decode()
    addresses = re.findall(r'(?:src|<link [^>]*href)="([^"]+)"', page)
    assert addresses
    assert all(address.startswith("/static/") for address in addresses)
    assert all(finders.find(address.removeprefix("/static/")) for address in addresses)
