"""The URLs of the WebSocket. Handshakes at any other path are refused with 403."""

from channels.security.websocket import WebsocketDenier
from django.urls import path, re_path

from chat.consumers import ChatConsumer

websocket_urlpatterns = [
    path("ws/", ChatConsumer.as_asgi()),
    re_path("", WebsocketDenier.as_asgi()),
]
