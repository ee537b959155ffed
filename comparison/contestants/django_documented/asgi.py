"""The ASGI application: `daphne comparison.contestants.django_documented.asgi:application`."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "comparison.contestants.django_documented.settings")
django_application = get_asgi_application()  # before anything imports a model

from comparison.contestants.django_documented.consumers import ChatConsumer  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": django_application,
        # Without AllowedHostsOriginValidator, because clients that are no browsers have no origin.
        "websocket": URLRouter([path("ws/", ChatConsumer.as_asgi())]),
    }
)
