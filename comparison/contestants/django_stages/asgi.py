"""The ASGI application of a stage."""

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

django_application = get_asgi_application()  # before anything imports a model

from comparison.contestants.django_documented import authentication, consumers  # noqa: E402
from comparison.contestants.django_stages import ideas  # noqa: E402
from comparison.contestants.django_stages.settings import IDEAS  # noqa: E402

if "seen" in IDEAS:  # before the views are imported, by the first request
    for module in (authentication, consumers):
        vars(module)["seen"] = ideas.seen
consumer = ideas.HubConsumer if "hub" in IDEAS else consumers.ChatConsumer
application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": URLRouter([path("ws/", consumer.as_asgi())]),
    }
)
