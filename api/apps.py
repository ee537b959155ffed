"""The app that is the REST API."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """No models: the API is a door to those of the chat."""

    name = "api"
