"""The ASGI application, for daphne or any other ASGI server."""

import os
from urllib.parse import urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flack_project.settings")
django.setup()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import OriginValidator, WebsocketDenier  # noqa: E402
from django.conf import settings  # noqa: E402

from chat.realtime.socket import PARTING  # noqa: E402
from chat.routing import websocket_urlpatterns  # noqa: E402
from flack_project.daphne import privates  # noqa: E402
from flack_project.daphne.handler import HTTPHandler  # noqa: E402

privates.allow_close_codes(PARTING)


class AllowedHosts(OriginValidator):
    """Refuse sockets of pages of other sites. Programs send no Origin; a token identifies them."""

    def __call__(self, scope, receive, send):  # type: ignore[no-untyped-def]
        """Call the application, or refuse the socket.

        Not a coroutine: it would wait as long as the socket is open, and take 0.6 KiB.
        """
        origin = dict(scope["headers"]).get(b"origin")
        try:
            allowed = origin is None or self.validate_origin(urlsplit(origin.decode("latin1")))
        except ValueError:  # the Origin is not a URL
            allowed = False
        application = self.application if allowed else WebsocketDenier()
        return application(scope, receive, send)


application = ProtocolTypeRouter(
    {
        "http": HTTPHandler(),
        "websocket": AllowedHosts(URLRouter(websocket_urlpatterns), settings.ALLOWED_HOSTS),
    }
)
