"""The request id: on every line of the log, in every answer, and in the tasks of a request.

nginx gives it, and no client can choose it; a socket has one for all that it does.
"""

import logging
import re
from contextvars import ContextVar
from typing import Any
from uuid import uuid4

from celery.signals import before_task_publish, task_postrun, task_prerun

HEADER = "X-Request-ID"
NONE = "-"
SOUND = re.compile(rb"[\w-]{1,64}")

request_id: ContextVar[str] = ContextVar("request_id", default=NONE)


def begin(scope: dict[str, Any]) -> str:
    """Take the id of a request or socket from its headers, or make one; return it."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    chosen = given.decode() if SOUND.fullmatch(given) else uuid4().hex
    request_id.set(chosen)
    return chosen


class AddRequestId(logging.Filter):
    """Gives every record of the log its `request_id`."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add it; keep the record."""
        record.request_id = request_id.get()
        return True


@before_task_publish.connect
def hand_on(headers: dict[str, Any], **kwargs: Any) -> None:
    """Let a task know which request asked for it."""
    headers["request_id"] = request_id.get()


@task_prerun.connect
def take_up(task: Any, **kwargs: Any) -> None:
    """Log as the request that asked for the task."""
    request_id.set(task.request.get("request_id") or NONE)


@task_postrun.connect
def put_down(**kwargs: Any) -> None:
    """Log as nobody again."""
    request_id.set(NONE)
