"""Log records with a bound, whatever a client sent, an exception holds, or an outage repeats.

journald and Docker split long lines, and each record is read, sent and stored by other programs.
"""

import logging
import time
from typing import Any

from kombu.exceptions import OperationalError as BrokerError
from pythonjsonlogger.json import JsonFormatter

MAX_LINE = 4 * 1024  # bytes of a line of text
MAX_RECORD = 16 * 1024  # bytes of a record with its traceback, which as JSON is one line
CUT = " […] "
LOG_EVERY = 30.0  # seconds between two log lines of beat, or of Django, about an outage


def shorten(text: str, size: int) -> str:
    """Return a text of at most `size` bytes: its beginning and its end if it is longer."""
    data = text.encode(errors="backslashreplace")
    if len(data) <= size:
        return data.decode()
    half = max(size - len(CUT.encode()), 0) // 2
    head, tail = data[:half], data[len(data) - half :]
    return f"{head.decode(errors='ignore')}{CUT}{tail.decode(errors='ignore')}"


class LineFormatter(logging.Formatter):
    """Formats a record as text, with a bound for each line and for the record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        text = shorten(super().format(record), MAX_RECORD)
        return "\n".join(shorten(line, MAX_LINE) for line in text.split("\n"))


class JSONFormatter(JsonFormatter):
    """Formats a record as one line of JSON, with a bound for the line."""

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        """Return the JSON of a record; if it is too long, all of its fields are shortened."""
        line, size = super().jsonify_log_record(log_data), MAX_RECORD
        while len(line.encode()) > MAX_RECORD:  # again, as escape sequences can be longer
            size //= 2
            fields = {key: shorten(str(value), size) for key, value in log_data.items()}
            line = super().jsonify_log_record(fields)
        return line


class Outages(logging.Filter):
    """Reduces what beat and Django log about an outage to a line every `LOG_EVERY` seconds.

    Beat would log each task that it cannot send, with 80 lines of traceback, and Django each
    response with the status 503.
    """

    def __init__(self) -> None:
        super().__init__()
        self._next_log = 0.0  # in terms of `time.monotonic()`

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten a record about an outage; return False if the last one is too recent."""
        error = record.exc_info and record.exc_info[1]
        is_of_broker = error and isinstance(error.__context__, BrokerError)
        if not is_of_broker and getattr(record, "status_code", None) != 503:
            return True
        if time.monotonic() < self._next_log:
            return False
        self._next_log = time.monotonic() + LOG_EVERY
        if is_of_broker:
            record.msg, record.args = "task not queued error=%s", (" ".join(str(error).split()),)
            record.exc_info = None
        return True
