"""The contract as a black-box suite, which uses only a URL and a wire of the server.

    python -m comparison.contract --url http://127.0.0.1:8000

The suite detects what the server's sockets speak: plain WebSocket, or Socket.IO over Engine.IO 3 or
4. `--same-only` runs only the rows that are the same on every server; use it for Flask versions.
`--preview-port P` is where the suite serves pages for links to point at; a server that fetches only
public addresses must allow it first: `FLACK_PREVIEW_HOSTS=127.0.0.1:P`.
A server with rate limits must run without them: `FLACK_RATE_LIMITS=0`. All else is at its defaults.

The suite creates users with unused nicknames, so it can run on a server in use and be repeated.
"""

import pytest

# Before they are imported, so that their assertions also show what was compared.
pytest.register_assert_rewrite(
    *(f"comparison.contract.{module}" for module in ("client", "shapes", "wires"))
)
