"""The yardstick of requests: the smallest ASGI application, which plain daphne serves."""

from typing import Any


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer a request with `hello`."""
    assert scope["type"] == "http"
    headers = [(b"Content-Type", b"text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello"})
