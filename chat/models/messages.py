"""Messages of users."""

import re
from typing import Any, Self, cast

from django.core.validators import MaxLengthValidator
from django.db import connection, connections, models

from chat.content.characters import not_blank, printable, storable
from chat.models.times import timestamp
from chat.models.users import User
from chat.search import (
    CONTAINS,
    NOT_INDEXED,
    TABLE,
    WordsField,
    fts5,
    indexed,
    phrases,
    substrings,
    tsquery,
)

MAX_SOURCE = 10_000  # characters
MAX_KEY = 200  # characters


class MessageQuerySet(models.QuerySet["Message"]):
    """Messages, with their representations."""

    def posted(self, user_id: int, key: str | None) -> "Message | None":
        """Return the message that a user posted with a key, or None.

        Nearly every post has a new key, so it is looked up without building a queryset: 21 µs of
        CPU time instead of 475 (27 November 2026, `python -m comparison.bench.overrides`).
        """
        if not key or not re.match(printable.regex, key):  # PostgreSQL refuses NUL
            return None
        with connections[self.db].cursor() as cursor:
            cursor.execute(
                "SELECT id FROM chat_message WHERE user_id=%s AND key=%s", (user_id, key)
            )
            row = cursor.fetchone()
        return self.filter(pk=row[0]).first() if row else None

    def search(self, query: str, before: int, limit: int) -> list[dict[str, Any]]:
        """Return `to_dict()` of the messages that have the words of a query, newest first.

        Their ids are below `before`, and they are at most `limit`. A query without words finds
        none. Raises ValidationError for a query that is too long.
        """
        found = phrases(query)
        if not found:
            return []
        if connections[self.db].vendor == "postgresql":
            match: dict[str, Any] = {"where": ["words @@ %s::tsquery"], "params": [tsquery(found)]}
            matches = self.filter(pk__lt=before).order_by("-id").extra(**match)
            return cast("Self", matches[:limit]).to_dicts()
        # SQLite indexes new messages in batches. Those of a batch that is completed between the two
        # queries would be found by both, so the second one starts below what the first one found.
        rows = self.filter(pk__lt=before)._newest(found)[:limit].to_dicts()
        if len(rows) < limit:
            indexed = self._indexed(found, rows[-1]["id"] if rows else before)
            rows += indexed[: limit - len(rows)].to_dicts()
        return rows

    def _newest(self, found: list[list[str]]) -> Self:
        """Return the messages with these words that are not in the index of SQLite yet."""
        match: dict[str, Any] = {
            "where": [NOT_INDEXED, *[CONTAINS] * len(found)],
            "params": substrings(found),
        }
        return cast("Self", self.order_by("-id").extra(**match))

    def _indexed(self, found: list[list[str]], before: int) -> Self:
        """Return the messages with these words that are in the index of SQLite.

        It reads the matches of FTS5 by descending id, as far as they are asked for.
        """
        match: dict[str, Any] = {
            "tables": [TABLE],
            "where": [
                f"{TABLE} MATCH %s",
                f"{TABLE}.rowid < %s",
                f"{TABLE}.rowid = chat_message.id",
            ],
            "params": [fts5(found), before],
            "order_by": [f"-{TABLE}.rowid"],
        }
        return cast("Self", self.extra(**match))

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return `to_dict()` of each row, without creating instances."""
        return [message_dict(*row) for row in self.values_list(*MESSAGE_FIELDS)]


class Message(models.Model):
    """A message, as typed (`source`) and as shown (`html`)."""

    created_at = models.BigIntegerField(default=timestamp)
    updated_at = models.BigIntegerField(default=timestamp)
    source = models.TextField(validators=[MaxLengthValidator(MAX_SOURCE), storable, not_blank])
    html = models.TextField(editable=False)
    # When the author last changed the source. `updated_at` also moves when previews are appended.
    edited_at = models.BigIntegerField(null=True, editable=False)
    # No index of its own: two of the indexes below begin with it.
    user = models.ForeignKey(User, models.CASCADE, related_name="messages", db_index=False)
    # The client's Idempotency-Key, `ref` on the socket: the same key returns the same message.
    key = models.CharField(
        max_length=MAX_KEY, null=True, editable=False, validators=[printable, not_blank]
    )
    # True from the commit until the link previews are appended; lost tasks are found by it.
    expanding = models.BooleanField(default=False, editable=False)
    # When `find_unexpanded_messages` queued the expansion again: it does so once a minute.
    queued_at = models.BigIntegerField(null=True, editable=False)
    words = WordsField()

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "key"], name="message_key"),)
        indexes = (
            models.Index(fields=["updated_at", "id"], name="message_updated"),
            models.Index(fields=["user", "id"], name="message_user"),
            models.Index(fields=["user", "updated_at", "id"], name="message_user_updated"),
            models.Index(
                fields=["updated_at"], name="message_expanding", condition=models.Q(expanding=True)
            ),
        )

    def __str__(self) -> str:
        return self.source[:60]

    def insert(self) -> bool:
        """Save a new message; return False if its author posted one with this key already.

        That message may have been deleted since, see `DeletedKey`.

        This is one statement, and needs no savepoint. `save()` would need one, and build its SQL
        each time: 230 µs of CPU time instead of 84 with SQLite (27 November 2026, `python -m
        comparison.bench.overrides`; with the argument `postgresql` it measures PostgreSQL).
        """
        self.words = WORDS.get_db_prep_save(indexed(self.source), connection)
        with connection.cursor() as cursor:
            values = [getattr(self, name) for name in INSERTED]
            cursor.execute(INSERT, [*values, self.user_id, self.key])
            row = cursor.fetchone()
        if row is None:
            return False
        self.pk = row[0]
        self._state.adding, self._state.db = False, connection.alias
        return True

    def to_dict(self) -> dict[str, Any]:
        """Return the representation."""
        return message_dict(*(getattr(self, field) for field in MESSAGE_FIELDS))


WORDS = Message._meta.get_field("words")
INSERTED = [field.attname for field in Message._meta.concrete_fields if not field.primary_key]
INSERT = f"""
    INSERT INTO chat_message ({", ".join(INSERTED)})
    SELECT {", ".join(["%s"] * len(INSERTED))}
    WHERE NOT EXISTS (SELECT 1 FROM chat_deletedkey WHERE user_id = %s AND key = %s)
    ON CONFLICT (user_id, key) DO NOTHING RETURNING id
"""  # noqa: S608
MESSAGE_FIELDS = ("id", "created_at", "updated_at", "edited_at", "source", "html", "user_id")


def message_dict(
    pk: int,
    created_at: int,
    updated_at: int,
    edited_at: int | None,
    source: str,
    html: str,
    user_id: int,
) -> dict[str, Any]:
    """Return a message's representation from the values of `MESSAGE_FIELDS`."""
    return {
        "id": pk,
        "created_at": created_at,
        "updated_at": updated_at,
        "edited_at": edited_at,
        "source": source,
        "html": html,
        "user_id": user_id,
        "_links": {"self": f"/api/messages/{pk}", "user": f"/api/users/{user_id}"},
    }
