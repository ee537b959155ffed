"""How drf-spectacular reads Flack's views and fields."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema


class Inspector(AutoSchema):
    """As it comes, except that a list is an object here: `{"users": […]}`."""

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False


class TextSchema(OpenApiSerializerFieldExtension):
    """Describe a TextField by its `schema`."""

    target_class = "api.serializers.TextField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """Return the JSON Schema."""
        return dict(self.target.schema)


class LinkSchema(TextSchema):
    """Describe a LinkField by its `schema`."""

    target_class = "api.serializers.LinkField"
