"""Tests of chat/management/load.py that need no server."""

import asyncio
import json

from chat.management.load import LoadGenerator


class Socket:
    """A connection whose next frame arrives when the test wants it."""

    def __init__(self):
        self.frame = asyncio.get_running_loop().create_future()
        self.waiting = asyncio.Event()

    async def send(self, text):
        """Send a frame into the void."""

    async def recv(self):
        """Return the frame."""
        frame, self.frame = self.frame, asyncio.get_running_loop().create_future()
        self.waiting.set()
        return await frame


async def test_a_user_leaves_at_ctrl_c_although_a_frame_arrives_at_the_same_moment():
    socket = Socket()
    load = LoadGenerator("http://127.0.0.1:1", ["token"], pause=3600)
    user = asyncio.create_task(load.post(socket, "token"))
    frame = socket.frame
    await socket.waiting.wait()
    frame.set_result(json.dumps({"event": "updated_model", "data": {}}))
    await asyncio.sleep(0)  # the frame is there, and the user not awake yet
    user.cancel()
    ended, _ = await asyncio.wait({user}, timeout=5)
    assert user in ended and user.cancelled()
