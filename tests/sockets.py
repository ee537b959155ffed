"""Sockets in this process: the hub and the publisher at work, and clients of the application."""

import asyncio
from typing import Any

import orjson
import pytest
import pytest_asyncio
from channels.layers import channel_layers
from channels.testing import WebsocketCommunicator

from chat.models import User
from chat.realtime import presence
from chat.realtime.hub import Hub, hub
from chat.realtime.push import publisher
from flack_project.asgi import application
from tests.frames import Conversation


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
        """Return the next frame as it is."""
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
        """Say who this is, and wait until that is known, which the answer to nonsense tells."""
        await self.say(event="ping_user", token=user.token)  # type: ignore[attr-defined]
        assert (await self.ask("nonsense"))["data"]["status"] == 400

    async def leave(self) -> None:
        """Close, and wait until the server is done with it."""
        await self.disconnect(timeout=5)


@pytest_asyncio.fixture
async def live(pushes: None, ended: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The hub and the publisher at work on this test's event loop; gives the hub."""
    for name in ("publish", "end"):
        monkeypatch.delattr(publisher, name)  # the recorders of `pushes` and `ended`
    channel_layers.backends.clear()
    for part in (publisher, hub):
        part.__init__()  # type: ignore[misc]
    hub.start()
    while not hub._subscribed_at:
        await asyncio.sleep(0)
    yield hub
    for task in hub._tasks:
        task.cancel()
    channel_layers.backends.clear()
    publisher.__init__()  # type: ignore[misc]


@pytest_asyncio.fixture
async def connect(transactional_db: None, live: Hub, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that opens a socket; all are closed in the end."""
    monkeypatch.setattr(presence, "GRACE", 0.05)
    clients: list[Client] = []

    async def connect(path: str = "/ws/", **headers: str) -> Client:
        client = Client(application, path, [(k.encode(), v.encode()) for k, v in headers.items()])
        client.accepted, _ = await client.connect(timeout=5)
        if client.accepted:
            clients.append(client)
        return client

    yield connect
    for client in clients:
        if not client.future.done():
            await client.leave()
