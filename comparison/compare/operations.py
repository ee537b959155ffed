"""Count the queries of each operation."""

import time
from collections.abc import Callable
from contextlib import closing

from comparison.bench import http
from comparison.bench.swarm import TEXT, Swarm, frame
from comparison.compare.sides import Side
from comparison.compare.steps import SPEAK, calm

TIMES = 20


def queries(side: Side) -> dict[str, list[float]]:
    """Return the queries and the commits of each operation, the worker's included."""
    with closing(Swarm([side.port], side.server.wire)) as swarm:
        return {name: counted(side, once) for name, once in operations(side, swarm).items()}


def counted(side: Side, once: Callable[[int], object]) -> list[float]:
    """Run an operation `TIMES` times; return queries and commits for each run."""
    calm(side.server.web, side.server.worker)
    with side.database.listening() as asked:
        for number in range(TIMES):
            once(number)
        calm(side.server.web, side.server.worker)
    return [round(asked.queries / TIMES, 1), round(asked.commits / TIMES, 1)]


def operations(side: Side, swarm: Swarm) -> dict[str, Callable[[int], object]]:
    """Return the operations by name; each is a function of the run's number."""
    bearer = f"Bearer {side.tokens[0]}"
    user, _ = http.Client(side.port).sign_up()
    basic = http.basic(user["nickname"], "a")

    def get(path: str) -> Callable[[int], object]:
        return lambda _: http.Client(side.port).send("GET", path, Authorization=bearer)

    def post(number: int) -> None:
        body = {"source": f"hello {number}"}
        http.Client(side.port).send("POST", "/api/messages", body, Authorization=bearer)

    (speaker,) = swarm.connect(1, counted=False)

    def speak(number: int) -> None:
        say = SPEAK[side.server.name][1]
        text = say.format(token=side.tokens[0], number=number, at="operations")
        speaker.wire.sendall(frame(TEXT, text.encode()))
        swarm.run(0.05)

    recent = f"?updated_since={int(time.time()) - 5}"
    return {
        "list users": get(f"/api/users{recent}"),
        "list messages": get(f"/api/messages{recent}"),
        "show a user": get(f"/api/users/{user['id']}"),
        "register and sign in": lambda _: http.Client(side.port).sign_up(),
        "sign in": lambda _: http.Client(side.port).send(
            "POST", "/api/tokens", Authorization=basic
        ),
        "post over REST": post,
        "post over a socket": speak,
    }
