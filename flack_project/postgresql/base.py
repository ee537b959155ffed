"""The connection to PostgreSQL. Django imports this module by the setting `ENGINE`."""

import select
from types import TracebackType

from django.db import OperationalError
from django.db.backends.postgresql import base
from django.db.utils import DatabaseErrorWrapper
from django.utils.functional import cached_property
from psycopg.errors import ReadOnlySqlTransaction


class ErrorWrapper(DatabaseErrorWrapper):
    """Django's translation of errors, in which a server that is read-only is an outage."""

    wrapper: "DatabaseWrapper"

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Raise OperationalError for a statement that a read-only server refused."""
        if isinstance(exc_value, ReadOnlySqlTransaction):
            self.wrapper.errors_occurred = self.wrapper.is_read_only = True
            raise OperationalError(*exc_value.args).with_traceback(traceback) from exc_value
        super().__exit__(exc_type, exc_value, traceback)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that is checked before each request by a look at its socket."""

    is_read_only = False  # as the primary of before is after a failover

    @cached_property
    def wrap_database_errors(self) -> ErrorWrapper:
        """Translate errors by `ErrorWrapper`."""
        return ErrorWrapper(self)

    def connect(self) -> None:
        """Connect, perhaps to another server of the same name."""
        super().connect()
        self.is_read_only = False

    def is_usable(self) -> bool:
        """Return True if the connection can be used.

        Django sends a query in each request: 36 µs of CPU time instead of 1 (27 November
        2026, `python -m comparison.bench.overrides postgresql`). A server that ends a connection
        sends a message or closes the socket, and the keepalives of the settings end one to a host
        that has disappeared. So the query is only needed if the socket has something to read, or
        after an error.
        """
        if self.is_read_only:
            return False
        if self.connection is None or self.connection.closed or self.errors_occurred:
            return super().is_usable()
        poll = select.poll()  # `select.select` takes no descriptors above 1023
        poll.register(self.connection.fileno(), select.POLLIN)
        return not poll.poll(0) or super().is_usable()
