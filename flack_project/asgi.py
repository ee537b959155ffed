"""The ASGI application: what daphne, or any ASGI server, runs."""

import os
from urllib.parse import urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flack_project.settings")
django.setup()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import OriginValidator, WebsocketDenier  # noqa: E402
from django.conf import settings  # noqa: E402

from chat.routing import websocket_urlpatterns  # noqa: E402
from flack_project.daphne.handler import HTTPHandler  # noqa: E402


class AllowedHosts(OriginValidator):
    """Refuses pages of other sites. A program sends no Origin, and says who it is by token."""

    async def __call__(self, scope, receive, send):  # type: ignore[no-untyped-def]
        """Pass on a socket, or refuse it."""
        try:
            urlsplit(dict(scope["headers"]).get(b"origin", b""))
        except ValueError:  # of an Origin that is no URL
            return await WebsocketDenier()(scope, receive, send)
        return await super().__call__(scope, receive, send)

    def valid_origin(self, parsed_origin):  # type: ignore[no-untyped-def]
        """Say whether a parsed Origin, None if there is none, may connect."""
        return parsed_origin is None or self.validate_origin(parsed_origin)


application = ProtocolTypeRouter(
    {
        "http": HTTPHandler(),
        "websocket": AllowedHosts(URLRouter(websocket_urlpatterns), settings.ALLOWED_HOSTS),
    }
)
