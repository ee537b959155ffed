"""Flack, and at `/close/CODE/` a socket that the application accepts and closes with that code."""

from flack_project.asgi import application as flack


async def application(scope, receive, send):
    """Handle one request or socket."""
    if not scope.get("path", "").startswith("/close/"):
        return await flack(scope, receive, send)
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": int(scope["path"].split("/")[2])})
    while (await receive())["type"] != "websocket.disconnect":
        pass
