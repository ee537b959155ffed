"""Push: publish to every node, through the channel layer, that something changed.

A push is a hint; the database is the truth. It is serialised once and sent after commit, and a
failure here never fails what was committed: the messages of a process are numbered
(`chat/realtime/publisher.py`), so each node's hub detects what it missed (`chat/realtime/hub.py`).
The same messages list tokens that have ended, whose sockets every hub closes.
"""

from typing import TYPE_CHECKING, Any

import orjson
from django.db import transaction

from chat.realtime.publisher import Publisher

if TYPE_CHECKING:
    from chat.models import Deletion, Message, User


def push_model(instance: "User | Message") -> None:
    """Push a model's representation, as it is now, to every connected client after commit."""
    _push(updated_model(instance))


def push_deletion(deletion: "Deletion") -> None:
    """Push the ids of deleted rows to every connected client after commit."""
    _push(deleted_model(deletion))


def updated_model(instance: "User | Message") -> str:
    """Return the text of the push of a model's representation."""
    return _frame("updated_model", {"class": type(instance).__name__, "model": instance.to_dict()})


def deleted_model(deletion: "Deletion") -> str:
    """Return the text of the push of a deletion."""
    return _frame("deleted_model", deletion.to_dict())


def is_deletion(text: str) -> bool:
    """Return True if the text of a push is that of a deletion."""
    return text.startswith('{"event":"deleted_model"')


def _frame(event: str, data: dict[str, Any]) -> str:
    return orjson.dumps({"event": event, "data": data}).decode()


def _push(text: str) -> None:
    transaction.on_commit(lambda: publisher.publish(text), robust=True)


def end_sockets(digests: list[str]) -> None:
    """Close the sockets of the tokens with these digests, on every node, after commit.

    A hub that misses this message finds a gap when this process publishes again, and its repair
    closes the sockets. A command that cannot reach the channel layer leaves no gap: such a socket
    loses its user when it posts, or at its first ping after `RECHECK` (chat/consumers.py).
    """
    transaction.on_commit(lambda: publisher.end(digests), robust=True)


publisher = Publisher()
