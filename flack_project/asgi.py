"""The ASGI application, for daphne or any other ASGI server."""

import os
from urllib.parse import urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flack_project.settings")
django.setup()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import OriginValidator, WebsocketDenier  # noqa: E402
from django.conf import settings  # noqa: E402

from chat.routing import websocket_urlpatterns  # noqa: E402
from flack_project.daphne import privates  # noqa: E402
from flack_project.daphne.handler import HTTPHandler  # noqa: E402

privates.allow_close_codes()


class AllowedHosts(OriginValidator):
    """Refuse sockets of pages of other sites. Programs send no Origin; a token identifies them."""

    async def __call__(self, scope, receive, send):  # type: ignore[no-untyped-def]
        """Pass a socket on to the application, or refuse it."""
        try:
            urlsplit(dict(scope["headers"]).get(b"origin", b""))
        except ValueError:  # the Origin is not a URL
            return await WebsocketDenier()(scope, receive, send)
        return await super().__call__(scope, receive, send)

    def valid_origin(self, parsed_origin):  # type: ignore[no-untyped-def]
        """Return True if a parsed Origin, or None if the header is absent, may connect."""
        return parsed_origin is None or self.validate_origin(parsed_origin)


application = ProtocolTypeRouter(
    {
        "http": HTTPHandler(),
        "websocket": AllowedHosts(URLRouter(websocket_urlpatterns), settings.ALLOWED_HOSTS),
    }
)
