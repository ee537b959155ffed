"""What REDIS_URL means to libraries that do not take it as redis-py does."""

from redis.asyncio.connection import parse_url


def database(url: str) -> int:
    """Return the number of the database."""
    return parse_url(url).get("db", 0)


def channel_prefix(url: str) -> str:
    """Return what the names of channels begin with: "asgi", and the number of a database but 0.

    Redis publishes in all databases at once: without the number, two Flacks on one Redis would
    receive each other's pushes.
    """
    return f"asgi{database(url) or ''}"
