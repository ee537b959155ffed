"""The shape of what clients send. What it may say is checked by the actions, for every door."""

from typing import Any

from rest_framework import serializers


class TextField(serializers.CharField):
    """A JSON string: DRF's field also takes numbers, and trims."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, allow_blank=True, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Return the string, or fail for any other type."""
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class UserSerializer(serializers.Serializer):
    """A registration, or with `partial` a change."""

    nickname = TextField()
    password = TextField(style={"input_type": "password"})


class MessageSerializer(serializers.Serializer):
    """A message's text, in Markdown."""

    source = TextField(style={"base_template": "textarea.html"})  # type: ignore[assignment]
