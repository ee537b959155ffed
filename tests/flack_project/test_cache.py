"""Tests of flack_project/cache.py."""

import pickle
import socketserver
import threading

import pytest
import redis
from django.core.cache import cache

from chat.realtime.leases import RedisLeases
from chat.throttling import Limit, LimitReached
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
    with pytest.raises(redis.InvalidResponse):
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


REPLIES = {
    "LOADING": b"-LOADING Valkey is loading the dataset in memory\r\n",
    "OOM": b"-OOM command not allowed when used memory > 'maxmemory'.\r\n",
    "READONLY": b"-READONLY You can't write against a read only replica.\r\n",
    "NOAUTH": b"-NOAUTH Authentication required.\r\n",
    "OK": b"+OK\r\n",
    "nil": b"$-1\r\n",
    "array": b"*2\r\n$1\r\na\r\n$1\r\nb\r\n",
    "number": b":7\r\n",
    "map": b"%1\r\n+proto\r\n:3\r\n",
    "not UTF-8": b"$4\r\n\xff\xfe\xfd\xfc\r\n",
    "another server": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "nothing": b"",
}


@pytest.fixture(params=REPLIES)
def odd_redis(request, settings):
    """The URL of a server that sends the same reply to every command; of the cache too."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            while line := self.rfile.readline():
                for _ in range(int(line[1:])):
                    self.rfile.read(int(self.rfile.readline()[1:]) + 2)
                if not REPLIES[request.param]:
                    return
                self.wfile.write(REPLIES[request.param])

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"redis://127.0.0.1:{server.server_address[1]}"
        settings.CACHES = redis_cache(url)
        yield url
        server.shutdown()


@pytest.mark.attack("Valkey: replies without sense")
@pytest.mark.parametrize(
    "use",
    [
        lambda url: cache.get("key"),
        lambda url: cache.get_many(["one", "two"]),
        lambda url: cache.set("key", 1),
        lambda url: cache.add("key", 1) and cache.incr("key"),
        lambda url: RedisLeases(url).hold({(1, "a"): 1}),
        lambda url: RedisLeases(url).held(1),
    ],
    ids=["get", "get_many", "set", "incr", "hold", "held"],
)
def test_a_reply_without_sense_is_handled_like_an_outage(odd_redis, use):
    try:
        use(odd_redis)
    except (redis.RedisError, ValueError) as error:  # ValueError: evicted after the add
        assert not isinstance(error, UnicodeError), error


@pytest.mark.attack("Valkey: replies without sense")
def test_limits_hold_whatever_redis_replies(odd_redis, settings):
    settings.FLACK_RATE_LIMITS = True
    limit = Limit(odd_redis, 10, 3600)
    with pytest.raises(LimitReached):
        for _ in range(25):
            limit.spend("one")
