"""Fields of the serializers. A field's `schema` only documents the values that actions accept."""

import re
from typing import Any

from drf_spectacular.drainage import set_override
from rest_framework import serializers


class TextField(serializers.CharField):
    """A JSON string, taken as it is. DRF's field also accepts numbers, and trims."""

    def __init__(self, *, schema: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)
        set_override(self, "field", {"type": "string", **(schema or {})})

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Leave the empty string to the actions, which refuse it for all entry points."""
        return serializers.Field.run_validation(self, data)

    def to_internal_value(self, data: Any) -> str:
        """Return the string, or fail for any other type."""
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class LinkField(serializers.Field):
    """A relative URL, such as `/api/users/{0.pk}` for an object with this id."""

    def __init__(self, template: str) -> None:
        super().__init__(source="*", read_only=True)
        self.template = template
        pattern = re.sub(r"\\\{.*?\\\}", "[0-9]+", re.escape(template))
        schema = {"type": "string", "format": "uri-reference", "pattern": f"^{pattern}$"}
        set_override(self, "field", schema)

    def to_representation(self, value: Any) -> str:
        """Return the URL for an object."""
        return self.template.format(value)


class IdField(serializers.IntegerField):
    """The id of a row."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, min_value=1, **kwargs)


class TimeField(serializers.IntegerField):
    """A time in whole Unix seconds."""

    def __init__(self, help_text: str = "Unix seconds", **kwargs: Any) -> None:
        super().__init__(read_only=True, min_value=0, help_text=help_text, **kwargs)
