"""The app that is the REST API."""

import importlib

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """A door to the models of the chat; its own one keeps requests that a worker answers."""

    name = "api"

    def ready(self) -> None:
        """Let drf-spectacular find how the views are described."""
        importlib.import_module("api.schema.inspector")
        importlib.import_module("api.schema.operations")
