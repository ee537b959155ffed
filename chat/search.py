"""Full-text search: the words of a text, and how each database stores and matches them.

Words are compared without case and without accents, and the last word of each part of a query
between spaces also matches longer words, a single letter only at the end of the query. Scripts that
put no spaces between words, such as Chinese, Japanese and Thai, are stored character by character,
so that a query finds any part of a sentence, but also a part that is no word. Characters other than
letters and digits are ignored.
"""

import re
import unicodedata
from collections import Counter
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from chat.content.characters import UNSPACED

MAX_QUERY = 200  # characters
MAX_WORD = 100  # characters; longer words are cut, in messages and in queries
MAX_WORDS = 10_000  # of a message; each character of a script without spaces is one
MAX_PLACES = 256  # of a word in a message, of which PostgreSQL keeps no more either
NO_WORD = "\ue000"  # stands at the other places: no query has it, as it is no letter
TABLE = "message_words"  # of SQLite
# Messages that are not in `TABLE` yet: SQLite indexes in batches of 100.
NOT_INDEXED = "chat_message.id > (SELECT last_id FROM indexed_messages)"
CONTAINS = "instr(' ' || chat_message.words || ' ', %s)"

# Accents, the points of Hebrew and Arabic, and the voicing marks of Kana.
MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\u3099\u309a\ufe20-\ufe2f]"
)
WORD = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+")
GAP = re.compile(r"(\W{30})\W+")  # UAX #15 allows as many marks in a row in a stream


def words(text: str) -> list[str]:
    """Return the words of a text in their order, as they are compared.

    Characters are decomposed one by one, and long gaps between words are cut, because `unicodedata`
    sorts a run of marks in quadratic time, and lets no other thread run meanwhile.
    """
    text = text.casefold()
    if not text.isascii():
        letters = MARKS.sub("", "".join([unicodedata.normalize("NFKD", each) for each in text]))
        text = unicodedata.normalize("NFC", GAP.sub(r"\1", letters)).casefold()
    return [word[:MAX_WORD] for word in WORD.findall(text)]


def indexed(text: str) -> list[str]:
    """Return the words of a message by which it is found, in their order.

    SQLite reads each place of each word of a query, so that a query of 200 words would read 10,000
    places for each of them, in each message that consists of one word.
    """
    found = words(text)[:MAX_WORDS]
    if len(found) <= MAX_PLACES:
        return found
    places = Counter[str]()
    kept = []
    for word in found:
        places[word] += 1
        kept.append(word if places[word] <= MAX_PLACES else NO_WORD)
    return kept


def phrases(query: str) -> list[list[str]]:
    """Return the words of a query, those that no space separates together.

    Raises ValidationError if the query is too long.
    """
    if len(query) > MAX_QUERY:
        error = f"A search has at most {MAX_QUERY} characters."
        raise ValidationError({"q": ValidationError(error, "max_length")})
    return [phrase for part in query.split() if (phrase := words(part))]


def with_prefixes(found: list[list[str]]) -> list[tuple[list[str], bool]]:
    """Return each phrase, and True if its last word also matches longer words.

    A single letter does so only at the end of a query. SQLite reads all words that begin with it:
    2 ms of CPU time with 10,000 messages, 10 with 100,000 (28 November 2026). A query of 100
    letters would do so 100 times.
    """
    return [(phrase, len(phrase[-1]) > 1 or phrase is found[-1]) for phrase in found]


def fts5(found: list[list[str]]) -> str:
    """Return a query for SQLite: https://www.sqlite.org/fts5.html#full_text_query_syntax."""
    return " AND ".join(
        f'"{" ".join(phrase)}"' + (" *" if is_prefix else "")
        for phrase, is_prefix in with_prefixes(found)
    )


def substrings(found: list[list[str]]) -> list[str]:
    """Return the parameters of `CONTAINS` that match what `fts5()` matches."""
    return [
        f" {' '.join(phrase)}" + ("" if is_prefix else " ")
        for phrase, is_prefix in with_prefixes(found)
    ]


def tsquery(found: list[list[str]]) -> str:
    """Return a query for PostgreSQL.

    https://www.postgresql.org/docs/current/datatype-textsearch.html#DATATYPE-TSQUERY
    """
    return " & ".join(
        " <-> ".join(f"'{word}'" for word in phrase) + (":*" if is_prefix else "")
        for phrase, is_prefix in with_prefixes(found)
    )


class WordsField(models.Field):
    """The words of `source`: a `tsvector` in PostgreSQL, text for the triggers of FTS5 in SQLite.

    It is null in rows that nodes of a version without this column inserted; these are not found.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "null": True, "editable": False})

    def db_type(self, connection: Any) -> str:
        """Return the type of the column."""
        return "tsvector" if connection.vendor == "postgresql" else "text"

    def pre_save(self, model_instance: Any, add: bool) -> list[str]:
        """Return the words of the source that is saved."""
        return indexed(model_instance.source)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Return the value as the database stores it."""
        if not isinstance(value, list):
            return value
        if connection.vendor == "postgresql":
            places = enumerate(value, 1)
            return " ".join(f"'{word}':{place}" for place, word in places if word != NO_WORD)
        return " ".join(value)
