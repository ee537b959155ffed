"""The WebSocket entry point: parse a frame, identify its user, delegate to the actions."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import orjson
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.core.exceptions import ValidationError

from chat import actions, throttling
from chat.errors import EXPECTED, TOO_LONG, Unauthenticated, describe, error_frame
from chat.models import MAX_KEY, Token, User
from chat.observability import tracing
from chat.realtime import presence
from chat.realtime.hub import hub
from chat.realtime.roster import roster
from chat.realtime.socket import TEXTS, Send, Socket
from chat.threads import P, R, in_thread

RECHECK = 240.0  # seconds after which a ping looks up its token again: it may be too old

Receive = Callable[[], Awaitable[dict[str, Any]]]


class ChatConsumer(AsyncWebsocketConsumer):
    """One client. It receives pushes from the hub and has no channel of its own.

    Three methods replace those of Channels. What each saves is measured by
    `python -m comparison.bench.overrides`; the figures below are of 2026-11-27.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lease = uuid4().hex  # its name, another for each user of this socket
        self.user_id: int | None = None
        self.check_at = 0.0  # when the token is looked up again, monotonic
        self.frames: list[float] = []

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Handle one message after the other, without a task for each and for a channel.

        A frame costs 11 µs of CPU time instead of 29, an idle socket 3.1 KiB instead of 6.0.
        """
        self.scope, self.base_send = scope, send
        tracing.begin(scope)
        address = throttling.client((scope.get("client") or ["local"])[0])
        self.socket = Socket(send, address, texts=TEXTS in scope.get("extensions", {}))
        try:
            with suppress(StopConsumer):
                while True:
                    await self.dispatch(await receive())
        finally:
            hub.leave(self.socket)  # also after an error, or when the server cancels this task

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Call the handler without `close_old_connections` in a thread first.

        The handlers use the database only in `in_thread`, which does that itself. A frame costs
        11 µs of CPU time instead of 132.
        """
        await getattr(self, message["type"].replace(".", "_"))(message)

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        """End without `close_old_connections` in a thread, for the reason of `dispatch`.

        Opening and closing a socket costs 25 µs of CPU time instead of 203, without the server.
        """
        await self.disconnect(message["code"])
        raise StopConsumer

    async def connect(self) -> None:
        """Join the hub, then accept; past the limit of sockets per address, close with 1013."""
        full = any(
            hub.addresses[network] >= throttling.SOCKETS * factor
            for network, factor in throttling.networks(self.socket.address)
        )
        if settings.FLACK_RATE_LIMITS and full:
            await self.accept()
            self.socket.close(1013, text=error_frame(429, "Too many sockets from this address."))
            return
        hub.start()
        hub.join(self.socket)
        await self.socket.hold(self.accept())

    async def disconnect(self, code: int) -> None:
        """Leave the hub, and take the user offline if this was the last socket."""
        hub.leave(self.socket)
        if self.user_id is not None:
            await depart(self.user_id, self.lease)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Handle a frame, or send an error; close the socket if the frame breaks a limit."""
        if self.socket not in hub.sockets:
            return  # closed already: ignore frames that were under way
        if self.is_too_fast():
            self.socket.close(1008, text=error_frame(429, "Too many frames."))
            return
        if len(text_data or bytes_data or "") > throttling.FRAME_SIZE:
            self.socket.close(1009, text=TOO_LONG)
            return
        ref = None
        try:
            frame = parse(text_data)
            ref = ref_of(frame)
            if frame.get("event") == "ping_user":
                await self.ping_user(frame)
            elif frame.get("event") == "post_message":
                message = await self.post_message(frame, ref)
                await self.send_frame({"event": "ack", "ref": ref, "data": message})
            else:
                raise ValidationError("The event must be ping_user or post_message.")
        except EXPECTED as error:
            await self.refuse(ref, *describe(error))

    async def ping_user(self, frame: dict[str, Any]) -> None:
        """Identify the user of this socket by a token, and mark them as online."""
        token = frame.get("token")
        digest = Token.digest_of(token) if isinstance(token, str) else None
        is_known = digest == self.socket.digest and time.monotonic() < self.check_at
        if self.user_id is not None and is_known:  # the hub closes sockets whose token has ended
            roster.renew(self.user_id, self.lease)
            return
        # Set before the query, so that a token that ends meanwhile closes this socket.
        self.socket.digest, before = digest, self.user_id
        user = await self.as_user(self.identify)
        if user.pk != before:
            await roster.arrive(user.pk, self.lease)

    async def post_message(self, frame: dict[str, Any], ref: str | int | None) -> dict[str, Any]:
        """Post a message and return it, as the user of its token or else of the last valid ping."""
        if "token" in frame:
            await self.ping_user(frame)
        data = frame.get("data")
        if not isinstance(data, dict) or not isinstance(data.get("source"), str):
            raise ValidationError({"source": ["This field is required."]})
        key = None if ref is None else str(ref)
        return await self.as_user(self.post, data["source"], key)

    async def as_user(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a function that identifies the user; renew the lease, or let another user depart."""
        before = self.user_id
        try:
            return await in_thread(function, *args, **kwargs)
        finally:
            if before is not None and before == self.user_id:
                roster.renew(before, self.lease)
            elif before is not None:
                self.departing = asyncio.create_task(depart(before, self.lease))
                # The end of the old lease is still to be written; the same user may come back.
                self.lease = uuid4().hex

    def identify(self) -> User:
        """Return the user of this socket's token and mark it as seen; in a thread."""
        before, began, self.check_at = self.user_id, time.monotonic(), 0.0
        user = Token.user_of(self.socket.digest) if self.socket.digest else None
        self.user_id = None if user is None else user.pk
        if user is None:
            self.socket.digest = None
            raise Unauthenticated
        if user.pk == before:  # else its arrival is written with those of other sockets
            presence.seen(user)
        self.check_at = began + RECHECK
        return user

    def post(self, source: str, key: str | None) -> dict[str, Any]:
        """Post as the user of this socket; in a thread."""
        author = self.identify()
        address = self.socket.address
        message = actions.post_message(author=author, source=source, key=key, address=address)
        return message.to_dict()

    def is_too_fast(self) -> bool:
        """Count a frame; return True if there were more than `FRAMES` in the last 10 seconds."""
        now = time.monotonic()
        self.frames.append(now)
        if len(self.frames) <= throttling.FRAMES:
            return False
        return now - self.frames.pop(0) < 10 and settings.FLACK_RATE_LIMITS

    async def refuse(self, ref: Any, status: int, body: dict[str, Any]) -> None:
        """Send the error that answers a frame; the socket stays open."""
        await self.send_frame({"event": "error", "ref": ref, "data": {"status": status, **body}})

    async def send_frame(self, frame: dict[str, Any]) -> None:
        """Send a frame to this client alone."""
        await self.send(text_data=orjson.dumps(frame).decode())


async def depart(user_id: int, lease: str) -> None:
    """Take a user offline `GRACE` seconds after this lease ended, unless there is another."""
    await roster.leave(user_id, lease)
    await asyncio.sleep(presence.GRACE)
    await in_thread(presence.left, user_id)


def parse(text: str | None) -> dict[str, Any]:
    """Return the JSON object of a text frame, or raise ValidationError."""
    try:
        frame = orjson.loads(text or "")
    except orjson.JSONDecodeError as error:
        raise ValidationError("A frame must be a JSON object in text.") from error
    if not isinstance(frame, dict):
        raise ValidationError("A frame must be a JSON object in text.")
    return frame


def ref_of(frame: dict[str, Any]) -> str | int | None:
    """Return the client's `ref` of a frame, or raise ValidationError."""
    ref = frame.get("ref")
    # Other JSON may be nested too deep to send back. In Python a bool is an int.
    if isinstance(ref, bool) or not isinstance(ref, str | int | None):
        raise ValidationError({"ref": ["A ref must be a string or a whole number."]})
    if isinstance(ref, str) and len(ref) > MAX_KEY:
        too_long = ValidationError(f"A ref has at most {MAX_KEY} characters.", "max_length")
        raise ValidationError({"ref": too_long})
    return ref
