"""What replaces functions of "django-documented"."""

import asyncio
import json
from typing import Any

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer

from chat.models import User, timestamp
from comparison.contestants.django_documented import authentication, consumers
from comparison.contestants.django_documented.push import GROUP

SEEN_EVERY = 15  # seconds between two writes of `last_seen_at`, as in "flask-tuned"
write_seen = authentication.seen


def seen(user: User) -> None:
    """Record that a user was seen now, unless that was recorded in the last 15 s."""
    if not user.online or user.last_seen_at <= timestamp() - SEEN_EVERY:
        write_seen(user)


class Hub:
    """One member of the group, which sends each push to all sockets of this process."""

    def __init__(self) -> None:
        self.clients: set[HubConsumer] = set()
        self.task: asyncio.Task[None] | None = None
        self.lock = asyncio.Lock()

    async def join(self, client: "HubConsumer") -> None:
        """Add a client; the first one joins the group for all."""
        async with self.lock:
            if self.task is None:
                channel = await client.channel_layer.new_channel()
                await client.channel_layer.group_add(GROUP, channel)
                self.task = asyncio.create_task(self.receive(client.channel_layer, channel))
        self.clients.add(client)

    async def receive(self, layer: Any, channel: str) -> None:
        """Serialise each event once, and send the same message to all clients."""
        while True:
            event = await layer.receive(channel)
            text = json.dumps({"event": "updated_model", "data": event["data"]})
            message = {"type": "websocket.send", "text": text}
            for client in tuple(self.clients):
                await client.base_send(message)


hub = Hub()


class HubConsumer(consumers.ChatConsumer):
    """A client of the hub, without a channel of its own."""

    channel_layer_alias = ""  # Channels creates no channel for a layer that does not exist

    async def connect(self) -> None:
        """Join the hub, and accept the connection."""
        self.channel_layer = get_channel_layer()
        await hub.join(self)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        """Leave the hub, and mark the user as offline."""
        hub.clients.discard(self)
        if self.user is not None:
            await database_sync_to_async(consumers.went_offline)(self.user.pk)
