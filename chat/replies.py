"""Replies of Redis that make no sense, for instance of another server at its address."""

import json
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import redis

P = ParamSpec("P")
T = TypeVar("T")

# What redis-py, or the code that reads a value, raises for a reply of another type.
NONSENSE = (AttributeError, TypeError, LookupError, UnicodeError, json.JSONDecodeError)


def checked(operation: Callable[P, T]) -> Callable[P, T]:
    """Raise a RedisError when a reply makes no sense, so that it is handled like an outage."""

    @wraps(operation)
    def check(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return operation(*args, **kwargs)
        except NONSENSE as error:
            raise redis.InvalidResponse(
                f"Redis sent a reply without sense: {error!r:.200}"
            ) from error

    return check
