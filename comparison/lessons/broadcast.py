"""The broadcast of Channels' tutorial: every consumer joins the group."""

from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

from chat.realtime.publisher import GROUP
from flack_project import asgi


class ChatConsumer(AsyncWebsocketConsumer):
    """One client, a member of the group. Compare `chat/realtime/hub.py`."""

    async def connect(self) -> None:
        """Join the group, and accept the connection."""
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        """Leave the group."""
        await self.channel_layer.group_discard(GROUP, self.channel_name)

    async def push(self, event: dict[str, Any]) -> None:
        """Send the messages of a group event."""
        for text in event["texts"]:
            await self.send(text_data=text)


application = ProtocolTypeRouter(
    {
        "http": asgi.application.application_mapping["http"],
        "websocket": URLRouter([path("ws/", ChatConsumer.as_asgi())]),
    }
)
