from typing import Any

from django.db import migrations

import chat.search

BATCH = 500  # messages in one transaction

# The index holds no copy of the words, so a deletion must give it those that it was filled with.
# A later migration that makes SQLite build chat_message anew must create the triggers again.
SQLITE = (
    """CREATE VIRTUAL TABLE message_words USING fts5
    (words, content='', columnsize=0, tokenize='ascii', prefix='2 3')""",
    """CREATE TRIGGER message_words_insert AFTER INSERT ON chat_message WHEN new.words IS NOT NULL
    BEGIN INSERT INTO message_words (rowid, words) VALUES (new.id, new.words); END""",
    """CREATE TRIGGER message_words_delete AFTER DELETE ON chat_message WHEN old.words IS NOT NULL
    BEGIN INSERT INTO message_words (message_words, rowid, words)
    VALUES ('delete', old.id, old.words); END""",
    """CREATE TRIGGER message_words_update AFTER UPDATE OF words ON chat_message BEGIN
    INSERT INTO message_words (message_words, rowid, words)
    SELECT 'delete', old.id, old.words WHERE old.words IS NOT NULL;
    INSERT INTO message_words (rowid, words)
    SELECT new.id, new.words WHERE new.words IS NOT NULL; END""",
)
POSTGRESQL = ("CREATE INDEX message_words ON chat_message USING gin (words)",)
REVERSE = {
    "sqlite": (
        *(f"DROP TRIGGER message_words_{event}" for event in ("insert", "delete", "update")),
        "DROP TABLE message_words",
    ),
    "postgresql": ("DROP INDEX message_words",),
}


def create_index(apps: Any, schema_editor: Any) -> None:
    """Create the index of the words, which is empty as long as the column is."""
    for sql in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor]:
        schema_editor.execute(sql)


def drop_index(apps: Any, schema_editor: Any) -> None:
    """Drop the index."""
    for sql in REVERSE[schema_editor.connection.vendor]:
        schema_editor.execute(sql)


def fill(apps: Any, schema_editor: Any) -> None:
    """Store the words of all messages, which also fills the index."""
    messages = apps.get_model("chat", "Message").objects.using(schema_editor.connection.alias)
    last = 0
    while batch := list(messages.filter(pk__gt=last).only("source").order_by("pk")[:BATCH]):
        for message in batch:
            message.words = chat.search.indexed(message.source)
        messages.bulk_update(batch, ["words"])
        last = batch[-1].pk


class Migration(migrations.Migration):
    atomic = False  # each batch has a transaction of its own, so that chat goes on

    dependencies = [("chat", "0009_time_of_queueing_again")]

    operations = [
        migrations.AddField("message", "words", chat.search.WordsField()),
        migrations.RunPython(create_index, drop_index, atomic=True),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
