"""Channels' pub/sub layer for Redis, with a receive loop that no error can spin or end.

This is the only module that uses private names of channels_redis; tests/chat/realtime/test_layer.py
fails with their list when one disappears.

On Python 3.11 a dead TCP connection (ETIMEDOUT) raises the built-in `TimeoutError`. redis-py takes
it for the end of its own time-out, "no message yet", and returns None without yielding:
https://github.com/redis/redis-py/blob/v8.1.0/redis/asyncio/connection.py (`read_response`)
The receive loop of channels_redis then calls it again at once, so the process uses all of a CPU
and its memory grows with the exception's traceback, until it is killed. Where the error is raised
by a reconnect, the loop ends instead, and is never started again:
https://github.com/django/channels_redis/blob/4.3.0/channels_redis/pubsub.py (`_do_receiving`)
"""

import asyncio
import logging

from channels_redis.pubsub import (
    RedisPubSubChannelLayer,
    RedisPubSubLoopLayer,
    RedisSingleShardConnection,
)

READ = 1.0  # seconds that a read waits for a message; the next one pings a silent subscription
POLL = 0.1  # seconds, the least time of a round without a message
RETRY = 1.0  # seconds after an error

# Private names of channels_redis that are overridden or used here, by class.
PRIVATE = {
    RedisPubSubChannelLayer: ("_get_layer",),
    RedisSingleShardConnection: ("_do_receiving", "_receive_message"),
}

logger = logging.getLogger(__name__)


class Shard(RedisSingleShardConnection):
    """The connections to one Redis."""

    async def _do_receiving(self) -> None:
        while True:
            try:
                await self._receive_once()
            except Exception as error:  # each library has errors of its own
                logger.warning("Cannot read from the channel layer error=%r", error)
                await asyncio.sleep(RETRY)

    async def _receive_once(self) -> None:
        began, message = asyncio.get_running_loop().time(), None
        if self._pubsub is not None and self._pubsub.subscribed:
            message = await self._pubsub.get_message(timeout=READ)
        if message is None:
            # A read that ended early is a dead connection: without this sleep the loop would spin.
            rest = began + POLL - asyncio.get_running_loop().time()
            await asyncio.sleep(max(0.0, rest))
        elif message["type"] == "message":
            self._receive_message(message)


class PubSubChannelLayer(RedisPubSubChannelLayer):
    """The channel layer of the settings."""

    def _get_layer(self) -> RedisPubSubLoopLayer:
        layer = super()._get_layer()
        if not isinstance(layer._shards[0], Shard):  # it is new
            layer._shards = [Shard(shard.host, layer) for shard in layer._shards]
        return layer
