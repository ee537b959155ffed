"""How drf-spectacular looks at a view."""

from typing import Any

from drf_spectacular.openapi import AutoSchema


class Inspector(AutoSchema):
    """As it comes, except that a list is an object here: `{"users": […]}`."""

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False
