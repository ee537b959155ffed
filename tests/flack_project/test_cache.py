"""Tests of flack_project/cache.py."""

import pickle

import pytest
import redis
from django.core.cache import cache

from flack_project.cache import JSONSerializer
from tests.kit import redis_cache


class Harmful:
    """Raises when it is unpickled, as code of an attacker would run."""

    def __reduce__(self):
        return (exec, ("raise SystemExit",))


@pytest.mark.attack("Valkey: values written by others")
def test_what_stands_in_redis_is_never_unpickled(valkey, settings):
    settings.CACHES = redis_cache(valkey)
    redis.Redis.from_url(valkey).set(cache.make_key("harmful"), pickle.dumps(Harmful()))
    with pytest.raises(ValueError):
        cache.get("harmful")


def test_values_come_back_and_integers_can_be_incremented(valkey, settings):
    settings.CACHES = redis_cache(valkey)
    for value in (True, 7, 1.5, "a", [1.5, 2], None):
        cache.set("key", value)
        assert cache.get("key") == value
    cache.set("count", 1)
    assert cache.incr("count", 2) == 3


def test_a_value_that_is_no_json_is_refused():
    with pytest.raises(TypeError):
        JSONSerializer().dumps(object())
