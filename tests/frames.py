"""Frames of the socket, held to the AsyncAPI document: all that the tests hear, and what they say
that the server acknowledges. As a plugin (`-p tests.frames`) it holds the contract suite too.
"""

import functools
import json
import os
from typing import Any

import django
import pytest
from django.apps import apps
from jsonschema import Draft202012Validator
from websockets.sync.client import ClientConnection

from comparison.contract.wires import JsonWire


@functools.cache
def document() -> dict[str, Any]:
    """Return the AsyncAPI document, also where nobody has set Django up."""
    if not apps.ready:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
        django.setup()
    from api.schema import asyncapi

    return asyncapi.document()


@functools.cache
def validators(action: str) -> dict[str, Draft202012Validator]:
    """Return what checks, by event, the frames that the server will `send` or `receive`."""
    components = document()["components"]
    return {
        event: Draft202012Validator(
            {**components["messages"][event]["payload"], "components": components}
        )
        for event, operation in document()["operations"].items()
        if operation["action"] == action
    }


class Conversation:
    """What is said on one socket."""

    def __init__(self) -> None:
        self.asked: dict[Any, list[Any]] = {}

    def says(self, raw: Any) -> None:
        """Keep a frame of the client, if it is one."""
        try:
            frame = json.loads(raw)
            self.asked.setdefault(frame.get("ref"), []).append(frame)
        except (ValueError, TypeError, AttributeError, RecursionError):  # nonsense, on purpose
            return

    def hears(self, raw: str | bytes) -> None:
        """Check a frame of the server, and the one that it acknowledges."""
        frame = json.loads(raw)
        validators("send")[frame["event"]].validate(frame)
        if frame["event"] == "ack":
            post = validators("receive")["post_message"]
            assert any(map(post.is_valid, self.asked[frame["ref"]])), self.asked[frame["ref"]]


class Connection(ClientConnection):
    """A client's connection whose frames are checked."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.conversation = Conversation()

    def send(self, message: Any, *args: Any, **options: Any) -> None:
        """Send a frame."""
        self.conversation.says(message)
        super().send(message, *args, **options)

    def recv(self, *args: Any, **options: Any) -> Any:
        """Return the next frame."""
        frame = super().recv(*args, **options)
        self.conversation.hears(frame)
        return frame


def pytest_configure(config: pytest.Config) -> None:
    """Check the frames of all clients of the plain WebSocket."""

    def init(self: JsonWire, connection: ClientConnection, patience: float) -> None:
        begin(self, connection, patience)
        if type(self) is JsonWire and type(connection) is ClientConnection:
            connection.__class__ = Connection
            connection.conversation = Conversation()  # type: ignore[attr-defined]

    begin = JsonWire.__init__
    JsonWire.__init__ = init  # type: ignore[method-assign]
    document()  # now, as tests listen in threads, where an import may break on a filter of warnings
