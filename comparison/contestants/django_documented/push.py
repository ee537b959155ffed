"""Push to every connected client, by the group that all consumers join."""

from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from chat.models import Message, User
from comparison.contestants.django_documented.serializers import MessageSerializer, UserSerializer

GROUP = "chat"


def push_model(instance: User | Message) -> None:
    """Push a model to all connected clients."""
    async_to_sync(get_channel_layer().group_send)(GROUP, group_event(instance))


def group_event(instance: User | Message) -> dict[str, Any]:
    """Return the event of the group for a model."""
    serializer = UserSerializer if isinstance(instance, User) else MessageSerializer
    data = {"class": type(instance).__name__, "model": dict(serializer(instance).data)}
    return {"type": "updated.model", "data": data}
