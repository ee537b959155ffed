"""An event loop in a thread, for coroutines that run while a test does something else."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Self

import httpx


class Background:
    """Runs coroutines that share an HTTP client, and cancels them at the end."""

    def __init__(self, url: str) -> None:
        """Prepare for the server at `url`."""
        self._clients: list[Future[Any]] = []
        self.http = httpx.AsyncClient(base_url=url, trust_env=False, verify=False, timeout=30)

    def __enter__(self) -> Self:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.begin(self._cancel()).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def begin(self, coroutine: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Start a coroutine, and return the future of its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def begin_client(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Start a coroutine that must run until the end; `check` raises the error that ended it."""
        self._clients.append(self.begin(coroutine))

    def check(self) -> None:
        """Raise the error of a client that has ended: without it the counts would be too good."""
        for client in self._clients:
            if client.done():
                client.result()

    async def _cancel(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.http.aclose()
