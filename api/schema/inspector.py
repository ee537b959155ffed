"""How drf-spectacular reads Flack's views and authentication."""

from typing import Any

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_mock_request
from rest_framework.request import Request
from rest_framework.views import APIView


class Inspector(AutoSchema):
    """Take summary and description of an operation from the docstring of its method."""

    def get_summary(self) -> str:
        """Return the first line without its full stop."""
        return super().get_description().partition("\n")[0].rstrip(".")

    def get_description(self) -> str:  # type: ignore[override]
        """Return the paragraphs after the first line."""
        return super().get_description().partition("\n")[2].strip()


class BearerScheme(OpenApiAuthenticationExtension):
    """`Authorization: Bearer T`."""

    target_class = "api.authentication.TokenAuthentication"
    name = "token"
    definition = {
        "type": "http",
        "scheme": "bearer",
        "description": "From `POST /api/tokens`. Send it with every request: it keeps you online.",
    }

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the security scheme."""
        return self.definition


class BasicScheme(BearerScheme):
    """`Authorization: Basic`."""

    target_class = "api.authentication.BasicAuthentication"
    name = "password"
    definition = {
        "type": "http",
        "scheme": "basic",
        "description": "Nickname and password, to sign in only.",
    }


def mock_request(method: str, path: str, view: APIView, *args: Any, **options: Any) -> Request:
    """Return the request for a view; set its method first, which `/api/tokens` reads."""
    view.request = HttpRequest()  # type: ignore[assignment]
    view.request.method = method
    return build_mock_request(method, path, view, *args, **options)
