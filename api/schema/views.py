"""The two documents, and the page that shows the OpenAPI one."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from api.schema import asyncapi, openapi
from chat.views import read_only


@read_only
def get_openapi(request: HttpRequest) -> HttpResponse:
    """Serve the OpenAPI document."""
    return JsonResponse(openapi.document())


@read_only
def get_asyncapi(request: HttpRequest) -> HttpResponse:
    """Serve the AsyncAPI document."""
    return JsonResponse(asyncapi.document())


@read_only
def get_page(request: HttpRequest) -> HttpResponse:
    """Serve the page, which fetches the OpenAPI document."""
    return render(request, "api/schema.html")
