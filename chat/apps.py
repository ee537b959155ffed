"""The app that is the chat: models, push, presence, page."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """Registers the models and the system checks."""

    name = "chat"

    def ready(self) -> None:
        """Import the checks, which register themselves."""
        from chat import checks  # noqa: F401
