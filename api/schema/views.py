"""The two documents, and the page that shows the first."""

import functools
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from drf_spectacular.generators import SchemaGenerator

from api.schema import asyncapi
from chat.views import read_only


@functools.cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document, which is the same as long as the process runs."""
    found: dict[str, Any] = SchemaGenerator().get_schema(public=True)
    return orjson.loads(orjson.dumps(found, default=str))


@read_only
def get_openapi(request: HttpRequest) -> HttpResponse:
    """Serve the OpenAPI document."""
    return JsonResponse(document())


@read_only
def get_asyncapi(request: HttpRequest) -> HttpResponse:
    """Serve the AsyncAPI document."""
    return JsonResponse(asyncapi.document())


@read_only
def get_page(request: HttpRequest) -> HttpResponse:
    """Serve the page, which fetches the OpenAPI document."""
    return render(request, "api/schema.html")
