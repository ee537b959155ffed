"""Tombstones of deleted messages and users."""

from typing import Any

from django.db import models

from chat.models.times import timestamp


class Deletion(models.Model):
    """A tombstone of deleted rows, for clients that missed the push; kept for a year."""

    deleted_at = models.BigIntegerField(default=timestamp, db_index=True)
    model = models.CharField(max_length=16)  # the name of the class
    first = models.BigIntegerField()  # the ids from here
    last = models.BigIntegerField()  # up to and including this one

    def to_dict(self) -> dict[str, Any]:
        """Return the representation."""
        return {"class": self.model, "first": self.first, "last": self.last}
