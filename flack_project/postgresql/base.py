"""The connection to PostgreSQL. Django imports this module by the setting `ENGINE`."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that is checked before each request by a look at its socket."""

    def is_usable(self) -> bool:
        """Return True if the connection can be used.

        Django sends a query in each request: 36 µs of CPU time instead of 1 (27 November
        2026, `python -m comparison.bench.overrides postgresql`). A server that ends a connection
        sends a message or closes the socket, and the keepalives of the settings end one to a host
        that has disappeared. So the query is only needed if the socket has something to read, or
        after an error.
        """
        if self.connection is None or self.connection.closed or self.errors_occurred:
            return super().is_usable()
        poll = select.poll()  # `select.select` takes no descriptors above 1023
        poll.register(self.connection.fileno(), select.POLLIN)
        return not poll.poll(0) or super().is_usable()
