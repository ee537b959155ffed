"""`make bench`: starts Flack and its peers, gives all the same work in turn, prints a table.

FLASK_URL names a Flask version that runs on this machine; ROUNDS (3) says how often all is done.
All numbers go to comparison/bench.json, their medians into comparison/BENCH.md.
"""

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

from comparison.bench import http, rows, running, table
from comparison.bench.rows import Numbers
from comparison.bench.servers import Server, Starter
from comparison.bench.site import Site, sign_ins

ROUNDS = int(os.environ.get("ROUNDS", "3"))
Work = Callable[[], Numbers]


def works(server: Server) -> Iterator[tuple[str, Work]]:
    """Give the name of each row and its work on this server."""
    yield "an idle socket", partial(rows.idle, server)
    yield "steady push", partial(rows.steady, server)
    yield "burst", partial(rows.burst, server)
    if server.name in ("flack", "flask"):
        yield from http_works(server)
    if server.name == "flack":
        yield "steady push of 2 KB", partial(rows.steady, server, padding=2000)
        deaf = partial(rows.steady, server, padding=2000, deaf=50)
        yield "steady push of 2 KB, 50 of 1000 do not read", deaf
        for count in (100, 5000):
            hertz = max(1, 5000 // count)
            yield f"steady push, {count} sockets", partial(rows.steady, server, count, hertz)
        client = http.Client(server.ports[0])
        tokens = [client.sign_up()[1] for _ in range(50)]
        for users, listeners in ((25, 500), (50, 500), (50, 1000)):
            work = partial(rows.storm, server, tokens[:users], listeners)
            yield f"sign-in storm, {users} users, {listeners} listen", work


def http_works(server: Server) -> Iterator[tuple[str, Work]]:
    """Give the rows of a server that is a whole chat."""
    site = Site(server)
    yield "GET 100 messages", site.messages
    if server.name == "flack":
        yield "GET 100 messages, unchanged", site.known_messages
    yield "GET user with token", site.own_user
    yield "POST message", site.posts
    yield "sign-in, and pushes meanwhile", partial(sign_ins, server)


def main() -> None:
    """Measure, print, store."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    results: table.Results = {}
    with ExitStack() as stack:
        servers = stack.enter_context(running.start())
        plans = [(server.name, dict(works(server))) for server in servers]
        for nodes in (2, 4):
            starter = stack.enter_context(Starter())
            starter.valkey()
            steady = partial(rows.steady, starter.flack(nodes))
            plans.append(("flack", {f"steady push, {nodes} nodes": steady}))
        for number in range(ROUNDS):
            for name in dict.fromkeys(name for _, plan in plans for name in plan):
                for server, plan in plans:
                    if work := plan.get(name):
                        numbers = work()
                        results.setdefault(name, {}).setdefault(server, []).append(numbers)
                        print(number + 1, server, name, table.short(numbers), sep=" | ", flush=True)
                        table.store(results)
    print(table.markdown(results))


if __name__ == "__main__":
    main()
