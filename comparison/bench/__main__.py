"""`make bench`: start Flack and its peers, measure the same work on each in turn, print a table.

FLASK_URL is the URL of a Flask version on this machine; ROUNDS (3) is the number of repeats; ROWS
is a regular expression of the rows to measure, all others keep their numbers. All numbers are
written to comparison/bench.json, their medians to comparison/BENCH.md.
"""

import os
import re
import resource
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache, partial

from comparison.bench import plot, rows, running, table
from comparison.bench.rows import Numbers
from comparison.bench.servers import Server, Starter
from comparison.bench.site import Site, hello, sign_ins
from comparison.bench.table import GROWTH, RAW_ASGI

ROUNDS = int(os.environ.get("ROUNDS", "3"))
ROWS = re.compile(os.environ.get("ROWS", ""))
PING_PERIOD = 20  # seconds; in each row of growth every socket is pinged once
Work = Callable[[], Numbers]
Filled = Callable[[], tuple[Server, list[str]]]  # starts a server, returns it and its users' tokens
Plan = tuple[str, dict[str, Work]]  # a column of the table, and the work of its server by row


def yardstick(starter: Starter) -> Iterator[tuple[str, Work]]:
    """Yield the work that requests are compared with."""
    daphne = cache(starter.daphne)
    yield RAW_ASGI, lambda: hello(daphne())


def works(server: Server) -> Iterator[tuple[str, Work]]:
    """Yield the work that is measured on every server."""
    yield "an idle socket", partial(rows.idle, server)
    yield "steady push", partial(rows.steady, server)
    yield "burst", partial(rows.burst, server)
    if server.name in ("flack", "flask"):
        site = Site(server)
        yield "GET 100 messages", site.messages
        if server.name == "flack":
            yield "GET 100 messages, unchanged", site.known_messages
            yield "post over the socket", site.socket_posts
        yield "GET user with token", site.own_user
        yield "POST message", site.posts
        yield "sign-in, and pushes meanwhile", partial(sign_ins, server)


def growth(server: Server) -> Iterator[tuple[str, Work]]:
    """Yield the work with growing numbers of sockets, and with sockets that do not read."""
    yield "steady push of 2 KB", partial(rows.steady, server, padding=2000)
    deaf = partial(rows.steady, server, padding=2000, deaf=50)
    yield "steady push of 2 KB, 50 of 1000 do not read", deaf
    for count in (100, 1000, 5000):
        work = partial(rows.steady, server, count, 10_000 // count, PING_PERIOD)
        yield f"{GROWTH}, {count} sockets", work


def pings(filled: Filled) -> Numbers:
    """Ping as 200 users."""
    flack, tokens = filled()
    return rows.pings(flack, tokens[:200])


def storm(filled: Filled, users: int, listeners: int) -> Numbers:
    """Sign in many users at once."""
    flack, tokens = filled()
    return rows.storm(flack, tokens[:users], listeners)


def nodes(starter: Starter, count: int) -> Iterator[tuple[str, Work]]:
    """Yield the work of several nodes."""

    @cache
    def flack() -> Server:
        starter.valkey()
        return starter.flack(count)

    row = f"{GROWTH}, 1000 sockets on {count} nodes"
    yield row, lambda: rows.steady(flack(), seconds=PING_PERIOD)


def large(starter: Starter) -> Iterator[tuple[str, Work]]:
    """Yield the work of a Flack with many rows, and of one behind nginx."""

    @cache
    def filled() -> tuple[Server, list[str]]:
        starter.valkey()
        flack = starter.flack()
        starter.fill("messages", 1_000_000)
        return flack, starter.fill("users", 500)

    @cache
    def behind() -> Site:
        return Site(starter.nginx(filled()[0]))

    yield "GET 100 messages of 1,000,000", lambda: Site(filled()[0]).messages()
    yield "GET 100 messages through nginx", lambda: behind().messages(Cache_Control="no-cache")
    yield "GET 100 messages through nginx, micro-cache", lambda: behind().messages(4000)
    yield "steady push through nginx", lambda: rows.steady(behind().server)
    yield "a ping of a user", partial(pings, filled)
    for users, listeners in ((250, 500), (500, 500), (500, 1000)):
        row = f"sign-in storm, {users} users, {listeners} listen"
        yield row, partial(storm, filled, users, listeners)


def on_postgresql(starter: Starter) -> Iterator[tuple[str, Work]]:
    """Yield the work that uses the database most, on PostgreSQL."""

    @cache
    def filled() -> tuple[Server, list[str]]:
        starter.valkey()
        return starter.flack(DATABASE_URL=starter.postgresql()), starter.fill("users", 200)

    site = cache(lambda: Site(filled()[0]))
    yield "GET 100 messages, PostgreSQL", lambda: site().messages()
    yield "GET 100 messages, unchanged, PostgreSQL", lambda: site().known_messages()
    yield "GET user with token, PostgreSQL", lambda: site().own_user()
    yield "POST message, PostgreSQL", lambda: site().posts()
    yield "post over the socket, PostgreSQL", lambda: site().socket_posts()
    yield "a ping of a user, PostgreSQL", partial(pings, filled)


def main() -> None:
    """Measure, print and store."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    results = {row: kept for row, kept in table.load().items() if not ROWS.search(row)}
    with ExitStack() as stack:
        servers = stack.enter_context(running.start())
        plans: list[Plan] = [(server.name, dict(works(server))) for server in servers]
        plans += [("flack", dict(growth(servers[0])))]
        plans += [("flack", dict(nodes(stack.enter_context(Starter()), n))) for n in (2, 4)]
        plans += [("daphne", dict(yardstick(stack.enter_context(Starter()))))]
        for plan in (large, on_postgresql):
            plans += [("flack", dict(plan(stack.enter_context(Starter()))))]
        for number in range(ROUNDS):
            for name in dict.fromkeys(name for _, works_of in plans for name in works_of):
                if not ROWS.search(name):
                    continue
                for server, works_of in plans:
                    if work := works_of.get(name):
                        numbers = work()
                        results.setdefault(name, {}).setdefault(server, []).append(numbers)
                        print(number + 1, server, name, table.short(numbers), sep=" | ", flush=True)
                        table.store(results)
    plot.draw(results, table.RAW.with_suffix(".svg"))
    print(table.works(results), table.targets(results), sep="\n\n")


if __name__ == "__main__":
    main()
