"""The list of messages by DRF's own list serializer and renderer. Compare `api/messages.py`."""

from typing import Any

from django.urls import include, path
from rest_framework import renderers, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api import messages
from api.queries import number
from chat.models import Message


class MessageSerializer(serializers.ModelSerializer[Message]):
    """A message, serialized by DRF."""

    _links = serializers.SerializerMethodField()

    class Meta:
        model = Message
        fields = [
            "id",
            "created_at",
            "updated_at",
            "edited_at",
            "source",
            "html",
            "user_id",
            "_links",
        ]

    def get__links(self, message: Message) -> dict[str, str]:
        """Return the links to the message and its author."""
        return {
            "self": f"/api/messages/{message.pk}",
            "user": f"/api/users/{message.user_id}",
        }


class MessageViewSet(messages.MessageViewSet):
    """Flack's viewset with another list."""

    def get_renderers(self) -> list[Any]:
        """Use DRF's renderer."""
        return [renderers.JSONRenderer()]

    def list(self, request: Request) -> Response:
        """Return the messages since `updated_since=T`."""
        found = Message.objects.all().updated_since(number(request, "updated_since", 0))
        return Response({"messages": MessageSerializer(found, many=True).data})


urlpatterns = [
    path("api/messages", MessageViewSet.as_view({"get": "list", "post": "create"})),
    path("", include("flack_project.urls")),
]
