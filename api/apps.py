"""The app that is the REST API."""

import importlib

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """No models: the API is a door to those of the chat."""

    name = "api"

    def ready(self) -> None:
        """Let drf-spectacular find how the views are described."""
        importlib.import_module("api.schema.operations")
