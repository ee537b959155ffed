"""How drf-spectacular reads Flack's views and authentication."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class Inspector(AutoSchema):
    """Take summary and description of an operation from the docstring of its method."""

    def get_summary(self) -> str:
        """Return the first line without its full stop."""
        return super().get_description().partition("\n")[0].rstrip(".")

    def get_description(self) -> str:  # type: ignore[override]
        """Return the paragraphs after the first line."""
        return super().get_description().partition("\n")[2].strip()


class BearerScheme(OpenApiAuthenticationExtension):
    """`Authorization: Bearer T`, with the token of a sign-in."""

    target_class = "api.authentication.TokenAuthentication"
    name, scheme = "token", "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the security scheme."""
        return {"type": "http", "scheme": self.scheme, "description": str(self.__doc__)}


class BasicScheme(BearerScheme):
    """`Authorization: Basic`, with nickname and password, to sign in only."""

    target_class = "api.authentication.BasicAuthentication"
    name, scheme = "password", "basic"
