"""The security schemes of the OpenAPI document."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


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
