from importlib import import_module
from typing import Any

from django.db import migrations

BATCH = 100  # messages; chat/models/messages.py reads the newest without the index

# FTS5 takes nearly as long for one message in a transaction as for many (comparison/BENCH.md has the
# figures). `indexed_messages` has the id up to which the index is filled. To move it fills the
# index, and the message that completes a batch moves it.
# A later migration that makes SQLite build chat_message anew must create the triggers again.
SQLITE = (
    "DROP TRIGGER message_words_insert",
    "DROP TRIGGER message_words_delete",
    "DROP TRIGGER message_words_update",
    "CREATE TABLE indexed_messages (last_id bigint NOT NULL)",
    "INSERT INTO indexed_messages SELECT coalesce(max(id), 0) FROM chat_message",
    """CREATE TRIGGER message_words_fill AFTER UPDATE ON indexed_messages BEGIN
    INSERT INTO message_words (rowid, words) SELECT id, words FROM chat_message
    WHERE id > old.last_id AND id <= new.last_id AND words IS NOT NULL ORDER BY id; END""",
    f"""CREATE TRIGGER message_words_insert AFTER INSERT ON chat_message
    WHEN new.id >= (SELECT last_id + {BATCH} FROM indexed_messages)
    BEGIN UPDATE indexed_messages SET last_id = new.id; END""",
    # A message whose id was used before, as by `loaddata`.
    """CREATE TRIGGER message_words_insert_old AFTER INSERT ON chat_message
    WHEN new.id <= (SELECT last_id FROM indexed_messages) AND new.words IS NOT NULL
    BEGIN INSERT INTO message_words (rowid, words) VALUES (new.id, new.words); END""",
    """CREATE TRIGGER message_words_delete AFTER DELETE ON chat_message
    WHEN old.id <= (SELECT last_id FROM indexed_messages) AND old.words IS NOT NULL
    BEGIN INSERT INTO message_words (message_words, rowid, words)
    VALUES ('delete', old.id, old.words); END""",
    """CREATE TRIGGER message_words_update AFTER UPDATE OF words ON chat_message
    WHEN old.id <= (SELECT last_id FROM indexed_messages) BEGIN
    INSERT INTO message_words (message_words, rowid, words)
    SELECT 'delete', old.id, old.words WHERE old.words IS NOT NULL;
    INSERT INTO message_words (rowid, words)
    SELECT new.id, new.words WHERE new.words IS NOT NULL; END""",
)
REVERSE = (
    "UPDATE indexed_messages SET last_id = max(last_id, "
    "(SELECT coalesce(max(id), 0) FROM chat_message))",
    "DROP TRIGGER message_words_insert",
    "DROP TRIGGER message_words_insert_old",
    "DROP TRIGGER message_words_delete",
    "DROP TRIGGER message_words_update",
    "DROP TABLE indexed_messages",
    *import_module("chat.migrations.0010_words_of_messages").SQLITE[1:],
)


def index_in_batches(apps: Any, schema_editor: Any) -> None:
    """Index the words of new messages in batches, in SQLite."""
    if schema_editor.connection.vendor == "sqlite":
        for sql in SQLITE:
            schema_editor.execute(sql)


def index_at_once(apps: Any, schema_editor: Any) -> None:
    """Index the words of the last batch, and of each new message when it is inserted."""
    if schema_editor.connection.vendor == "sqlite":
        for sql in REVERSE:
            schema_editor.execute(sql)


class Migration(migrations.Migration):
    dependencies = [("chat", "0011_characters_of_nicknames")]

    operations = [migrations.RunPython(index_in_batches, index_at_once)]
