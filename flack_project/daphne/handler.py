"""HTTP under an ASGI server, by Django's synchronous handler in a pool of long-lived threads.

`get_asgi_application()` adapts each synchronous middleware and view separately and creates a thread
for each request. Here a request runs whole in one thread of `chat/threads.py`, which keeps its
database connection.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from io import BytesIO
from typing import Any

import redis
from django.conf import settings
from django.core import signals
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import ResolverMatch, resolve

from chat import clock
from chat.errors import error_body
from chat.observability import metrics, stats, tracing
from chat.realtime.hub import hub
from chat.threads import in_thread, pool

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

logger = logging.getLogger(__name__)
# Django compares each path with all patterns again: 23 µs of CPU time, instead of less than 1
# (27 November 2026, `python -m comparison.bench.overrides`). Nothing changes a match, so requests
# can share it.
match_of = lru_cache(1024)(resolve)


class HTTPHandler(BaseHandler):
    """The ASGI application for HTTP."""

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        hub.start()
        if stats.add_request():
            asyncio.get_running_loop().call_later(1, pool.call, flush_stats)
        body = await read_body(receive)
        if body is None:
            return  # the client disconnected
        response = await pool.call(self.respond, scope, body)
        await send(start(response))
        if response.streaming:
            chunks = iter(response)
            while (chunk := await in_thread(next, chunks, None)) is not None:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await in_thread(response.close)
            await send({"type": "http.response.body"})
        else:
            await send({"type": "http.response.body", "body": response.getvalue()})

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """Set and return the view of a request with its arguments, or raise Resolver404."""
        request.resolver_match = match_of(request.path_info)
        return request.resolver_match

    def respond(self, scope: dict[str, Any], body: bytes | RequestDataTooBig) -> HttpResponseBase:
        """Run the request and return its response, closed unless it streams; in a thread."""
        began, request_id, match = time.perf_counter(), tracing.begin(scope), None
        signals.request_started.send(sender=self.__class__, scope=scope)
        clock.set_right()
        response: HttpResponseBase
        if isinstance(body, RequestDataTooBig):
            response = JsonResponse(error_body(413, str(body)), status=413)
        else:
            try:
                request = ASGIRequest(scope, BytesIO(body))
            except UnicodeDecodeError:
                response = JsonResponse(error_body(400, "The path is not UTF-8."), status=400)
            except (ValueError, TypeError):  # such as the parameter `charset*=bogus''x`
                sentence = "The Content-Type cannot be read."
                response = JsonResponse(error_body(400, sentence), status=400)
            else:
                request.META["CONTENT_LENGTH"] = str(len(body))  # absent for a chunked body
                response = self.get_response(request)
                match = request.resolver_match
        response.headers[tracing.HEADER] = request_id
        route = (match.view_name or match.route) if match else None
        seconds = time.perf_counter() - began
        metrics.count_request(scope["method"], route, response.status_code, seconds)
        if not response.streaming:
            response.close()  # sends request_finished, for the connection of this thread
        return response


async def read_body(receive: Receive) -> bytes | RequestDataTooBig | None:
    """Return the body, the error to respond with if it is too big, or None after a disconnect."""
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        size += len(message.get("body", b""))
        if size <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            break
    if size > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        return RequestDataTooBig(f"The body is longer than {limit} bytes.")
    return b"".join(chunks)


def start(response: HttpResponseBase) -> dict[str, Any]:
    """Return the ASGI message with status and headers."""
    headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
    cookies = response.cookies.values()
    headers += [(b"Set-Cookie", c.output(header="").strip().encode("ascii")) for c in cookies]
    return {"type": "http.response.start", "status": response.status_code, "headers": headers}


def flush_stats() -> None:
    """Add this node's request counts to the shared ones; if the cache is unavailable, drop them."""
    tracing.put_down()  # this thread still has the id of its last request
    try:
        stats.flush()
    except redis.RedisError as error:
        logger.warning("Requests not counted error=%s", error)
