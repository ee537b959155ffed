"""Requests that a worker answers."""

from uuid import uuid4

from django.db import models

from chat.models import timestamp


class Deferred(models.Model):
    """A request that was accepted with 202, and its answer, once there is one.

    The queue holds only its id. The request is done once, whatever happens to broker and worker,
    because its effect and its answer are one commit.
    """

    id = models.UUIDField(primary_key=True, default=uuid4)
    name = models.CharField(max_length=100)  # of the function that answers
    arguments = models.JSONField()
    answer = models.JSONField(null=True)  # status, headers and data
    sent_at = models.BigIntegerField(default=timestamp)  # to the queue, in Unix seconds
    # Counted in the database, as Redis does not count how often it delivers a task. The
    # `db_default` is for nodes of the version before.
    starts = models.PositiveSmallIntegerField(default=0, db_default=0)

    class Meta:
        indexes = (models.Index(fields=["sent_at"], name="deferred_sent"),)
