"""Tests of flack_project/redis_urls.py: all libraries read REDIS_URL alike, or it is refused."""

import ssl
from urllib.parse import unquote

import pytest
import redis
from channels_redis.utils import create_pool
from kombu.connection import Connection

from chat.realtime.layer import PubSubChannelLayer
from chat.realtime.leases import RedisLeases, key_of
from flack_project.cache import Cache

# What the URL means: host, port, user, password, number of the database; then options of TLS.
SERVERS = {
    "redis://h": ("h", 6379, None, None, 0),
    "redis://h/": ("h", 6379, None, None, 0),
    "redis://h:7/3": ("h", 7, None, None, 3),
    "redis://h/?db=2": ("h", 6379, None, None, 2),
    "redis://h/1?db=2": ("h", 6379, None, None, 2),
    "redis://:7": ("localhost", 7, None, None, 0),
    "redis://[::1]:7/1": ("::1", 7, None, None, 1),
    "redis://me@h": ("h", 6379, "me", None, 0),
    "redis://:a%3Bb%2Cc%2Bd%40e%2Ff%3Fg%25@h/3": ("h", 6379, None, "a;b,c+d@e/f?g%", 3),
    "redis://m%3Ae:a,b+c@h/3": ("h", 6379, "m:e", "a,b+c", 3),
    "redis://:a;b@h/3": ("h", 6379, None, "a;b", 3),
}
TLS = {
    "": (ssl.CERT_REQUIRED, True, None, None, None),
    "?ssl_ca_certs=/a%20b": (ssl.CERT_REQUIRED, True, "/a b", None, None),
    "?ssl_certfile=/c&ssl_keyfile=/k": (ssl.CERT_REQUIRED, True, None, "/c", "/k"),
    "?ssl_check_hostname=false": (ssl.CERT_REQUIRED, False, None, None, None),
    "?ssl_cert_reqs=optional&ssl_min_version=771": (ssl.CERT_OPTIONAL, True, None, None, None),
    "?ssl_cert_reqs=none&ssl_check_hostname=false&db=0": (ssl.CERT_NONE, False, None, None, None),
}


def server_of(connection):
    """Return where a connection of redis-py leads to."""
    return (
        connection.host, connection.port, connection.username, connection.password, connection.db,
    )  # fmt: skip


def tls_of(connection):
    """Return how a connection of redis-py uses TLS."""
    return (
        connection.cert_reqs, connection.check_hostname, connection.ca_certs, connection.certfile,
        connection.keyfile,
    )  # fmt: skip


def connections_of(settings):
    """Return a connection of redis-py for each use, as the library of that use makes it."""
    cache = Cache(settings["CACHES"]["default"]["LOCATION"], {})
    channels = settings["CHANNEL_LAYERS"]["default"]["CONFIG"]["hosts"][0]
    broker = Connection(
        settings["CELERY_BROKER_URL"], ssl=settings.get("CELERY_BROKER_USE_SSL", False)
    )
    connection_class = redis.SSLConnection if broker.ssl else redis.Connection
    return (
        redis.ConnectionPool.from_url(settings["REDIS_URL"]).make_connection(),  # of the leases
        cache._cache.get_client().connection_pool.make_connection(),
        create_pool(channels).make_connection(),
        connection_class(
            host=broker.hostname, port=broker.port, username=broker.userid,
            password=broker.password, db=int(broker.virtual_host), **broker.ssl or {},
        ),
    )  # fmt: skip


@pytest.mark.parametrize("url", SERVERS)
def test_every_library_uses_the_same_server_and_database(read, url):
    connections = connections_of(read(REDIS_URL=url))
    assert [server_of(connection) for connection in connections] == [SERVERS[url]] * 4


@pytest.mark.parametrize("options", TLS)
def test_every_library_uses_the_same_options_of_tls(read, options):
    connections = connections_of(read(REDIS_URL=f"rediss://me:pw@h:7/3{options}"))
    number = 0 if "db=0" in options else 3
    for connection in connections:
        assert server_of(connection) == ("h", 7, "me", "pw", number)
        assert tls_of(connection) == TLS[options]


@pytest.mark.parametrize(
    ("name", "query", "number"),
    [
        ("valkey.sock", "", 0),
        ("valkey.sock", "?db=2", 2),
        ("a%2Cb%3Bc%20d+%C3%A9%25.sock", "?db=3", 3),
        ("a,b;c", "?db=0", 0),
    ],
)
async def test_every_library_uses_the_same_database_of_a_unix_socket(
    read, valkey, tmp_path, name, query, number
):
    server = redis.Redis(unix_socket_path=valkey.removeprefix("unix://"), db=number)
    server.flushall()
    path = tmp_path / unquote(name)
    path.symlink_to(valkey.removeprefix("unix://"))
    settings = read(REDIS_URL=f"unix://{tmp_path}/{name}{query}")
    Cache(settings["CACHES"]["default"]["LOCATION"], {}).set("cached", "1")
    RedisLeases(settings["REDIS_URL"]).hold({(1, "socket"): 60})
    with Connection(settings["CELERY_BROKER_URL"]) as broker, broker.SimpleQueue("queued") as queue:
        queue.put("a task")
    layer = PubSubChannelLayer(**settings["CHANNEL_LAYERS"]["default"]["CONFIG"])
    channel = await layer.new_channel()
    await layer.send(channel, {"type": "push"})
    assert await layer.receive(channel) == {"type": "push"}
    await layer.flush()
    assert set(server.keys()) >= {b":1:cached", key_of(1).encode(), b"queued"}
    assert server.info("keyspace").keys() == {f"db{number}"}
    server.flushall()
