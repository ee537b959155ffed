"""The API's shapes, declared once: what clients send and what they receive.

The OpenAPI and AsyncAPI documents are derived from these serializers. The rules for values are
checked by the actions, for all entry points.

Responses are made by `to_dict()` and `to_dicts()`, which tests/api/test_serializers.py holds to the
serializers. For 100 messages `to_dicts()` takes 660 µs of CPU time, a serializer 3,326
(27 November 2026, `python -m comparison.bench.overrides`).
"""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from api.fields import IdField, LinkField, TextField, TimeField
from chat.accounts.nicknames import MAX_NICKNAME
from chat.content.characters import INVISIBLE
from chat.errors import CODES
from chat.models import MAX_SOURCE

CONTROL = r"\x00-\x1f\x7f-\x9f"
SOURCE: dict[str, Any] = {
    "minLength": 1,
    "maxLength": MAX_SOURCE,
    "pattern": rf"^[^\x00]*[^\s{INVISIBLE}][^\x00]*$",
}
TOKEN: dict[str, Any] = {"pattern": "^[0-9a-f]{64}$"}


class UserLinksSerializer(serializers.Serializer):
    """The URLs that belong to a user."""

    self = LinkField("/api/users/{0.pk}")
    messages = LinkField("/api/messages?user_id={0.pk}")
    tokens = LinkField("/api/tokens")


class UserSerializer(serializers.Serializer):
    """A user of the chat."""

    id = IdField()
    created_at = TimeField()
    updated_at = TimeField()
    nickname = TextField(
        schema={
            "minLength": 1,
            "maxLength": MAX_NICKNAME,
            "pattern": rf"^[^\s:{CONTROL}]([^:{CONTROL}]*[^\s:{CONTROL}])?$",
        }
    )
    password = TextField(
        write_only=True,
        style={"input_type": "password"},
        help_text="Not too common, not all digits, not similar to the nickname.",
        schema={"format": "password", "minLength": 8},
    )
    last_seen_at = TimeField()
    online = serializers.BooleanField(read_only=True)
    _links = UserLinksSerializer(source="*", read_only=True)


class MeSerializer(UserSerializer):
    """The user that owns the token, with what only this user may see."""

    is_banned = serializers.BooleanField(read_only=True, help_text="May read, but not write")
    is_staff = serializers.BooleanField(read_only=True, help_text="May delete any message")


class MessageLinksSerializer(serializers.Serializer):
    """The URLs that belong to a message."""

    self = LinkField("/api/messages/{0.pk}")
    user = LinkField("/api/users/{0.user_id}")


class MessageSerializer(serializers.Serializer):
    """A message of a user."""

    id = IdField()
    created_at = TimeField()
    updated_at = TimeField()
    edited_at = TimeField("When the author last changed the source", allow_null=True)
    source = TextField(  # type: ignore[assignment]
        style={"base_template": "textarea.html"},
        help_text="Markdown",
        schema=SOURCE,
    )
    html = serializers.CharField(
        read_only=True, help_text="Safe HTML, with previews once links are expanded"
    )
    user_id = IdField()
    _links = MessageLinksSerializer(source="*", read_only=True)


class DeletionSerializer(serializers.Serializer):
    """A range of ids in which every row of a class is gone; with users also their messages."""

    first = IdField()
    last = IdField()

    def get_fields(self) -> dict[str, Any]:
        """Add `class`, which is no name for an attribute."""
        model = serializers.ChoiceField(["User", "Message"], source="model")
        return {"class": model, **super().get_fields()}


class TokenSerializer(serializers.Serializer):
    """The token of a sign-in, for `Authorization: Bearer`."""

    token = TextField(schema=TOKEN)


class ErrorSerializer(serializers.Serializer):
    """What went wrong."""

    error = TextField(help_text="One sentence for people", schema={"minLength": 1})
    code = serializers.ChoiceField(list(CODES.items()))
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="The errors of each field, for invalid input",
    )
    retry_after = serializers.IntegerField(
        required=False,
        min_value=1,
        help_text="Seconds to wait, for limits on sign-in, registration, changes and posts",
    )


@extend_schema_serializer(many=False)
class UsersSerializer(serializers.Serializer):
    """A list of users."""

    users = UserSerializer(many=True)


@extend_schema_serializer(many=False)
class MessagesSerializer(serializers.Serializer):
    """A list of messages."""

    messages = MessageSerializer(many=True)


@extend_schema_serializer(many=False)
class DeletionsSerializer(serializers.Serializer):
    """A list of deletions."""

    deletions = DeletionSerializer(many=True)


class RootSerializer(serializers.Serializer):
    """The URLs of the resources."""

    users = LinkField("/api/users")
    me = LinkField("/api/users/me")
    tokens = LinkField("/api/tokens")
    messages = LinkField("/api/messages")
    deletions = LinkField("/api/deletions")
    schema = LinkField("/api/schema/")
    openapi = LinkField("/api/schema/openapi.json")
    socket = LinkField("/api/schema/socket")
    asyncapi = LinkField("/api/schema/asyncapi.json")
    chat = LinkField("/")
