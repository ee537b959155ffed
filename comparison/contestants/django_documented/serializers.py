"""The representations, by DRF's model serializers."""

from typing import Any

from rest_framework import serializers

from chat.content.markup import render
from chat.models import Message, User, later_than


class UserSerializer(serializers.ModelSerializer[User]):
    """A user; the password is only written."""

    _links = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = [
            "id", "created_at", "updated_at", "nickname", "last_seen_at", "online", "_links",
            "password",
        ]  # fmt: skip
        extra_kwargs = {"password": {"write_only": True}}

    def get__links(self, user: User) -> dict[str, str]:
        """Return the links to the user, its messages and the tokens."""
        return {
            "self": f"/api/users/{user.pk}",
            "messages": f"/api/messages?user_id={user.pk}",
            "tokens": "/api/tokens",
        }

    def create(self, data: dict[str, Any]) -> User:
        """Create a user."""
        user: User = User.objects.create_user(**data)
        return user

    def update(self, user: User, data: dict[str, Any]) -> User:
        """Change a user; a new password ends all of its tokens."""
        if password := data.pop("password", None):
            user.set_password(password)
            user.tokens.all().delete()
        return super().update(user, data | {"updated_at": later_than(user.updated_at)})


class MessageSerializer(serializers.ModelSerializer[Message]):
    """A message; html is rendered from the source."""

    source = serializers.CharField(trim_whitespace=False, max_length=10_000)
    _links = serializers.SerializerMethodField()

    class Meta:
        model = Message
        fields = ["id", "created_at", "updated_at", "source", "html", "user_id", "_links"]
        read_only_fields = ["created_at", "updated_at", "html", "user_id"]

    def get__links(self, message: Message) -> dict[str, str]:
        """Return the links to the message and its author."""
        return {"self": f"/api/messages/{message.pk}", "user": f"/api/users/{message.user_id}"}

    def create(self, data: dict[str, Any]) -> Message:
        """Create a message."""
        return super().create(data | {"html": render(data["source"])})

    def update(self, message: Message, data: dict[str, Any]) -> Message:
        """Change the source of a message."""
        if "source" in data:
            data = data | {"html": render(data["source"])}
        return super().update(message, data | {"updated_at": later_than(message.updated_at)})
