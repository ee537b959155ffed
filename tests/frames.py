"""Check the frames of every test's WebSocket against the AsyncAPI document.

Every frame from the server is validated, and each frame to it that it acknowledges. As a plugin
(`-p tests.frames`) this validates the frames of the contract suite too.
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
    """Return the AsyncAPI document; set Django up first if necessary."""
    if not apps.ready:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
        django.setup()
    from api.schema import asyncapi

    return asyncapi.document()


@functools.cache
def validators(action: str) -> dict[str, Draft202012Validator]:
    """Return the validators by event; `action` is "send" or "receive", as the server does it."""
    components = document()["components"]
    return {
        event: Draft202012Validator(
            {**components["messages"][event]["payload"], "components": components}
        )
        for event, operation in document()["operations"].items()
        if operation["action"] == action
    }


class Conversation:
    """The frames of one socket."""

    def __init__(self) -> None:
        self.asked: dict[Any, list[Any]] = {}

    def says(self, raw: Any) -> None:
        """Keep a frame that the client sent, if it is valid JSON."""
        try:
            frame = json.loads(raw)
            self.asked.setdefault(frame.get("ref"), []).append(frame)
        except (ValueError, TypeError, AttributeError, RecursionError):  # invalid on purpose
            return

    def hears(self, raw: str | bytes) -> None:
        """Validate a frame from the server, and the frame that it acknowledges."""
        frame = json.loads(raw)
        validators("send")[frame["event"]].validate(frame)
        if frame["event"] == "ack":
            post = validators("receive")["post_message"]
            assert any(map(post.is_valid, self.asked[frame["ref"]])), self.asked[frame["ref"]]


class Connection(ClientConnection):
    """A client's connection whose frames are validated."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.conversation = Conversation()

    def send(self, message: Any, *args: Any, **options: Any) -> None:
        """Keep a frame, and send it."""
        self.conversation.says(message)
        super().send(message, *args, **options)

    def recv(self, *args: Any, **options: Any) -> Any:
        """Return the next frame, validated."""
        frame = super().recv(*args, **options)
        self.conversation.hears(frame)
        return frame


def pytest_configure(config: pytest.Config) -> None:
    """Validate the frames of every client of the plain WebSocket."""

    def init(self: JsonWire, connection: ClientConnection, patience: float) -> None:
        begin(self, connection, patience)
        if type(self) is JsonWire and type(connection) is ClientConnection:
            connection.__class__ = Connection
            connection.conversation = Conversation()  # type: ignore[attr-defined]

    begin = JsonWire.__init__
    JsonWire.__init__ = init  # type: ignore[method-assign]
    document()  # import now: later it might happen in a thread, where warnings are errors
