"""Users, their tokens, their messages, and what was deleted.

Times are in whole Unix seconds. `to_dict()` returns the representation for HTTP and for push.
"""

from chat.models.deletions import DeletedKey, Deletion
from chat.models.messages import (
    MAX_KEY,
    MAX_SOURCE,
    MESSAGE_FIELDS,
    Message,
    MessageQuerySet,
    message_dict,
)
from chat.models.times import AHEAD, later_than, timestamp
from chat.models.tokens import Token
from chat.models.users import User

__all__ = [
    "AHEAD",
    "MAX_KEY",
    "MAX_SOURCE",
    "MESSAGE_FIELDS",
    "DeletedKey",
    "Deletion",
    "Message",
    "MessageQuerySet",
    "Token",
    "User",
    "later_than",
    "message_dict",
    "timestamp",
]
