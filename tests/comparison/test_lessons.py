"""The lessons do the same work as Flack in another way."""

import pytest
from channels.layers import get_channel_layer
from channels.testing import HttpCommunicator, WebsocketCommunicator
from django.core.handlers.asgi import ASGIHandler

from chat import actions
from chat.realtime.publisher import GROUP
from comparison.lessons import broadcast, handler, serializer


@pytest.mark.django_db
def test_the_list_serializer_returns_the_same_list_as_flack(client, alice, settings):
    actions.post_message(author=alice, source="hello *world*!")
    ours = client.get("/api/messages").json()
    settings.ROOT_URLCONF = serializer.__name__
    assert client.get("/api/messages").json() == ours
    assert ours["messages"][0]["html"] == "hello <em>world</em>!"


async def test_the_tutorials_consumer_receives_the_events_of_its_group():
    socket = WebsocketCommunicator(broadcast.application, "/ws/")
    assert (await socket.connect())[0]
    await get_channel_layer().group_send(GROUP, {"type": "push", "texts": ["one", "two"]})
    assert [await socket.receive_from(), await socket.receive_from()] == ["one", "two"]
    await socket.disconnect()


async def test_djangos_own_handler_answers():
    assert isinstance(handler.application.application_mapping["http"], ASGIHandler)
    headers = [(b"host", b"localhost")]
    asking = HttpCommunicator(handler.application, "GET", "/healthz", headers=headers)
    assert (await asking.get_response())["status"] == 200
    await asking.wait()
