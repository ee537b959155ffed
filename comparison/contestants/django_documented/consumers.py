"""One client: a member of the group, as in the tutorial of Channels."""

from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from chat.models import Token, User, later_than
from comparison.contestants.django_documented.authentication import seen, user_of
from comparison.contestants.django_documented.push import GROUP, group_event, push_model
from comparison.contestants.django_documented.tasks import post_message


class ChatConsumer(AsyncJsonWebsocketConsumer):
    """A WebSocket."""

    user: User | None = None

    async def connect(self) -> None:
        """Join the group, and accept the connection."""
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        """Leave the group, and mark the user as offline."""
        await self.channel_layer.group_discard(GROUP, self.channel_name)
        if self.user is not None:
            await database_sync_to_async(went_offline)(self.user.pk)

    async def receive_json(self, content: dict[str, Any], **kwargs: Any) -> None:
        """Handle a frame of the client."""
        if content.get("event") == "ping_user":
            self.user = await database_sync_to_async(ping_user)(content.get("token"))
        elif content.get("event") == "post_message":
            user = self.user
            if content.get("token"):
                user = await database_sync_to_async(ping_user)(content["token"])
            if user is not None:
                await self.post_message(user, content)

    async def post_message(self, user: User, content: dict[str, Any]) -> None:
        """Save and push a message, and acknowledge it."""
        message = await database_sync_to_async(post_message)(user, content["data"])
        event = group_event(message)
        await self.channel_layer.group_send(GROUP, event)
        ref, model = content.get("ref"), event["data"]["model"]
        await self.send_json({"event": "ack", "ref": ref, "data": model})

    async def updated_model(self, event: dict[str, Any]) -> None:
        """Send an event of the group to the client."""
        await self.send_json({"event": "updated_model", "data": event["data"]})


def ping_user(token: str) -> User | None:
    """Mark the user that owns a token as seen; return it, or None."""
    user = user_of(Token.digest_of(token))
    if user is not None:
        seen(user)
    return user


def went_offline(user_id: int) -> None:
    """Mark a user as offline and push it."""
    user = User.objects.get(pk=user_id)
    user.online, user.updated_at = False, later_than(user.updated_at)
    user.save(update_fields=["online", "updated_at"])
    push_model(user)
