"""The Django app of the REST API."""

import importlib

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The REST API over the chat's models; its own model stores deferred requests."""

    name = "api"

    def ready(self) -> None:
        """Register the authentication schemes with drf-spectacular."""
        importlib.import_module("api.schema.authentication")
