"""Flack, and two sockets of other applications.

At `/close/CODE/` it closes the socket with that code, at `/deaf/` it receives nothing any more.
"""

import asyncio

from flack_project.asgi import application as flack


async def application(scope, receive, send):
    """Handle one request or socket."""
    _, name, *rest = scope.get("path", "/").split("/")
    if name not in ("close", "deaf"):
        return await flack(scope, receive, send)
    await receive()
    await send({"type": "websocket.accept"})
    if name == "deaf":
        return await asyncio.get_running_loop().create_future()
    await send({"type": "websocket.close", "code": int(rest[0])})
    while (await receive())["type"] != "websocket.disconnect":
        pass
