"""The configuration of the chat app."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """The app with models, push, presence and page."""

    name = "chat"

    def ready(self) -> None:
        """Register the system checks by importing them."""
        from chat import checks  # noqa: F401
