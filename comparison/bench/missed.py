"""What the rows with a target are made of, for those whose target is missed."""

REQUEST = (
    "[The layers](#what-a-request-costs-by-layer) have its profile. What no layer of Flack's own "
    "holds is the hop into a thread and back, and daphne's work before and after it."
)
PUSH = (
    "With few sockets, receiving a push is shared by few deliveries; with many, holding each "
    "socket weighs more, and the memory of all of them exceeds the caches of the processor; with "
    "several nodes, each receives every push for its part of the sockets. "
    "[SCALING](../docs/SCALING.md#what-each-unit-costs) separates the three as `hear`, `deliver` "
    "and `hold`."
)
SOCKET = "[What a socket costs](#what-a-socket-costs) has its memory by type, and the handshake."
WAIT = (
    "A waiting time depends on everything that runs on the machine: compare its CPU time, and the "
    "load average in the first line of the results."
)
# By the beginning of the row's name; the longest that fits is used.
REASONS = {
    "GET": REQUEST,
    "GET user with token": f"{REQUEST} A request that does nothing, such as `/healthz`, costs a "
    "large part of it.",
    "POST message": f"{REQUEST} The layers contain neither the push, which the publisher sends to "
    "Redis and the hub receives, nor the worker's part of the row. SQLite also waits for the "
    "disk at each commit.",
    "post over the socket": "The same work as a POST without Django's and DRF's request: the "
    "layers Markdown, ORM, database and push of [POST](#what-a-request-costs-by-layer). "
    "Each of the four writing sockets also receives every push, which is in the row.",
    "a ping of a user": "A ping writes a lease in Redis and `last_seen_at`, in one batch a second "
    "and node. With 200 users the batch is small, so its own cost is shared by few pings.",
    "an idle socket": SOCKET,
    "holding": "autobahn sends a ping every 40 s and reads the answer. What else is left is the "
    "event loop's and the hub's own work once a second, whatever the number of sockets.",
    "steady push": PUSH,
    "burst": WAIT,
    "sign-in storm": "Connecting each socket, which is in "
    "[What a socket costs](#what-a-socket-costs), and a push about each arrival to each listener.",
    "sign-in, and": WAIT,
}


def explanation(row: str) -> str:
    """Return what a row is made of."""
    return REASONS[max((name for name in REASONS if row.startswith(name)), key=len)]
