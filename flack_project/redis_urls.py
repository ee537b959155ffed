"""What REDIS_URL means to libraries that do not read it as redis-py does.

kombu refuses every option of a URL but those of TLS, takes the number of a Unix socket's database
from `virtual_host` alone, and splits a URL at `;`. So its URL is made from what redis-py reads, and
all connections use the same server, database and TLS options.
"""

import re
import ssl
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import redis
from redis.asyncio.connection import parse_url

FORM = re.compile(r"rediss?://[^/?#]+(/\d*)?(\?.*)?|unix://([^/?#]*@)?/[^?#]+(\?.*)?", re.ASCII)


def check(url: str) -> None:
    """Raise ValueError unless the URL is valid and has no options but `db` and those of TLS."""
    try:
        for library in (redis, redis.asyncio):  # nothing is connected yet
            library.ConnectionPool.from_url(url).make_connection()
    except (TypeError, redis.RedisError) as error:  # of an option
        raise ValueError(str(error)) from error
    if version := tls_options(url).get("ssl_min_version"):
        ssl.TLSVersion(version)  # redis-py checks it only when it connects
    others = parse_qs(urlsplit(url).query).keys() - {"db"} - tls_options(url).keys()
    if others or database(url) < 0 or not FORM.fullmatch(url):
        raise ValueError(url)


def database(url: str) -> int:
    """Return the number of the database."""
    return parse_url(url).get("db", 0)


def tls_options(url: str) -> dict[str, Any]:
    """Return the options of TLS, as arguments of a connection."""
    return {name: value for name, value in parse_url(url).items() if name.startswith("ssl_")}


def channel_prefix(url: str) -> str:
    """Return what the names of channels begin with: "asgi", and the number of a database but 0.

    Redis publishes in all databases at once: without the number, two Flacks on one Redis would
    receive each other's pushes.
    """
    return f"asgi{database(url) or ''}"


def broker_url(url: str) -> str:
    """Return the URL of the broker, without the options of TLS."""
    found, number = parse_url(url), database(url)
    user, password = found.get("username", ""), found.get("password", "")
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user or password else ""
    if path := found.get("path"):
        return f"redis+socket://{login}{quote(path)}?virtual_host={number}"
    host = quote(found.get("host", "localhost"), safe="")
    return f"{urlsplit(url).scheme}://{login}{host}:{found.get('port', 6379)}/{number}"
