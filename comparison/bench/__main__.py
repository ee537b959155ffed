"""`make bench`: start Flack and its peers, measure the same work on each in turn, print a table.

FLASK_URL is the URL of a Flask version on this machine, of 2016 or of today; PYTHONS are other
interpreters to run Flack on; ROUNDS (3) is the number of repeats; ROWS is a regular expression of
the rows to measure, without which the layers of a request are measured too. All other rows, and the
columns of servers that do not run this time, keep their numbers. All numbers are written to
comparison/bench.json, their medians to comparison/BENCH.md.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache, partial

from comparison.bench import plot, pythons, report, rows, running, table, targets
from comparison.bench.rows import Numbers
from comparison.bench.servers import CORES, ROOT, Server, Starter
from comparison.bench.site import Site, hello, sign_ins
from comparison.bench.table import FLASK_2016, FLASK_TODAY, GROWTH, HOLDING, RAW_ASGI
from comparison.usage import arguments
from flack_project.launcher.stack import raise_file_limit

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


def works(name: str, start: Callable[[], Server]) -> Iterator[tuple[str, Work]]:
    """Yield the work that is measured on every server, which the first work starts."""
    yield "an idle socket", lambda: rows.idle(start())
    yield "steady push", lambda: rows.steady(start())
    yield "burst", lambda: rows.burst(start())
    if name in ("flack", FLASK_2016, FLASK_TODAY):
        site = cache(lambda: Site(start()))
        yield "GET 100 messages", lambda: site().messages()
        if name == "flack":
            yield "GET 100 messages, unchanged", lambda: site().known_messages()
            yield "post over the socket", lambda: site().socket_posts()
        yield "GET user with token", lambda: site().own_user()
        yield "POST message", lambda: site().posts()
        yield "sign-in, and pushes meanwhile", lambda: sign_ins(start())


def growth(start: Callable[[], Server]) -> Iterator[tuple[str, Work]]:
    """Yield the work with growing numbers of sockets, and with sockets that do not read."""
    yield HOLDING, lambda: rows.holding(start())
    yield "steady push of 2 KB", lambda: rows.steady(start(), padding=2000)
    deaf = "steady push of 2 KB, 50 of 1000 do not read"
    yield deaf, lambda: rows.steady(start(), padding=2000, deaf=50)
    for count in (100, 1000, 5000):
        row = f"{GROWTH}, {count} sockets"
        yield row, partial(growing, start, count)


def growing(start: Callable[[], Server], count: int) -> Numbers:
    """Push to this number of sockets, with the same number of deliveries a second for each."""
    return rows.steady(start(), count, 10_000 // count, PING_PERIOD)


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


def measure(plans: list[Plan], rounds: int, wanted: re.Pattern[str]) -> Iterator[table.Results]:
    """Measure the wanted rows of all plans in turn; yield all results after each number.

    Numbers that are stored stay until the same server's are measured again: columns of servers
    that do not run this time, rows that are not wanted, and what an interrupted run did not reach.
    """
    stored, began = table.load(), float(int(time.time()))
    measured: table.Results = {}
    names = dict.fromkeys(name for _, works_of in plans for name in works_of if wanted.search(name))
    for number in range(rounds):
        for name in names:
            for server, works_of in plans:
                if work := works_of.get(name):
                    numbers = work() | {table.RUN: began}
                    measured.setdefault(name, {}).setdefault(server, []).append(numbers)
                    print(number + 1, server, name, table.short(numbers), sep=" | ", flush=True)
                    yield merged(stored, measured)


def merged(stored: table.Results, measured: table.Results) -> table.Results:
    """Return the stored results with the columns of each row replaced that were measured."""
    rows_of = dict.fromkeys([*stored, *measured])
    return {row: stored.get(row, {}) | measured.get(row, {}) for row in rows_of}


def layers(starter: Starter) -> None:
    """Measure where the time of a request goes, on both databases, and write that to the report."""
    tables = []
    for database, url in (("SQLite", ""), ("PostgreSQL", starter.postgresql())):
        command = [sys.executable, "-m", "comparison.bench.layers"]
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
                              env=os.environ | {"DATABASE_URL": url})  # fmt: skip
        tables.append(f"{database}:\n\n{done.stdout.rstrip()}")
    table.fill("layers", "\n\n".join([table.about(), *tables]))


def main() -> None:
    """Measure, print and store."""
    raise_file_limit()
    os.sched_setaffinity(0, CORES.generator)
    try:
        others = list(pythons.environments())
    except ValueError as error:
        sys.exit(str(error))
    with ExitStack() as stack:
        try:
            servers = running.start(stack.enter_context(Starter()))
        except (LookupError, OSError, ValueError) as error:
            sys.exit(f"FLASK_URL={os.environ.get('FLASK_URL')} cannot be measured: {error}")
        plans: list[Plan] = [(name, dict(works(name, start))) for name, start in servers.items()]
        plans += [("flack", dict(growth(servers["flack"])))]
        plans += [("flack", dict(nodes(stack.enter_context(Starter()), n))) for n in (2, 4)]
        plans += [("daphne", dict(yardstick(stack.enter_context(Starter()))))]
        for plan in (large, on_postgresql):
            plans += [("flack", dict(plan(stack.enter_context(Starter()))))]
        for column, python in others:
            starter = stack.enter_context(Starter(python))
            start = running.starting(starter.flack, starter.valkey)
            plans += [(column, dict(works("flack", start)))]
        if not any(ROWS.search(name) for _, works_of in plans for name in works_of):
            sys.exit(f"No row matches ROWS={ROWS.pattern}.")
        results = table.load()
        for results in measure(plans, ROUNDS, ROWS):
            report.store(results)
        if not ROWS.pattern:
            layers(stack.enter_context(Starter()))
    plot.draw(results, table.RAW.with_suffix(".svg"))
    print(table.works(results), targets.table(results), sep="\n\n")


if __name__ == "__main__":
    arguments(__doc__)
    main()
