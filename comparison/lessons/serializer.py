"""The list of messages by DRF's own list serializer and renderer. Beside: `api/messages.py`."""

from typing import Any

from django.urls import include, path
from rest_framework import renderers, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api import messages
from api.queries import number
from chat.models import Message


class MessageSerializer(serializers.ModelSerializer[Message]):
    """A message, field by field."""

    _links = serializers.SerializerMethodField()

    class Meta:
        model = Message
        fields = ["id", "created_at", "updated_at", "source", "html", "user_id", "_links"]

    def get__links(self, message: Message) -> dict[str, str]:
        """Return where it and its author are."""
        return {
            "self": f"/api/messages/{message.pk}",
            "user": f"/api/users/{message.user_id}",
        }


class MessageViewSet(messages.MessageViewSet):
    """As Flack's, but for the list."""

    def get_renderers(self) -> list[Any]:
        """Render JSON as DRF does."""
        return [renderers.JSONRenderer()]

    def list(self, request: Request) -> Response:
        """Return the messages since `updated_since=T`."""
        found = Message.objects.all().updated_since(number(request, "updated_since", 0))
        return Response({"messages": MessageSerializer(found, many=True).data})


urlpatterns = [
    path("api/messages", MessageViewSet.as_view({"get": "list", "post": "create"})),
    path("", include("flack_project.urls")),
]
