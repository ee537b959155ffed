"""Tombstones of deleted messages and users, and the keys of deleted messages."""

from typing import Any

from django.db import models

from chat.models.messages import MAX_KEY
from chat.models.times import timestamp
from chat.models.users import User


class Deletion(models.Model):
    """A tombstone of deleted rows, for clients that missed the push; kept for a year."""

    deleted_at = models.BigIntegerField(default=timestamp, db_index=True)
    model = models.CharField(max_length=16)  # the name of the class
    first = models.BigIntegerField()  # the ids from here
    last = models.BigIntegerField()  # up to and including this one

    def to_dict(self) -> dict[str, Any]:
        """Return the representation."""
        return {"class": self.model, "first": self.first, "last": self.last}


class DeletedKey(models.Model):
    """The key of a deleted message, so that a repeat of its post stores no second one."""

    deleted_at = models.BigIntegerField(default=timestamp, db_index=True)
    user = models.ForeignKey(User, models.CASCADE, db_index=False)
    key = models.CharField(max_length=MAX_KEY)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "key"], name="deleted_key"),)
