"""Sockets in this process: a hub and a publisher at work, and clients of the application."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest
import pytest_asyncio
from channels.layers import channel_layers
from channels.testing import WebsocketCommunicator

import chat.consumers
import chat.realtime.hub
import chat.realtime.publisher
import chat.views
import flack_project.daphne.handler
from chat.models import User
from chat.realtime import presence, push, roster
from chat.realtime.hub import Hub
from chat.realtime.publisher import Publisher
from chat.realtime.socket import Socket
from flack_project.asgi import application
from tests.frames import Conversation


class Server:
    """The ASGI server's end of a socket of the hub: keeps the messages that it is sent.

    It waits while `reads` is not set, and raises `error`, if given, once it is.
    """

    def __init__(self, hub: Hub, *, texts: bool = False, error: Exception | None = None) -> None:
        self.messages: list[dict[str, Any]] = []
        self.error, self.reads = error, asyncio.Event()
        self.reads.set()
        self.wait: Callable[[], Awaitable[Any]] = self.reads.wait
        self.socket = Socket(self.send, "address", texts=texts)
        hub.join(self.socket)

    async def send(self, message: dict[str, Any]) -> None:
        """Keep an ASGI message; refuse to send no text, as Flack's server does."""
        assert message["type"] != "websocket.send" or message.get("texts") or message["text"]
        self.messages.append(message)
        await self.wait()
        if self.error is not None:
            raise self.error

    @property
    def heard(self) -> list[str]:
        """The texts sent so far."""
        return [text for m in self.messages for text in m.get("texts") or [m["text"]]]


async def settle() -> None:
    """Let other tasks run until they wait for something else than their turn."""
    for _ in range(20):
        await asyncio.sleep(0)


class Client(WebsocketCommunicator):
    """A client's socket, in this process, whose frames are checked."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.conversation = Conversation()

    async def send_input(self, message: dict[str, Any]) -> None:
        """Send an ASGI message."""
        self.conversation.says(message.get("text"))
        await super().send_input(message)

    async def receive_from(self, *args: Any, **options: Any) -> Any:
        """Return the next frame as received."""
        frame = await super().receive_from(*args, **options)
        self.conversation.hears(frame)
        return frame

    async def say(self, **frame: Any) -> None:
        """Send a frame."""
        await self.send_input({"type": "websocket.receive", "text": orjson.dumps(frame).decode()})

    async def hear(self, event: str | None = None) -> dict[str, Any]:
        """Return the next frame, or the next one of an event."""
        while True:
            frame: dict[str, Any] = await self.receive_json_from(timeout=5)
            if event in (None, frame["event"]):
                return frame

    async def ask(self, event: str, **frame: Any) -> dict[str, Any]:
        """Send a frame and return the ack or error that answers it."""
        await self.say(event=event, **frame)
        while (answer := await self.hear())["event"] not in ("ack", "error"):
            pass
        return answer

    async def sign_in(self, user: User) -> None:
        """Identify by token, and wait until that is done: frames are answered in order."""
        await self.say(event="ping_user", token=user.token)  # type: ignore[attr-defined]
        assert (await self.ask("nonsense"))["data"]["status"] == 400

    async def leave(self) -> None:
        """Close, and wait until the consumer has ended."""
        await self.disconnect(timeout=5)


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Publisher:
    """A new publisher in place of this process's own."""
    publisher = Publisher()
    monkeypatch.setattr(push, "publisher", publisher)
    return publisher


@pytest_asyncio.fixture
async def live(
    pushes: None, ended: None, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """A new hub and a new publisher, at work on this test's event loop; gives the hub."""
    channel_layers.backends.clear()
    monkeypatch.setattr(chat.realtime.publisher, "JOIN", 0)  # each push is sent at once
    hub = Hub(publisher)
    for module in (chat.realtime.hub, chat.consumers, chat.views, flack_project.daphne.handler):
        monkeypatch.setattr(module, "hub", hub)
    hub.start()
    await hub.subscribed.wait()
    yield hub
    await asyncio.wrap_future(publisher.leave())
    await hub.stop()
    channel_layers.backends.clear()


@pytest_asyncio.fixture
async def connect(transactional_db: None, live: Hub, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that opens a socket; all are closed after the test."""
    monkeypatch.setattr(presence, "GRACE", 0.05)
    monkeypatch.setattr(roster, "EVERY", 0.01)
    clients: list[Client] = []

    async def connect(path: str = "/ws/", address: str = "", **headers: str) -> Client:
        client = Client(application, path, [(k.encode(), v.encode()) for k, v in headers.items()])
        if address:
            client.scope["client"] = [address, 1]
        client.accepted, _ = await client.connect(timeout=5)
        if client.accepted:
            clients.append(client)
        return client

    yield connect
    for client in clients:
        if not client.future.done():
            await client.leave()
