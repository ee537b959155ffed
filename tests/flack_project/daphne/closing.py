"""Flack, and three other applications.

At `/close/CODE/` it closes the socket with that code, at `/deaf/` it receives nothing any more, and
at `/broken/` it fails: on a request after the first part of the response.
"""

import asyncio

from flack_project.asgi import application as flack


async def application(scope, receive, send):
    """Handle one request or socket."""
    _, name, *rest = scope.get("path", "/").split("/")
    if name not in ("close", "deaf", "broken"):
        return await flack(scope, receive, send)
    await receive()
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        raise RuntimeError("a defect")
    await send({"type": "websocket.accept"})
    if name == "broken":
        raise RuntimeError("a defect")
    if name == "deaf":
        return await asyncio.get_running_loop().create_future()
    await send({"type": "websocket.close", "code": int(rest[0])})
    while (await receive())["type"] != "websocket.disconnect":
        pass
