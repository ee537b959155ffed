"""How Django's cache stores values in Redis."""

import json
from typing import Any

from django.core.cache.backends.redis import RedisCache

from chat.replies import checked


class Cache(RedisCache):
    """Redis as Django's cache; a reply or value that makes no sense is a RedisError."""

    add = checked(RedisCache.add)
    get = checked(RedisCache.get)
    get_many = checked(RedisCache.get_many)
    set = checked(RedisCache.set)

    @checked
    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Increment a value; raise ValueError if there is none."""
        value = super().incr(key, delta, version)
        if not isinstance(value, int):
            raise TypeError(value)
        return value


class JSONSerializer:
    """Stores values as JSON.

    Django's default is pickle, which would let a client with write access to Redis run code in
    every node. Integers are stored as JSON writes them, so Redis can increment them.
    """

    def dumps(self, value: Any) -> str:
        """Return a value as JSON; a tuple comes back as a list."""
        return json.dumps(value)

    def loads(self, data: bytes) -> Any:
        """Return the value of what Redis stores."""
        return json.loads(data)
